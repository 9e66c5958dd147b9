"""What every table of remedies is run by."""

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROWS = [(f"u{row % 20}", f"i{(7 * (row % 20) + 3 * (row // 20)) % 40}", row) for row in range(160)]
KINDS, STARS = ("view", "buy"), (1, 2, 3, 4, 4, 4, 5, 5, 5, 3)
START = 1_700_000_000
TIMES: dict[str, Callable[[int], object]] = {
    "excel": lambda row: f"{45_000 + row / 2:.2f}",
    "german": lambda row: f"{1 + row % 28:02d}.{1 + row // 28:02d}.2024 {row % 24:02d}:00",
    "skipped": lambda row: "2024-03-31 02:30" if row == 3 else f"2024-{1 + row // 28:02d}-{1 + row % 28:02d} 12:00",
    "offsets": lambda row: f"2024-{1 + row // 28:02d}-{1 + row % 28:02d} 02:30+01:00",
    "future": lambda row: (START + row) * 1000,
}
Follow = Callable[..., None]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def follow() -> Follow:
    """Return a function that sees a refusal with its advice, and that what the advice says goes through."""

    def run(advice: str, wrong: Callable[[], Any], *right: Callable[[], Any]) -> None:
        with pytest.raises((ValueError, RuntimeError, AttributeError, AssertionError)) as refused:
            wrong()
        assert _says(str(refused.value), advice), str(refused.value)
        assert right
        for remedy in right:
            remedy()

    return run


@pytest.fixture
def follow_line(command: Command) -> Follow:
    """Return a function that sees a command refused with its advice, and then run with the options that it names.

    It takes the advice, the command line, the options as the advice prints them, with what stands for ``…`` behind it,
    and the options of advice in other words.
    """

    def run(advice: str, line: str, printed: Sequence[str], in_words: Sequence[str] = ()) -> None:
        words = shlex.split(line)
        status, _, refusal = command(*words)
        assert status == 2, refusal
        assert _says(refusal, advice), refusal
        assert printed or in_words
        for remedy in printed:
            shown, mark, _ = remedy.partition("…")
            assert f"{shown}{mark}" in refusal, f"{remedy} is not advised: {refusal}"
        for remedy in (*printed, *in_words):
            status, _, after = command(*_with(words, shlex.split(remedy.replace("…", ""))))
            assert status == 0, f"{remedy}: {after}"

    return run


@pytest.fixture
def follow_lines(command: Command) -> Follow:
    """Return a function that sees one command refused with its advice, and others, which follow it, go through."""

    def run(advice: str, wrong: str, *right: str) -> None:
        status, _, refusal = command(*shlex.split(wrong))
        assert status in (1, 2), refusal
        assert _says(refusal, advice), refusal
        assert right
        for line in right:
            status, _, after = command(*shlex.split(line))
            assert status == 0, f"{line}: {after}"

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a folder of tables, each with one fault or none."""

    def write(name: str, rows: list[str], header: str = "user,item,time,value,kind") -> None:
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")

    rows = [f"{user},{item},{START + 3600 * row},{1 + row % 3},{KINDS[row % 2]}" for user, item, row in ROWS]
    write("orders", rows)
    write("empty", [*rows, f",i1,{START},1,buy"])
    write("negative", [*rows, f"u1,i1,{START},-1,buy"])
    write("repeated", [*rows, rows[-1]])
    write("titles", ['i1,TV 12"', "i2,b"], "item,title")
    stars = [f"{user},{item},{0 if row < 5 else START + row},{STARS[row % 10]},view" for user, item, row in ROWS]
    write("stars", stars)
    write("zeros", [f"{user},{item},{START + row},{row % 2},view" for user, item, row in ROWS])
    for name, last in (("published", "test"), ("three_parts", "validation")):
        parts = [f"{user},{item},{('train', 'test', last)[(row >= 120) + (row >= 140)]}" for user, item, row in ROWS]
        write(name, parts, "user,item,part")
    write("prices", [f"i{item},{item}" for item in range(40)], "item,price")
    write("train_only", [f"{user},{item},train" for user, item, _ in ROWS], "user,item,part")
    write("bare", [f"{user},{item}" for user, item, _ in ROWS[1:]], "u0,i0")
    for name, cell in TIMES.items():
        write(name, [f"{user},{item},{cell(row)}" for user, item, row in ROWS], "user,item,time")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "away.csv").write_text((tmp_path / "orders.csv").read_text())
    (tmp_path / "triples.txt").write_text("".join(f"{row % 20} {row % 37} 1\n" for row in range(160)))
    lists = {user: [item[1:] for other, item, _ in ROWS if other == user] for user, _, _ in ROWS}
    (tmp_path / "lists.txt").write_text("".join(f"{user[1:]} {' '.join(items)}\n" for user, items in lists.items()))
    return tmp_path


def _says(message: str, advice: str) -> bool:
    """Say whether a message holds advice, in which ``…`` stands for anything."""
    return re.search(".*".join(map(re.escape, advice.split("…"))), " ".join(message.split()), re.DOTALL) is not None


def _with(words: list[str], remedy: list[str]) -> list[str]:
    """Return a command line with other options in the place of those of the same name."""
    names = {option.partition("=")[0] for option in remedy}
    return [*(word for word in words if word.lstrip("+").partition("=")[0] not in names), *remedy]
