"""The benchmark of closed forms: labels, records that are taken up, and the picture."""

import json
from pathlib import Path

import pytest
from bench_models import ROWS, read_records, show
from bench_models_picture import draw, spread

RECORD = {"row": "ItemKNN", "dataset": "gowalla", "fit_seconds": 3.0, "recall@20": 0.157, "ndcg@20": 0.121}


def test_labels_keep_apart_in_their_order() -> None:
    assert spread([1.0, 3.0, 1.1, 1.0], 0.5) == pytest.approx([1.0, 3.0, 2.0, 1.5])


def test_records_are_the_latest_of_the_dataset_and_what_was_cut_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "models.jsonl"
    assert read_records(file, "gowalla") == {}
    lines = [{**RECORD, "fit_seconds": 9.0}, RECORD, {**RECORD, "row": "EASE", "dataset": "yelp2018"}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"row": "EASE", "data')
    assert read_records(file, "gowalla") == {"ItemKNN": RECORD}
    assert "0.1570 / 0.1210      3.0 s fit" in show({**RECORD, "peak_mb": 900})


def test_every_row_is_made_and_drawn(tmp_path: Path) -> None:
    for make in ROWS.values():
        make()
    draw([{**RECORD, "row": name} for name in ROWS], tmp_path / "folder" / "models.png")
    assert (tmp_path / "folder" / "models.png").stat().st_size > 10_000
