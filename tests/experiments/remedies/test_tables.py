"""Advice of tables whose rows or columns would mix what is not one."""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

SHOP = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
TINY = f"run {SHOP} tracker=none trainer.max_epochs=1 evaluation.final=false threads=1 model.num_layers=1"
TABLE = "table name=shown part=validation"
RUNS = (
    f"{TINY} model.hidden_dim=4,8 sweep.name=widths -m",
    f"{TINY} model.hidden_dim=8 model.num_layers=1,2 sweep.name=depths -m",
    f"{TINY} model.hidden_dim=16 split=random",
    f"{TINY} model.hidden_dim=32 evaluation.conventions=trec",
)


def table(*rows: str) -> str:
    """Return the command of a table with these conditions, row by row."""
    nodes = ", ".join(f"{{label: row {number}, where: {{{where}}}}}" for number, where in enumerate(rows))
    return f"{TABLE} 'rows=[{nodes}]'"


WIDE, NARROW, RANDOM, OTHER = (f"model.hidden_dim: {width}" for width in (8, 4, 16, 32))
ROWS = {
    "Keep one: where: {fingerprint: …}, or another sweep": (
        table(NARROW, RANDOM),
        table(f"{NARROW}, fingerprint: FOUND", f"{RANDOM}, fingerprint: FOUND"),
        f"{TABLE} sweeps=widths",
    ),
    "Keep one: where: {evaluation.conventions: …, …}": (
        table(NARROW, OTHER),
        table(f"{NARROW}, evaluation.conventions: lightgcn", f"{OTHER}, evaluation.conventions: lightgcn"),
    ),
    "Add a condition (where), or a label (labels), that tells them apart": (
        table(WIDE),
        table(f"{WIDE}, model.num_layers: 1", f"{WIDE}, model.num_layers: 2"),
        f"{TABLE} sweeps=depths '+labels={{model.num_layers: layers}}'",
    ),
    "Choose by labels: which of them name the rows": (
        f"{TABLE} 'sweeps=[widths,depths]'",
        f"{TABLE} 'sweeps=[widths,depths]' '+labels={{model.hidden_dim: width, model.num_layers: layers}}'",
    ),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the runs of this module are kept once one of its tests has made them."""
    return tmp_path_factory.mktemp("tables")


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(
    advice: str,
    finished: Path,
    tmp_path: Path,
    command: Callable[..., tuple[int, str, str]],
    follow_lines: Callable[..., None],
) -> None:
    if not (finished / "runs").is_dir():
        for line in RUNS:
            status, _, refusal = command(*shlex.split(line))
            assert status == 0, refusal
        shutil.copytree(tmp_path / "runs", finished / "runs")
    else:
        shutil.copytree(finished / "runs", tmp_path / "runs")
    wrong, *right = ROWS[advice]
    refusal = command(*shlex.split(wrong))[2]
    fingerprint = refusal.partition("one column: ")[2].partition(" ")[0]
    follow_lines(advice, wrong, *(line.replace("FOUND", fingerprint) for line in right))
