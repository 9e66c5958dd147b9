"""The data of a finished run, read again: equal contents load in any order, others are refused by name."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ragx.serving.run import load_run

OLD = Path(__file__).parents[1] / "data" / "run_of_0_1_0"
"""A run that version 0.1.0 left, of duplicates summed, a 3-core, attributes and leave-last-out with ties in time."""


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the folder of data and run of 0.1.0, in which data is looked for."""
    folder = tmp_path / "old"
    shutil.copytree(OLD, folder)
    monkeypatch.setenv("RAGX_DATA", str(folder))
    return folder


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{old} stands {text.count(old)} times in {file}"
    file.write_text(text.replace(old, new))


def _sort_rows(file: Path) -> None:
    head, *rows = file.read_text().splitlines()
    file.write_text("\n".join([head, *sorted(rows)]) + "\n")


def test_a_run_of_0_1_0_recommends_what_it_did(old: Path) -> None:
    then = pl.read_parquet(old / "run" / "recommendations.parquet")
    k = int(then["rank"].max())  # type: ignore[arg-type]
    now = load_run(old / "run").recommend(k=k)
    assert now.drop("score").rows() == then.drop("score").rows()
    assert now["score"].to_list() == pytest.approx(then["score"].to_list(), abs=1e-6)


def test_a_run_of_0_1_0_is_refused_once_its_files_are_others(old: Path) -> None:
    whole = (old / "orders.csv").read_text(), (old / "products.csv").read_text()
    first = whole[0].splitlines()[1]

    def restore() -> None:
        (old / "orders.csv").write_text(whole[0])
        (old / "products.csv").write_text(whole[1])

    message = r"a run of version 0\.1\.0.*expected contents 6f8da1ec010e and split 901402a74c98.*Restore the files"
    product = whole[1].splitlines()[1]
    changes: tuple[Callable[[], None], ...] = (
        lambda: _sort_rows(old / "orders.csv"),
        lambda: _edit(old / "orders.csv", first, f"{first}5"),
        lambda: _edit(old / "products.csv", product, f"{product}x"),
    )
    for change in changes:
        change()
        with pytest.raises(ValueError, match=message):
            load_run(old / "run")
        restore()
    load_run(old / "run")  # the remedy works
