"""Run folders as a table: what a row holds, and what becomes of folders that are damaged, foreign or old."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.report.tables.output import write_table
from ragx.runs.results import collect
from ragx.runs.row import SCHEMA
from ragx.runs.source_hash import modules_of

CONFIG = {
    "dataset": {"_target_": "ragx.data.generated_shop", "num_users": 400},
    "layer": {"_target_": "ragx.layers.LightConv", "edge_dropout": 0.0},
    "model": {"_target_": "ragx.models.RelevanceAwareGraph", "num_layers": 2},
    "evaluation": {"_target_": "ragx.evaluation.Protocol", "conventions": "lightgcn", "cold_users": "exclude"},
    "tracker": {"_target_": "somewhere.Tracker"},
}


def record_of(name: str, seed: int) -> dict[str, Any]:
    return {
        **{"name": name, "dataset": "shop", "identity": name, "cell": "c1", "source": "s1", "fingerprint": "f1"},
        **{"data": "d1", "refit": False, "seed": seed, "threads": 1, "features": False, "target_kind": None},
        **{"sweep": "smoke-shop", "config": CONFIG},
        "provenance": {"git": {"commit": "abc", "dirty": True}, "versions": {"torch": "2"}, "machine": {"threads": 1}},
    }


def metrics_of(value: float) -> dict[str, Any]:
    return {
        "monitor": "ndcg@20",
        "evaluation": CONFIG["evaluation"],
        "fit": {"epochs": 8, "best_epoch": 6, "best": {"ndcg@20": value}, "seconds": 2.5},
        "refit": {"seconds": 1.5},
        "baseline": {"most_popular": {"validation": {"ndcg@20": 0.1}}},
        "validation": {"ndcg@20": value},
        "test": {"ndcg@20": value / 2},
        "counts": {"validation": {"users": 7}, "test": {"users": 6}},
        **{"seconds": 5.0, "peak_memory_mb": 500},
        "split": {"name": "time", "fingerprint": "f1", "counts": {"train": 90, "validation": 10, "test": 11}},
    }


def write_run(runs: Path, name: str = "shop-Model-1", seed: int = 0, value: float = 0.2) -> Path:
    folder = runs / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record_of(name, seed)))
    (folder / "metrics.json").write_text(json.dumps(metrics_of(value)))
    pl.DataFrame({"user": [0, 1], "ndcg@20": [value, value]}).write_parquet(folder / "per_user_validation.parquet")
    return folder


def test_a_row_holds_identity_config_metrics_and_provenance(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    folder = write_run(runs, seed=3)
    (runs / "looks.jsonl").write_text('{"fingerprint": "f1"}\n{"fingerprint": "f2"}\n{"fingerprint": "f1"}\n')
    table, warnings = collect(runs)
    assert warnings == []
    (row,) = table.to_dicts()
    expected = {
        **{"name": "shop-Model-1", "folder": str(folder), "identity": "shop-Model-1", "cell": "c1", "seed": 3},
        **{"source": "s1", "fingerprint": "f1", "data": "d1", "sweep": "smoke-shop", "kept": False, "refit": False},
        **{"dataset": "shop", "split": "time", "monitor": "ndcg@20", "value": 0.2, "epochs": 8, "best_epoch": 6},
        **{"training_seconds": 4.0, "seconds": 5.0, "peak_memory_mb": 500, "looks": 2, "commit": "abc", "dirty": True},
        **{"rules": '{"cold_users": "exclude", "conventions": "lightgcn"}', "versions": '{"torch": "2"}'},
        **{"train_rows": 90, "validation_rows": 10, "test_rows": 11, "test_units": 6},
        **{"per_unit_validation": str(folder / "per_user_validation.parquet"), "per_unit_test": None},
        **{"option.model.num_layers": "2", "option.layer._target_": "ragx.layers.LightConv"},
        **{"validation/ndcg@20": 0.2, "test/ndcg@20": 0.1, "most_popular/validation/ndcg@20": 0.1},
    }
    assert {name: row[name] for name in expected} == expected


def test_the_table_goes_to_parquet_and_back(tmp_path: Path) -> None:
    for seed in (0, 1):
        write_run(tmp_path / "runs", f"run-{seed}", seed)
    table, _ = collect(tmp_path / "runs")
    write_table(table, tmp_path / "all.parquet")
    assert pl.read_parquet(tmp_path / "all.parquet").equals(table)
    assert table["seed"].to_list() == [0, 1]


def test_no_runs_give_a_table_with_the_columns_that_all_have(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        table, warnings = collect(folder)
        assert (table.height, warnings, dict(table.schema)) == (0, [], SCHEMA)


def test_modules_are_those_that_the_source_hash_is_about() -> None:
    nested = {"layer": {"conv": "torch_geometric.nn.GCNConv"}, "parts": [{"_target_": "own.Part"}]}
    assert modules_of(nested | {"tracker": {"_target_": "somewhere.Tracker"}}) == {"torch_geometric.nn", "own"}


def tree(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_damaged_foreign_and_old_folders_are_named_and_nothing_is_lost(tmp_path: Path) -> None:
    whole, cut, no_record, no_parquet, old = (write_run(tmp_path, f"run-{name}") for name in "abcde")
    for path in (cut / "metrics.json", no_record / "run.json"):
        path.write_text(path.read_text()[:100])
    parquet = no_parquet / "per_user_validation.parquet"
    parquet.write_bytes(parquet.read_bytes()[:60])
    record = record_of("shop-RelevanceAwareGraph-e", 0)
    for gone in ("dataset", "cell", "source", "data"):
        del record[gone]
    (old / "run.json").write_text(json.dumps(record))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    (tmp_path / "sweeps" / "smoke").mkdir(parents=True)
    before = tree(tmp_path)
    table, warnings = collect(tmp_path)
    assert tree(tmp_path) == before
    assert table["name"].to_list() == [whole.name, no_parquet.name, "shop-RelevanceAwareGraph-e"]
    assert table["per_unit_validation"].to_list()[1] is None
    assert (table["dataset"][2], table["cell"][2][:7], table["validation/ndcg@20"][2]) == ("shop", "config-", 0.2)
    expected = [
        f"{tmp_path / 'photos'}: no run of ragx (there is no run.json); passed over.",
        f"{cut}: cut off, or left by another version of ragx ({cut / 'metrics.json'}: expected a JSON file",
        f"{no_record}: cut off, or left by another version of ragx ({no_record / 'run.json'}: expected a JSON file",
        f"{parquet}: cut off, or no Parquet file (",
        f"{old}: left by another version of ragx, without cell in run.json, source in run.json, data in run.json, "
        "dataset in run.json; read as far as it goes.",
    ]
    assert len(warnings) == len(expected)
    assert all(warning.startswith(start) for warning, start in zip(warnings, expected, strict=True)), warnings


def test_seeds_of_an_old_configuration_still_belong_together(tmp_path: Path) -> None:
    for seed in (0, 1):
        folder = write_run(tmp_path, f"run-{seed}", seed)
        record = record_of(folder.name, seed)
        del record["cell"]
        (folder / "run.json").write_text(json.dumps(record))
    cells = collect(tmp_path).table["cell"].to_list()
    assert cells[0] == cells[1]


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("run.json", {"seed": "three"}, r"seed: expected int, got 'three'"),
        ("run.json", {"config": None}, r"there is no config in run\.json"),
        ("metrics.json", {"validation": {"ndcg@20": "high"}}, r"could not convert string to float: 'high'"),
        ("metrics.json", {"fit": [1]}, r"'list' object has no attribute 'get'"),
        ("metrics.json", {"peak_memory_mb": True}, r"peak_memory_mb: expected int, got True"),
    ],
)
def test_a_value_of_another_kind_passes_over_its_folder_alone(
    tmp_path: Path, file: str, change: dict[str, Any], reason: str
) -> None:
    write_run(tmp_path, "run-a")
    folder = write_run(tmp_path, "run-b")
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_text()) | change))
    table, (warning,) = collect(tmp_path)
    assert table["name"].to_list() == ["run-a"]
    assert (
        warning
        == f"{folder}: cut off, or left by another version of ragx ({reason.replace(chr(92), '')}); passed over."
    )


def test_what_is_not_finished_or_has_no_value_is_no_fault(tmp_path: Path) -> None:
    (write_run(tmp_path, "run-a") / "metrics.json").unlink()
    folder = write_run(tmp_path, "run-b")
    metrics = metrics_of(0.2)
    metrics["validation"]["recall@20"] = None
    (folder / "metrics.json").write_text(json.dumps(metrics))
    table, warnings = collect(tmp_path)
    assert (table["name"].to_list(), warnings) == (["run-b"], [])
    assert "validation/recall@20" not in table.columns


def test_what_newer_code_has_run_again_is_told_apart(tmp_path: Path) -> None:
    write_run(tmp_path, "run-a")
    write_run(tmp_path, "run-a.code-0123456789")
    assert collect(tmp_path).table["kept"].to_list() == [False, True]


ODD = {
    "a seed of 23 digits": "1" * 23,
    "5,000 digits": "9" * 5_000,
    "infinite": "1e999",
    "no number": "NaN",
    "half a character": '"\\ud800"',
    "deep": "[" * 100_000,
    "nested": '{"a":' * 400 + "1" + "}" * 400,
    **{text: text for text in ("[]", "{}", "null", "true", '"x"', "-1", '{"_target_": 7}')},
}


def paths_in(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [path, *(deeper for name, child in value.items() for deeper in paths_in(child, (*path, name)))]


def put(value: Any, path: tuple[str, ...], new: str) -> Any:
    return value | {path[0]: put(value[path[0]], path[1:], new)} if path else new


@settings(max_examples=100, deadline=None)
@given(data=st.data(), odd=st.sampled_from(sorted(ODD)), name=st.sampled_from(["run.json", "metrics.json"]))
def test_one_odd_folder_never_takes_the_others_down(data: st.DataObject, odd: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_run(Path(folder), "good", value=0.3)
        alone = collect(Path(folder)).table.to_dicts()[0]
        path = write_run(Path(folder), "odd", seed=1) / name
        value = json.loads(path.read_text())
        position = data.draw(st.sampled_from(paths_in(value)))
        path.write_text(json.dumps(put(value, position, "@")).replace('"@"', ODD[odd], 1))
        results = collect(Path(folder))
        (row,) = (row for row in results.table.to_dicts() if row["folder"].endswith("good"))
        assert {key: row[key] for key in alone} == alone
        warnings = [line for line in results.warnings if line.startswith(str(path.parent))]
        assert len(warnings) <= 1
        assert warnings or results.table.height == 2


@pytest.mark.parametrize("odd", ["binary", "a folder", "a loop", "text of another encoding", "empty"])
def test_a_file_that_is_none_of_json_is_one_warning(odd: str, tmp_path: Path) -> None:
    write_run(tmp_path, "good")
    path = write_run(tmp_path, "odd") / "run.json"
    path.unlink()
    if odd == "a folder":
        path.mkdir()
    elif odd == "a loop":
        path.symlink_to(path)
    else:
        path.write_bytes({"binary": bytes(range(256)), "empty": b""}.get(odd, '{"ö": 1}'.encode("latin-1")))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    results = collect(tmp_path)
    assert results.table["name"].to_list() == ["good"]
    assert len(results.warnings) == 1
