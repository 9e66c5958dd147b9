"""What a run leaves in its folder is what the list of its files names."""

from pathlib import Path

from ragx.runs.files import read_json
from ragx.runs.layout import CURVE_PLOT, GUARD, LOG, METRICS, RECORD, SCHEMA, TODAY, TRAIN, WEIGHTS
from ragx.runs.task import MODEL, baselines_of, per_unit_file
from ragx.training.layout import BEST, CURVE, LAST


def test_a_finished_run_holds_what_the_list_names_and_tables(trained_folder: Path) -> None:
    names = {path.name for path in trained_folder.iterdir()}
    tables = {name for name in names if name.endswith(".parquet")}
    assert names - tables - {GUARD} == {RECORD, METRICS, WEIGHTS, TRAIN, CURVE_PLOT, LOG}
    measured = (MODEL, *baselines_of(read_json(trained_folder / METRICS)))
    assert tables == {"recommendations.parquet", *(per_unit_file("user", name, "validation") for name in measured)}
    assert {path.name for path in (trained_folder / TRAIN).iterdir()} == {LAST, BEST, CURVE}
    records = {name: read_json(trained_folder / name) for name in TODAY}
    assert all(records[name].keys() >= {*keys} for name, keys in TODAY.items())
    assert records[RECORD]["schema"] == SCHEMA
