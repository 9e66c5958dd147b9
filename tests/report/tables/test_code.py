"""Which runs come from other code, where different layers have different hashes by nature."""

import json
from collections.abc import Sequence
from typing import Any

from ragx.report.tables.code import other_code


def run(folder: str, source: str | None, *modules: str) -> dict[str, Any]:
    return {"folder": folder, "source": source, "modules": json.dumps(modules)}


def now(modules: Sequence[str]) -> str:
    return "+".join(modules) + " of today"


def test_two_layers_of_one_code_are_not_told_apart() -> None:
    runs = [run("a", "light of today", "light"), run("b", "heads of today", "heads")]
    assert other_code(runs, now) == set()


def test_most_runs_are_of_today_and_one_is_not() -> None:
    runs = [run("a", "light of today", "light"), run("b", "light of today", "light"), run("c", "old", "heads")]
    assert other_code(runs, now) == {"c"}
    assert other_code([*runs, run("d", None, "light")], now) == {"c", "d"}


def test_where_all_are_of_yesterday_those_of_the_same_modules_are_held_against_each_other() -> None:
    runs = [run("a", "1", "light"), run("b", "1", "light"), run("c", "2", "light"), run("d", "3", "heads")]
    assert other_code(runs, now) == {"c"}
