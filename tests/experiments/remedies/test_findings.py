"""Advice of the audit, which refuses nothing: its question is answered once the option it names is there."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., tuple[int, str, str]]
LINE = "dataset=csv dataset.path={}.csv dataset.columns.time=time dataset.columns.value=value split=random"


def test_what_an_audit_advises_works(shop: Path, command: Command) -> None:
    """Zeros, ratings and times near 1970 are gone once the filter that the audit names is on the command line."""
    asked = {"ratings taken for clicks": "stars", "times near 1970": "stars", "values of 0": "zeros"}
    for question, table in asked.items():
        words = [*LINE.format(table).split(), "split.validation=0.2", "split.test=0.2"]
        finding = _finding(command, words, question)
        assert finding["verdict"] == "warn"
        (remedy,) = re.findall(r"'(dataset\.rules\.filters=[^']*)'", finding["advice"])
        assert _finding(command, [*words, remedy], question)["verdict"] == "pass"


def _finding(command: Command, words: list[str], question: str) -> dict[str, str]:
    status, _, err = command("audit", *words, "output=found.json")
    assert (status, err) == (0, "")
    findings: list[dict[str, str]] = json.loads(Path("found.json").read_text())["findings"]
    return next(finding for finding in findings if finding["question"] == question)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "::", " "])
def test_the_separator_that_is_advised_reads_the_table(separator: str, shop: Path, command: Command) -> None:
    (shop / "parted.csv").write_text((shop / "orders.csv").read_text().replace(",", separator))
    line = ["dataset=csv", "dataset.path=parted.csv", "split=random"]
    for wrong in {"#", "~"} - {separator}:
        status, _, refusal = command("audit", *line, f"dataset.separator='{wrong}'")
        assert status == 2
        (typed,) = re.findall(r"set (\"dataset\.separator=.*?\")\.", refusal)
        assert command("audit", *line, *shlex.split(typed))[0] == 0
