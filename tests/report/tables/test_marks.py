"""Marks of significance by hand: paired t-tests over users, Holm over the table, and what cannot be tested."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from ragx.report.tables.cells import Cell, Column, TableRow, add_gains, cell_of
from ragx.report.tables.marks import add_p_values, mark_of
from ragx.report.tables.rows import Name
from ragx.runs.sweeps.spread import Spread

NDCG = Column("shop", "ndcg@20")
BASE = np.array([0.2, 0.3, 0.1, 0.4, 0.2])
TENTH, LAST = np.full(5, 0.1), np.array([0, 0, 0, 0, 1.0])
RULES = '{"cold_users": "exclude", "conventions": "lightgcn"}'


def row(folder: Path, label: str, values: Any, *, stored: float | None = None, side: str = "") -> TableRow:
    file = folder / f"{label}.parquet"
    users = range(len(values))
    pl.DataFrame({"user": users, "id": users, "ndcg@20": values}).write_parquet(file)
    prefix = f"{side}/" if side else ""
    run = {
        **{"folder": label, "seed": 0, "fingerprint": "f1", "rules": RULES},
        f"per_unit_{side}_test" if side else "per_unit_test": str(file),
        f"{prefix}test/ndcg@20": float(np.mean(values)) if stored is None else stored,
    }
    table_row = TableRow((Name("", label),), "most_popular" if side else "measured", {"shop": [run]})
    table_row.cells[NDCG] = cell_of([run], f"{prefix}test/ndcg@20") or Cell(Spread(0, 0, 0))
    return table_row


def held_against(base: TableRow, *rows: TableRow) -> tuple[list[float | None], list[str], list[str]]:
    """Return p-values, marks and warnings."""
    every = [base, *rows]
    add_gains(every, base, NDCG)
    warnings, _ = add_p_values(every, base, [NDCG], "test")
    cells = [table_row.cells[NDCG] for table_row in rows]
    return [cell.p_value for cell in cells], [mark_of(cell) for cell in cells], warnings


def test_p_values_and_marks_by_hand(tmp_path: Path) -> None:
    base = row(tmp_path, "MostPop", BASE, side="most_popular")
    clear = row(tmp_path, "clear", BASE + TENTH + 0.02 * LAST)  # t = 0.104 / 0.004 = 26 with 4 degrees: p = 1.3e-5
    some = row(tmp_path, "some", BASE + TENTH + 0.1 * LAST)  # t = 0.12 / 0.02 = 6: p = 0.00388
    worse = row(tmp_path, "worse", BASE - 0.01 * np.arange(1, 6))  # t = −3√2: p = 0.01324
    none = row(tmp_path, "none", BASE + np.array([0.1, -0.1, 0.1, -0.1, 0.01]))
    p_values, marks, warnings = held_against(base, clear, some, worse, none)
    expected = [4 * 1.3e-5, 3 * 0.00388, 2 * 0.01324]  # Holm: the least of four times 4, the next times 3 and 2
    assert p_values[:3] == [pytest.approx(value, rel=0.02) for value in expected]
    assert p_values[3] is not None and p_values[3] > 0.9
    assert (marks, warnings) == (["**", "*", "↓", ""], [])


@pytest.mark.parametrize(
    ("gain", "p_value", "mark"),
    [
        (0.1, 0.0099, "**"),
        (0.1, 0.01, "*"),
        (0.1, 0.05, ""),
        (-0.1, 0.0099, "↓↓"),
        (-0.1, 0.049, "↓"),
        (None, 0.001, ""),
    ],
)
def test_levels(gain: float | None, p_value: float | None, mark: str) -> None:
    assert mark_of(Cell(Spread(0.1, 0.0, 2), gain=gain, p_value=p_value)) == mark


def test_what_cannot_be_tested_is_warned_of_and_the_others_are(tmp_path: Path) -> None:
    base = row(tmp_path, "MostPop", BASE, side="most_popular")
    good, gone, cut, stale = (
        row(tmp_path, name, BASE + 0.1 * np.arange(1, 6)) for name in ("good", "gone", "cut", "stale")
    )
    gone.runs = {"shop": [dict(gone.runs["shop"][0]) | {"per_unit_test": None}]}
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "cut.parquet").read_bytes()[:40])
    stale.runs = {"shop": [dict(stale.runs["shop"][0]) | {"test/ndcg@20": 0.9}]}
    p_values, _, warnings = held_against(base, good, gone, cut, stale)
    assert p_values == [pytest.approx(0.01324, rel=0.01), None, None, None]
    assert warnings[0] == "row gone: not tested in ndcg@20 on shop (gone has no per-user values)."
    assert warnings[1].startswith("row cut: not tested in ndcg@20 on shop (")
    assert warnings[2].endswith("stale.parquet has the mean 0.540000, the stored value is 0.900000).")


def test_other_users_are_not_compared(tmp_path: Path) -> None:
    base = row(tmp_path, "MostPop", BASE, side="most_popular")
    p_values, marks, (warning,) = held_against(base, row(tmp_path, "short", BASE[:4] + 0.1))
    assert (p_values, marks) == ([None], [""])
    assert warning.startswith("ndcg@20 on shop: nothing was tested (expected two runs over the same users")


def test_users_are_not_paired_by_their_place(tmp_path: Path) -> None:
    base, other = row(tmp_path, "base", BASE), row(tmp_path, "A", BASE + TENTH + 0.1 * LAST)
    table = pl.read_parquet(tmp_path / "A.parquet")
    table[::-1].with_columns(user=table["user"]).write_parquet(tmp_path / "A.parquet")
    assert held_against(base, other)[0] == [pytest.approx(0.00388, rel=0.01)]  # as in their order
    without = row(tmp_path, "A", BASE + TENTH + 0.1 * LAST)
    table.drop("id").write_parquet(tmp_path / "A.parquet")
    p_values, _, (warning,) = held_against(base, without)
    assert p_values == [None]
    assert "A.parquet has no outside ids, by which alone users of two files are paired" in warning


def test_a_table_without_files_of_its_baseline_has_no_marks(tmp_path: Path) -> None:
    base = row(tmp_path, "base", BASE)
    base.runs = {"shop": [dict(base.runs["shop"][0]) | {"per_unit_test": None}]}
    p_values, _, warnings = held_against(base, row(tmp_path, "A", BASE + 0.1))
    assert p_values == [None]
    assert warnings == ["row base: not tested in ndcg@20 on shop (base has no per-user values)."]


def test_the_correction_is_over_the_whole_table(tmp_path: Path) -> None:
    """Two columns of the same values are four comparisons, so that Holm multiplies by four where it did by two."""
    base = row(tmp_path, "MostPop", BASE, side="most_popular")
    some, worse = (
        row(tmp_path, "some", BASE + TENTH + 0.1 * LAST),
        row(tmp_path, "worse", BASE - 0.01 * np.arange(1, 6)),
    )
    (alone, _), _, _ = held_against(base, some, worse)
    repeated = Column("shop again", "ndcg@20")
    every = [base, some, worse]
    for table_row in every:
        table_row.runs = {**table_row.runs, "shop again": table_row.runs["shop"]}
        table_row.cells[repeated] = table_row.cells[NDCG]
    warnings, notes = add_p_values(every, base, [NDCG, repeated], "test")
    assert alone == pytest.approx(2 * 0.00388, rel=0.01)
    for column in (NDCG, repeated):
        assert some.cells[column].p_value == pytest.approx(4 * 0.00388, rel=0.01)
        assert worse.cells[column].p_value == pytest.approx(2 * 0.01324, rel=0.01)
    assert warnings == []
    assert "after Holm over the 4 comparisons shown" in notes[0]
    assert notes[1:] == [
        "A single seed may be a lucky one, and no p over seeds says so: some, worse.",
        "few: fewer than 50 users differ, so that intervals and p-values are rough: some, worse.",
    ]


def seeded(folder: Path, label: str, seeds: int) -> TableRow:
    """Return a row of trainings of equal models, whose luck all users of a seed share."""
    rows = []
    for seed in range(seeds):
        rng = np.random.default_rng([seed, *label.encode()])
        values = np.tile(BASE, 20) + rng.normal(0, 0.01) + rng.normal(0, 0.01, 100)
        rows.append(row(folder, f"{label}{seed}", values))
    runs = [{**single.runs["shop"][0], "seed": seed} for seed, single in enumerate(rows)]
    combined = TableRow((Name("", label),), "measured", {"shop": runs})
    combined.cells[NDCG] = cell_of(runs, "test/ndcg@20") or Cell(Spread(0, 0, 0))
    return combined


def test_a_single_training_is_one_more_draw_and_the_most_popular_items_are_none(tmp_path: Path) -> None:
    """The row's five seeds are held against one value twice: once of a training, once of a closed form."""
    several = seeded(tmp_path, "five", 5)
    single = seeded(tmp_path, "one", 1)
    values = pl.read_parquet(single.runs["shop"][0]["per_unit_test"])["ndcg@20"].to_numpy()
    popular = row(tmp_path, "MostPop", values, side="most_popular")
    means = [float(run["test/ndcg@20"]) for run in several.runs["shop"]]
    for base, p_seeds in (
        (single, stats.ttest_ind(means, [values.mean()]).pvalue),
        (popular, stats.ttest_1samp(means, values.mean()).pvalue),
    ):
        (p_value,), _, _ = held_against(base, several)
        assert p_value is not None
        assert p_value >= p_seeds * (1 - 1e-9)
    assert held_against(single, several)[0][0] > held_against(popular, several)[0][0]  # type: ignore[operator]
