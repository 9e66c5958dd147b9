"""Every remedy works: what a refusal advises is put on the command line that was refused, which then goes on."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ragx.runner.commands.compare import compare_runs
from ragx.runner.commands.final import finalize

ROWS = [(f"u{row % 20}", f"i{(7 * (row % 20) + 3 * (row // 20)) % 40}", row) for row in range(160)]
KINDS, STARS = ("view", "buy"), (1, 2, 3, 4, 4, 4, 5, 5, 5, 3)
START = 1_700_000_000
TINY = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
SHORT = "tracker=none trainer.max_epochs=1 model.hidden_dim=8 threads=1"
CSV, TIME, VALUE = "dataset=csv dataset.path={}.csv", "dataset.columns.time=time", "dataset.columns.value=value"
AUDIT, TIMED = f"audit {CSV}", f"audit {CSV} {TIME}"
RUN, SHOP_RUN = f"run {TINY} {SHORT}", f"run {CSV} {TIME} {SHORT}"
ATTRIBUTES = "ragx.data.AttributeTable"
Command = Callable[..., tuple[int, str, str]]


class Case(NamedTuple):
    """A command that is refused, and what its message advises.

    Args:
        line: the command line.
        message: part of the refusal.
        remedies: texts of the message; each, ``…`` filled in, is put on the command line.
        fill: what stands for ``…``.
    """

    line: str
    message: str
    remedies: tuple[str, ...]
    fill: str = ""


CASES = {
    "order of a sequence file": Case(
        "audit dataset=beauty dataset.path=lists.txt dataset.item_attributes=null split=time",
        "has no timestamps",
        ("split=leave_last_out", "split=random"),
    ),
    "empty id": Case(AUDIT.format("empty"), "expected an id in column 'user'", ("dataset.rules.empty_ids=drop",)),
    "negative value": Case(
        f"{AUDIT.format('negative')} {VALUE}",
        "expected a value of at least 0",
        ("dataset.rules.negative=drop", "dataset.rules.negative=keep"),
    ),
    "repeated event": Case(
        f"{AUDIT.format('repeated')} dataset.rules.duplicates=error",
        "expected one event of each user, item",
        ("dataset.rules.duplicates=last",),
    ),
    "filter without a column": Case(
        f"{AUDIT.format('orders')} 'dataset.rules.filters=[{{_target_: ragx.data.MinimumValue, at_least: 1}}]'",
        "the events have no value",
        ("dataset.columns.value=…",),
        "value",
    ),
    "filter without times": Case(
        f"{AUDIT.format('orders')} 'dataset.rules.filters=[{{_target_: ragx.data.Period, first: 2020-01-01}}]'",
        "the events have no timestamp",
        ("dataset.columns.time=…",),
        "time",
    ),
    "split by time": Case(f"{AUDIT.format('orders')} split=time", "has no timestamps", ("split=random",)),
    "last without times": Case(
        f"{AUDIT.format('orders')} split=leave_last_out", "nobody knows which item was last", ("split=random",)
    ),
    "not published": Case(f"{AUDIT.format('orders')} split=published", "was not published in parts", ("split=random",)),
    "not published, timed": Case(
        f"{TIMED.format('orders')} split=published", "was not published in parts", ("split=random", "split=time")
    ),
    "published without validation": Case(
        f"{AUDIT.format('published')} dataset.columns.part=part split=published",
        "was published without validation",
        ("split=published split.validation=0.1",),
    ),
    "published parts pooled": Case(
        f"{AUDIT.format('three_parts')} dataset.columns.part=part split=random",
        "would pool them",
        ("split=published", "split.pool_published=true"),
    ),
    "stray quote among attributes": Case(
        f"{AUDIT.format('orders')} 'dataset.items={{_target_: {ATTRIBUTES}, path: titles.csv, id: item}}'",
        "expected quotes around whole cells",
        ("++dataset.items.quote=null",),
    ),
    "no kinds": Case(
        f"{SHOP_RUN.format('orders')} target_kind=buy",
        "these interactions have no kinds of event",
        ("dataset.columns.kind=…", "target_kind=null"),
        "kind",
    ),
    "weights without values": Case(
        f"{SHOP_RUN.format('orders')} graph=value",
        "have no column value",
        (f"{VALUE[:-5]}…", "graph=symmetric"),
        "value",
    ),
    "weights without times": Case(
        f"{SHOP_RUN.format('orders').replace('dataset.columns.time=time ', '')} graph=recency",
        "have no column timestamp",
        ("dataset.columns.time=…", "graph=symmetric"),
        "time",
    ),
    "decay without times": Case(
        f"{SHOP_RUN.format('orders').replace('dataset.columns.time=time ', '')} layer=time_decay",
        "needs a graph whose edges have a time",
        ("dataset.columns.time=…",),
        "time",
    ),
    "cold users alone": Case(f"{RUN} split=cold_users", "leaves nobody", ("evaluation.cold_users=popularity",)),
    "no edge weights": Case(
        f"{RUN} layer=sage layer.edge_weight=required",
        "takes no edge weights",
        ("layer.edge_weight=auto",),
    ),
    "edge weights by a width": Case(
        f"{RUN} layer=transformer layer.edge_weight=required", "takes no edge weights", ("layer.options.edge_dim=1",)
    ),
    "option of a convolution": Case(
        f"{RUN} layer=sage layer.conv=torch_geometric.nn.ChebConv", "requires K", ("+layer.options.K=…",), "2"
    ),
    "missing value": Case("audit dataset=csv", "a value is required", ("dataset.path=…",), "orders.csv"),
    "sweep without -m": Case(f"{RUN} seed=0,1", "several values are a sweep", ("-m",)),
    "seeds without -m": Case(f"{RUN} seeds=2", "several seeds are a sweep", ("-m",)),
    "dry run without -m": Case(f"{RUN} dry_run=true", "only a sweep can be looked at", ("-m",)),
    "added twice": Case(f"audit {TINY} +split=time", "there is one already", ("split=…",), "time"),
}


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
    lists = {user: [item[1:] for other, item, _ in ROWS if other == user] for user, _, _ in ROWS}
    (tmp_path / "lists.txt").write_text("".join(f"{user[1:]} {' '.join(items)}\n" for user, items in lists.items()))
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_works_as_it_is_written(name: str, shop: Path, command: Command) -> None:
    case = CASES[name]
    words = _words(case.line)
    status, _, refusal = command(*words)
    assert status == 2, refusal
    assert case.message in refusal, refusal
    for remedy in case.remedies:
        assert remedy in refusal, f"{remedy} is not advised: {refusal}"
        status, _, after = command(*_with(words, remedy.replace("…", case.fill).split(" ")))
        assert status == 0, f"{remedy}: {after}"


def test_what_was_not_opened_is_compared_and_shown_on_validation(command: Command, trained_folder: Path) -> None:
    line = [f"runs=[{trained_folder}]", "baseline=most_popular", "metric=ndcg@20"]
    with pytest.raises(ValueError, match="part=validation compares without"):
        compare_runs(line)
    compare_runs([*line, "part=validation"])
    assert command(*_words(f"{RUN} seeds=2 sweep.name=two"), "-m")[0] == 0
    status, _, refusal = command("table", "sweeps=two", "name=shown")
    assert status == 2
    assert "Run python experiments/final.py sweep=two first, or show part=validation" in refusal
    assert command("table", "sweeps=two", "name=shown", "part=validation")[0] == 0
    finalize(["sweep=two"])
    assert command("table", "sweeps=two", "name=shown")[0] == 0


def test_what_an_audit_advises_works(shop: Path, command: Command) -> None:
    """Zeros, ratings and times near 1970 are gone once the filter that the audit names is on the command line."""
    asked = {"ratings taken for clicks": "stars", "times near 1970": "stars", "values of 0": "zeros"}
    for question, table in asked.items():
        words = _words(f"{TIMED.format(table)} {VALUE} split=random split.validation=0.2 split.test=0.2")
        finding = _finding(command, words, question)
        assert finding["verdict"] == "warn"
        (remedy,) = re.findall(r"'(dataset\.rules\.filters=[^']*)'", finding["advice"])
        assert _finding(command, [*words, remedy], question)["verdict"] == "pass"


def _words(line: str) -> list[str]:
    return [word.replace("'", "") for word in re.findall(r"(?:'[^']*'|\S)+", line)]


def _with(words: list[str], remedy: list[str]) -> list[str]:
    """Return a command line with other options in the place of those of the same name."""
    names = {each.partition("=")[0] for each in remedy}
    return [*(word for word in words if word.lstrip("+").partition("=")[0] not in names), *remedy]


def _finding(command: Command, words: list[str], question: str) -> dict[str, str]:
    status, _, err = command(*words, "output=found.json")
    assert (status, err) == (0, "")
    findings: list[dict[str, str]] = json.loads(Path("found.json").read_text())["findings"]
    return next(each for each in findings if each["question"] == question)
