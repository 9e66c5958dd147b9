"""Mutated command lines of the real commands: done, or a clear message and nothing half-written.

Every case is a function of its number alone, so a failure is met again by its number.
"""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

COMMAND_LINES, SHORT, PORTION = 200, 20, 30
PORTIONS = [range(start, min(start + PORTION, COMMAND_LINES)) for start in range(SHORT, COMMAND_LINES, PORTION)]
SHOP = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30"
CSV = "dataset=csv dataset.path=orders.csv dataset.columns.user=customer dataset.columns.item=sku"
BASE = (
    f"run {CSV} dataset.columns.time=ordered_at split=time model.hidden_dim=8",
    "recommend run=trained users=[customer-00001,customer-00002] k=3 exclude_seen=false",
    f"run {SHOP} split=time model=lightgcn layer=light objective=bpr optimizer.lr=0.01 seed=3",
    f"audit {CSV} split=random split.seed=1 output=found.json",
    f"run {SHOP} split=leave_last_out layer=relevance layer.activation=relu model.num_layers=2 model.readout=concat",
    "recommend run=trained users=users.csv only=shelf.txt without=[item-00002] k=2 output=lists.csv",
    f"run {CSV} dataset.columns.time=ordered_at split=origins split.origins=2 split.origin=1 evaluation.cutoffs=[5,10]",
    "audit dataset=gowalla dataset.root=nowhere split=published",
    f"run {SHOP} split=cold_users evaluation.cold_users=popularity threads=1 reuse=never target_kind=null",
    "recommend run=trained items=[item-00001,item-00004] k=4",
    f"run {SHOP} layer=gcn graph=recency graph.weight.half_life=30 objective=sampled_softmax trainer.batch_size=64",
    f"audit {SHOP} split=time split.test=0.2 runs=audits",
)
FIXED = {"run": ("tracker=none", "trainer.max_epochs=1", "runs=runs"), "audit": ("runs=runs",), "recommend": ()}
WORDS = (
    *("", "null", "true", "[", "]", "{}", "{a:1}", "'", '"', "nan", "inf", "-1", "0", "1.5", "ü", "[/x]", "a" * 300),
    *("${seed}", "${nope}", "???", ".", "..", "x**", "users.csv", "1,2", "1e400", "9" * 30, "\x00", "\n", "=", "--x"),
)
PARTS = ("dataset", "split", "graph", "layer", "model", "objective", "optimizer", "trainer", "evaluation", "tracker")
TARGETS = ("os.getcwd", "a.b", "", "builtins.dict", "ragx.data.generated_shop")


def _mutated_line(number: int) -> list[str]:
    draw = random.Random(f"command line {number}")
    words = BASE[number % len(BASE)].split()
    for _ in range(draw.choice((1, 1, 1, 2))):
        row = draw.randrange(1, len(words))
        if draw.random() < 0.3:
            words = draw.choice((_reordered, _shortened, _quoted, _forced))(words, row)
            continue
        word = words[row]
        name, _, value = word.partition("=")
        index = draw.randrange(1, max(len(word), 2))
        words[row] = draw.choice(
            (
                word[:index] + word[index + 1 :],
                word[:index] + draw.choice("abcxyz_.=,@+~-") + word[index:],
                word[: index - 1] + word[index - 1 : index + 1][::-1] + word[index + 1 :],
                f"{name}={draw.choice(WORDS)}",
                f"{name}={draw.choice(WORDS)}",
                f"{name}={draw.choice(WORDS)}",
                f"{name}.{draw.choice(('x', 'name', '_target_'))}={value}",
                f"+{name}={value}",
                f"~{name}",
                f"--{name}={value}",
                f"{draw.choice(PARTS)}._target_={draw.choice(TARGETS)}",
                f"{draw.choice(PARTS)}={draw.choice(('lightgcm', 'defalt', 'none', 'csv', 'null'))}",
                name,
            )
        )
    return words


def _reordered(words: list[str], row: int) -> list[str]:
    return [words[0], *words[row:], *words[1:row]]


def _shortened(words: list[str], row: int) -> list[str]:
    return [*words[:row], *words[row + 1 :]]


def _quoted(words: list[str], row: int) -> list[str]:
    name, _, value = words[row].partition("=")
    return [*words[:row], f"{name}='{value}'", *words[row + 1 :]]


def _forced(words: list[str], row: int) -> list[str]:
    return [*words[:row], f"++{words[row]}", *words[row + 1 :]]


@pytest.fixture
def shop(tmp_path: Path, trained_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with 100 orders, a finished run and lists of ids; nothing is fetched from elsewhere."""
    rows = [f"c{row % 12},sku{row * 7 % 17},{1_700_000_000 + row * 3600}" for row in range(100)]
    (tmp_path / "orders.csv").write_text("customer,sku,ordered_at\n" + "\n".join(rows) + "\n")
    (tmp_path / "users.csv").write_text("user\ncustomer-00003\ncustomer-00001\n")
    (tmp_path / "shelf.txt").write_text("item-00001\nitem-00002\nitem-00003\n")
    shutil.copytree(trained_folder, tmp_path / "trained")
    monkeypatch.delenv("RAGX_DATA", raising=False)
    monkeypatch.setattr("ragx.data.catalogue.root.fetch", _refuse)
    return tmp_path


def _refuse(*_: object) -> None:
    raise ValueError("Nothing is fetched here.")


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(range(SHORT), id="some"),
        *(pytest.param(portion, id=f"from {portion.start}", marks=pytest.mark.slow) for portion in PORTIONS),
    ],
)
def test_mutated_command_lines(numbers: range, shop: Path, checked: Any) -> None:
    statuses = set()
    for number in numbers:
        arguments = _mutated_line(number)
        given = [*arguments, *FIXED[arguments[0]]]
        label = f"command line {number} ({' '.join(given)!r})"
        statuses.add(checked(label, *given))
    assert statuses >= {0, 2}


@pytest.mark.parametrize("line", BASE)
def test_unmutated_command_lines_are_accepted(line: str, shop: Path, checked: Any) -> None:
    name, *options = line.split()
    status = checked(line, name, *options, *FIXED[name])
    assert status == (2 if "gowalla" in line else 0)
