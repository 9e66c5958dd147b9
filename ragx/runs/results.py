"""All runs in a folder as one tidy table, made of run folders alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ragx.notebook import html_table, one_line
from ragx.runs.files import read_json, read_record
from ragx.runs.layout import METRICS, has_record, has_results
from ragx.runs.looks import Looks, Readings, test_mark
from ragx.runs.row import SCHEMA, Row, row_of

SHOWN = ("name", "dataset", "split", "seed")  # in a notebook, before the values on validation
TEXTS = ("option.", "per_unit_")  # what columns begin with that hold texts, beside those that every table has
NOT_RUNS = ("sweeps", "searches", "tables", "reproduced")
ODD = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError),
    pl.exceptions.PolarsError,
)
"""What reading one odd run folder can end in; it must not keep the others from being read."""


class Results(NamedTuple):
    """The results of all runs.

    Args:
        table: one row for each finished run, see :func:`collect`.
        warnings: a line for each folder or file that could not be read as it should, and why.
    """

    table: pl.DataFrame
    warnings: list[str]

    def __repr__(self) -> str:
        return one_line(self, runs=self.table.height, warnings=len(self.warnings))

    def _repr_html_(self) -> str:
        values = [name for name in self.table.columns if name.startswith("validation/")]
        shown = self.table.select(*SHOWN, *values)
        return html_table(f"{self.table.height:,} runs", shown.columns, shown.rows())


def collect(runs: Path) -> Results:
    """Return the finished runs in a folder, and what could not be read as it should.

    A row holds ``name``, ``folder``, ``identity``, ``cell`` (the identity without the seed), ``seed``, ``threads``,
    ``source`` (hash of the code), ``modules`` (those the hash is about, as JSON), ``kept`` (whether newer code has run
    it again since), ``dataset``, ``split``, ``fingerprint``, ``published_fingerprint``, ``before_split`` (rules by
    which test had a say in train), ``data``, ``sweep``, ``target_kind``, ``refit``, ``features``, ``task`` (the
    question, as JSON), ``rules`` (the conventions of rankings, as JSON, or null), ``metrics`` (what the run recorded of
    its metrics, as JSON), ``monitor`` and ``value`` (what chose the epoch), ``epochs``, ``best_epoch``,
    ``training_seconds``, ``seconds``, ``peak_memory_mb``, ``looks``, ``reproductions``, ``audits``, ``commit``,
    ``dirty``, ``versions`` and ``machine`` (JSON), ``train_rows``, ``test_rows`` and ``validation_rows``, ``unit``
    (what values are of: user, customer), ``validation_units``, ``test_units`` and the like (how many),
    ``per_unit_validation`` and ``per_unit_test`` (files of their values, or null), the same of every baseline as
    ``per_unit_most_popular_test``, a column ``option.…`` for every option of every part, as text, and the metrics as
    ``validation/recall@20``, ``test/mae`` and ``most_popular/test/recall@20``.

    A folder that is no run is passed over, and so is one whose files are cut off; one that another version left is read
    as far as it goes. A warning names each. Nothing is changed or deleted.

    Args:
        runs: folder that run folders lie in.
    """
    rows, warnings = [], []
    readings = Looks(runs).by_test_part()
    for folder in sorted(path for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else []:
        if folder.name in NOT_RUNS:
            continue
        try:
            if not has_record(folder):
                warnings.append(f"{folder}: no run of ragx (there is no run.json); passed over.")
                continue
            record = read_record(folder)
            if has_results(folder):  # one that is not finished is no fault
                row, remarks = row_of(folder, record, read_json(folder / METRICS))
                row |= readings.get(test_mark(row), Readings())._asdict()
                table_of([row])
                rows.append(row)
                warnings += remarks
        except ODD as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            warnings.append(f"{folder}: cut off, or left by another version of ragx ({reason}); passed over.")
    return Results(table_of(rows), warnings)


def table_of(rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows as a table; a number that no column takes raises."""
    more = {name: pl.String if name.startswith(TEXTS) else pl.Float64 for row in rows for name in row}
    return pl.DataFrame(rows, schema=SCHEMA | more | SCHEMA)
