"""The comparison of finished runs: planted cases, runs of the job itself, and what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ragx.runner.command_line import plain_command
from ragx.runner.commands.compare import HELP, compare_runs
from ragx.runs.files import write_json
from ragx.training.trackers import JsonLines

USERS, METRIC = 300, "ndcg@20"
BASE = np.random.default_rng(0).uniform(0, 0.4, USERS)
EVALUATION = {"_target_": "ragx.evaluation.Protocol", "conventions": "lightgcn", "cold_users": "exclude"}
Compare = Callable[..., tuple[int, str]]


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Compare:
    """Return the command, which gives its exit status and what it said."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["compare.py", *arguments])
        status = plain_command(compare_runs, HELP)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.err if status else captured.out

    return run


def planted(runs: Path, model: str, seed: int, gain: float, *, ids: list[str] | None = None, **more: Any) -> Path:
    """Write what a run leaves whose users gain so much over the base, and luck that all users of a seed share."""
    folder, rng = runs / f"shop-{model}-{seed}", np.random.default_rng([seed, *model.encode()])
    values = BASE + gain + rng.normal(0, 0.001) + rng.normal(0, 0.02, USERS)
    table = pl.DataFrame({"user": np.arange(USERS), METRIC: values})
    if ids is not None:
        table = table.with_columns(id=pl.Series(ids)).sort("id")
    record = {
        "name": folder.name, "identity": folder.name, "cell": f"cell-{model}", "seed": seed, "fingerprint": "abc",
        "data": "data", "refit": False, "source": "code",
        "config": {"model": {"_target_": f"some.{model}", "width": len(model)}, "evaluation": EVALUATION},
    }  # fmt: skip
    metrics = {
        "validation": {},
        "baseline": {"most_popular": {}},
        "fit": {},
        "split": {"fingerprint": "abc"},
        "evaluation": EVALUATION,
    }
    folder.mkdir(parents=True)
    for part in ("validation", "test"):
        table.write_parquet(folder / f"per_user_{part}.parquet")
        table.with_columns(pl.Series(METRIC, BASE)).write_parquet(folder / f"per_user_most_popular_{part}.parquet")
    write_json(folder / "run.json", record | more)
    write_json(folder / "metrics.json", metrics)
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder with five seeds of a base, of a better, of a worse and of a hardly other model."""
    for model, gain in (("base", 0.0), ("better", 0.02), ("worse", -0.02), ("other", 0.0)):
        for seed in range(5):
            planted(tmp_path, model, seed, gain)
    return tmp_path


def test_planted_differences_are_found_in_their_direction(runs: Path, compare: Compare, tmp_path: Path) -> None:
    JsonLines.append(runs / "looks.jsonl", {"fingerprint": "abc", "identity": "some", "reason": "a test"})
    output = tmp_path / "table.csv"
    status, out = compare(f"runs={runs}", "baseline=shop-base", f"output={output}")
    assert status == 0
    assert "better: better by" in out
    assert "worse: worse by" in out
    assert out.count("after Holm over 3 comparisons; 5 seeds.") == 3
    assert "A finding stands on the largest, after Holm over the 3 comparisons shown" in out
    assert "Split abc, 300 of 300 users paired. Conventions: recall_denominator=relevant, " in out
    assert "cold_users=exclude." in out
    assert "The test part of split abc has had 1 look." in out
    assert "better: model=better, model.width=6." in out
    assert "single seed" not in out
    table = pl.read_csv(output)
    assert table["run"].to_list() == ["better", "other", "worse"]
    by_name = {row["run"].split()[0]: row for row in table.to_dicts()}
    assert by_name["better"]["difference"] == pytest.approx(0.02, abs=0.003)
    assert by_name["worse"]["difference"] == pytest.approx(-0.02, abs=0.003)
    assert by_name["better"]["p_adjusted"] < 0.001 > by_name["worse"]["p_adjusted"]
    assert by_name["other"]["p_adjusted"] > 0.05
    for row in table.to_dicts():
        assert row["p_adjusted"] >= max(row["p_users"], row["p_seeds"], row["p_both"])
        assert (row["seed_test"], row["family"], row["few"]) == ("paired", 3, False)


def test_swapping_the_two_turns_the_sign(runs: Path, compare: Compare, tmp_path: Path) -> None:
    rows = []
    for baseline in ("base", "better"):
        listed = ",".join(str(runs / f"shop-{model}-{seed}") for model in ("base", "better") for seed in range(5))
        output = tmp_path / f"{baseline}.csv"
        assert compare(f"runs=[{listed}]", f"baseline={runs}/shop-{baseline}-", f"output={output}")[0] == 0
        rows.append(pl.read_csv(output).to_dicts()[0])
    assert rows[0]["difference"] == pytest.approx(-rows[1]["difference"])
    assert rows[0]["p_adjusted"] == pytest.approx(rows[1]["p_adjusted"])


def test_the_most_popular_items_are_a_baseline(runs: Path, compare: Compare) -> None:
    one = f"runs=[{runs}/shop-better-0]"
    status, out = compare(one, "baseline=most_popular", "part=validation")
    assert status == 0
    assert "against most_popular" in out
    assert "better: better by" in out
    assert "look" not in out
    assert "A single seed may be a lucky one, and no p over seeds says so: better." in out
    assert "1 seed; no p over seeds, as a single training does not tell its luck." in out
    for model, refit in (("refitted", True), ("plain", False)):
        planted(runs, model, 0, 0.0, refit=refit)
    status, message = compare(f"runs=[{runs}/shop-refitted,{runs}/shop-plain]", "baseline=most_popular")
    assert (status, "is not one baseline for all; compare them apart" in message) == (2, True)


def test_what_a_single_seed_stands_for_depends_on_whether_it_is_trained(runs: Path, compare: Compare) -> None:
    """One more draw where it is a training, all there is to know where it is the most popular items."""
    better = f"runs=[{','.join(str(runs / f'shop-better-{seed}') for seed in range(5))}]"
    status, out = compare(better, f"baseline={runs}/shop-base-0")
    assert status == 0
    assert "5 seeds against 1; the single training is taken to vary as the others do." in out
    assert "taken to vary as the others do: better." in out
    status, out = compare(better, "baseline=most_popular")
    assert "5 seeds against 1; the single one is made without draws." in out
    assert "A single" not in out


def test_few_users_are_said_to_be_few(tmp_path: Path, compare: Compare) -> None:
    for model in ("base", "better"):
        file = planted(tmp_path, model, 0, 0.02 * (model == "better")) / "per_user_test.parquet"
        pl.read_parquet(file).with_columns(pl.when(pl.col("user") < 40).then(METRIC).otherwise(0.0)).write_parquet(file)
    status, out = compare(f"runs={tmp_path}", "baseline=shop-base")
    assert status == 0
    assert re.search(r"[+-]0\.\d+ to \+0\.\d+ few", out)
    assert "(few users differ), p " in out
    assert "few: fewer than 50 users differ, so that intervals and p-values are rough: better." in out


def test_a_baseline_joins_the_runs(runs: Path, compare: Compare) -> None:
    status, out = compare(f"runs=[{runs}/shop-better-0]", f"baseline={runs}/shop-base-3")
    assert status == 0
    assert "better: better by" in out


def test_users_are_paired_by_outside_id_whatever_the_order_of_the_file(tmp_path: Path, compare: Compare) -> None:
    ids = [f"u{number}" for number in np.random.default_rng(1).permutation(USERS)]
    planted(tmp_path, "base", 0, 0.0, ids=ids)
    planted(tmp_path, "better", 0, 0.02, ids=ids, data="another order")
    shuffled = tmp_path / "shop-better-0" / "per_user_test.parquet"
    pl.read_parquet(shuffled).sample(fraction=1, shuffle=True, seed=0).with_columns(
        user=pl.Series(np.arange(USERS))
    ).write_parquet(shuffled)
    status, out = compare(f"runs={tmp_path}", "baseline=shop-base")
    assert status == 0
    assert "better by" in out
    assert "p < .001" in out
    planted(tmp_path / "rows", "rowwise", 0, 0.0)
    status, output = compare(f"runs=[{tmp_path}/shop-better,{tmp_path}/rows/shop-rowwise]", "baseline=shop-better")
    assert status == 2
    assert "without outside ids are paired by row" in output


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"fingerprint": "def"}, "Runs on different splits cannot be compared: .*base-0 is on abc, .*foreign-0 on def"),
        ({"cell": "cell-base", "config": {"model": {"_target_": "some.base"}}}, "are two runs of one .* with seed 0"),
    ],
)
def test_runs_that_are_not_comparable_are_refused(
    more: dict[str, Any], message: str, tmp_path: Path, compare: Compare
) -> None:
    for model, own in (("base", {}), ("foreign", more)):
        planted(tmp_path, model, 0, 0.0, **own)
    status, output = compare(f"runs={tmp_path}", f"baseline={tmp_path}/shop-base")
    assert status == 2
    assert re.search(message, output)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cold_users": "model"}, "have cold_users=exclude and cold_users=model."),
        (
            {"conventions": "trec"},
            "have average_precision_denominator=min_k and average_precision_denominator=relevant.",
        ),
        ({"sampled": 100}, "its protocol cannot be read (evaluation.sampled: unknown option"),
    ],
)
def test_other_rules_are_refused(change: dict[str, Any], message: str, tmp_path: Path, compare: Compare) -> None:
    planted(tmp_path, "base", 0, 0.0)
    file = planted(tmp_path, "foreign", 0, 0.0) / "metrics.json"
    write_json(file, json.loads(file.read_text()) | {"evaluation": EVALUATION | change})
    status, output = compare(f"runs={tmp_path}", "baseline=shop-base")
    assert (status, message in output) == (2, True), output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["runs=[RUNS/shop-base-0]", "baseline=RUNS/shop-base-0"],
            "expected another configuration beside the baseline",
        ),
        (
            ["runs=RUNS", "baseline=RUNS/gone"],
            "expected a finished run, or the beginning of its name or identity; found none",
        ),
        (["runs=RUNS"], "baseline: a value is required; write baseline=…"),
        (["runs=RUNS", "baseline=shop-base", "metric=NDCG@20"], "expected ndcg@20, got 'NDCG@20'; names are in"),
        (["runs=RUNS", "baseline=shop-base", "part=train"], "part: expected one of validation, test; got 'train'"),
        (["runs=RUNS", "baseline=shop-base", "basline=x"], "Did you mean 'baseline'?"),
        (["runs=RUNS", "baseline=shop-base", "output=x.xlsx"], "output: expected a file ending in"),
        (["runs=[RUNS/shop]", "baseline=shop-base"], "20 finished runs begin so"),
        (
            ["runs=RUNS/empty", "baseline=shop-base"],
            "expected a finished run, or a folder of finished runs; found none",
        ),
    ],
)
def test_mistakes_become_one_line(arguments: list[str], message: str, runs: Path, compare: Compare) -> None:
    (runs / "empty").mkdir()
    status, output = compare(*(argument.replace("RUNS", str(runs)) for argument in arguments))
    assert (status, message in output, output.strip().count("\n")) == (2, True, 0), output


def test_missing_and_damaged_values_are_named(runs: Path, compare: Compare) -> None:
    (runs / "shop-better-0" / "per_user_test.parquet").unlink()
    status, text = compare(f"runs={runs}", "baseline=shop-base")
    assert status == 2
    assert "shop-better-0: there are no per-user values in per_user_test.parquet; it did not open the test part" in text
    (runs / "shop-better-0" / "per_user_test.parquet").write_bytes(b"PAR1")
    status, text = compare(f"runs={runs}", "baseline=shop-base")
    assert (status, "cut off, or no Parquet file" in text) == (2, True)


def test_help_is_printed(compare: Compare) -> None:
    assert "baseline=a" in compare()[1]
