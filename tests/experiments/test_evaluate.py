"""A finished run evaluated once more: equal under its own protocol, other under another, and nothing of it changed."""

import json
from pathlib import Path
from typing import Any

import pytest

import ragx
from ragx.runner.commands.evaluate import evaluate_run
from ragx.runs.looks import Looks, Readings

TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "tracker=none", "trainer.max_epochs=1")


@pytest.fixture
def run(command: Any, tmp_path: Path) -> Path:
    """Return the folder of a tiny run that stayed on validation."""
    return made(command, tmp_path / "runs")


def made(command: Any, runs: Path, *options: str) -> Path:
    ended = command("run", *TINY, "model.hidden_dim=8", *options, f"runs={runs}")
    assert ended.status == 0, ended.err
    (folder,) = (path.parent for path in runs.glob("*/metrics.json"))
    return folder


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def evaluated(folder: Path, *options: str) -> dict[str, Any]:
    output = folder.parent.parent / "found.json"
    evaluate_run([f"run={folder}", f"output={output}", *options])
    result: dict[str, Any] = json.loads(output.read_text())
    return result


def test_one_call_in_python_gives_the_values_of_a_run(run: Path) -> None:
    metrics, loaded = json.loads((run / "metrics.json").read_text()), ragx.load_run(run)
    result = ragx.evaluate(loaded)
    assert result.values == {name: metrics["validation"][name] for name in ("recall@20", "ndcg@20")}
    assert repr(loaded) == f"Run('{run.name}', dataset=shop, model=RelevanceAwareGraph)"
    with pytest.raises(ValueError, match="data: expected none beside a run"):
        ragx.evaluate(loaded, loaded.split)


def test_a_run_is_evaluated_otherwise_and_left_as_it_is(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, metrics = files_of(run.parent), json.loads((run / "metrics.json").read_text())
    same = evaluated(run)
    for name in ("validation", "baseline", "best_achievable", "intervals", "counts", "tie_rate"):
        assert same[name] == metrics[name], name
    other = evaluated(run, "metrics=[recall,coverage]", "cutoffs=[5,20]", "groups=[activity]", "conventions=trec")
    assert list(other["validation"]) == ["recall@5", "recall@20", "coverage@5", "coverage@20"]
    assert other["validation"]["recall@20"] == metrics["validation"]["recall@20"]
    assert other["evaluation"]["conventions"] == "trec"
    as_of_a_run = ["metrics=[recall,coverage]", "cutoffs=[5,20]", "groups=[activity]"]
    assert evaluated(run, *(f"evaluation.{option}" for option in as_of_a_run), "evaluation=trec") == other
    assert other["groups"]["validation"]["activity"]["recall@20"]["mean"]
    out = capsys.readouterr().out
    assert "by activity" in out and "activity: tenths of the users, 0 those with the fewest items." in out
    assert f"{run.name}, validation" in out
    assert all(name in out for name in other["validation"])
    assert f"{other['validation']['coverage@5']:.4f}" in out
    assert "users make the validation values" in out
    assert files_of(run.parent) == before
    assert not (run.parent / "looks.jsonl").exists()


def test_test_is_opened_on_request_counted_and_equal_to_a_final_run(
    run: Path, command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = json.loads(
        (made(command, tmp_path / "deeper" / "runs", "evaluation.final=true") / "metrics.json").read_text()
    )
    asked = evaluated(run, "part=test")
    for name in ("values", "intervals", "counts"):
        assert asked.get(name, {}).get("test") == opened.get(name, {}).get("test")
    assert asked["test"] == opened["test"]
    assert asked["baseline"]["most_popular"]["test"] == opened["baseline"]["most_popular"]["test"]
    assert "validation" not in asked
    assert Looks(run.parent).by_test_part()[asked["fingerprint"]] == Readings(looks=1)
    assert f"The test part of split {asked['fingerprint']} has had 1 look." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("part=train",), "part: expected .*validation.*got 'train'"),
        (("metrics=[recal]", "part=test"), "recal"),
        (("groups=[colour]", "part=test"), "groups: .*colour"),
        (("output=found.csv",), r"output: expected a file ending in \.json, got 'found\.csv'"),
        (("cutoffs=[ten]",), "cutoffs: expected a whole number of at least 1, got 'ten'"),
    ],
)
def test_a_mistake_opens_nothing(options: tuple[str, ...], message: str, trained_folder: Path) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_run([f"run={trained_folder}", *options])
    assert not (trained_folder.parent / "looks.jsonl").exists()


def test_a_model_that_gives_other_values_here_is_told_on_validation_and_kept_from_test(
    command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(command, tmp_path / "runs")
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["validation"]["ndcg@20"] += 1e-9  # as another processor may round
    (folder / "metrics.json").write_text(json.dumps(metrics))
    evaluate_run([f"run={folder}", "metrics=[ndcg]"])
    assert "the stored model has ndcg@20" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"the stored model has ndcg@20 .* the test part stays sealed"):
        evaluate_run([f"run={folder}", "part=test"])


def test_what_learned_validation_is_not_measured_on_it(command: Any, tmp_path: Path) -> None:
    folder = made(command, tmp_path / "runs", "trainer.refit=true")
    with pytest.raises(ValueError, match=r"it has learned the validation part.*part=test evaluates it on test"):
        evaluate_run([f"run={folder}"])
    with pytest.raises(ValueError, match=r"it has learned the validation part; the values from before stand in its"):
        ragx.evaluate(ragx.load_run(folder))
    assert evaluated(folder, "part=test")["test"]  # the remedy
