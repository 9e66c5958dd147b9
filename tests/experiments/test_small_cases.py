"""Small files that once gave wrong results without a word: what the main job and the audit say of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragx.serving.run import load_run

Command = Callable[..., Any]
MINE = ["dataset=csv", "dataset.path=events.csv", "dataset.columns.time=time"]
QUICK = ["tracker=none", "trainer.max_epochs=1", "runs=runs", "model.hidden_dim=4"]


def events(folder: Path, change: Callable[[str, str, int], str], header: str = "user,item,time") -> None:
    """Write 600 events of 30 users and 50 items, each line made of user, item and place."""
    random = np.random.default_rng(0)
    users, items = random.integers(0, 30, 600), random.integers(0, 50, 600)
    lines = [change(f"u{u}", f"i{i}", number) for number, (u, i) in enumerate(zip(users, items, strict=True))]
    (folder / "events.csv").write_text("\n".join([header, *lines]) + "\n")


def plain(user: str, item: str, number: int) -> str:
    return f"{user},{item},{1_700_000_000 + 3600 * number}"


def test_attributes_of_other_ids_are_refused_and_those_that_match_are_counted(command: Command, tmp_path: Path) -> None:
    events(tmp_path, plain)
    attributes = "_target_: ragx.data.AttributeTable, path: attrs.csv, id: sku, columns: {price: number}"
    table = f"dataset.items={{{attributes}}}"
    for letter, status in (("I", 2), ("i", 0)):
        rows = [f"{letter}{row},{row}" for row in range(60)]
        (tmp_path / "attrs.csv").write_text("\n".join(["sku,price", *rows]) + "\n")
        ended = command("audit", *MINE, table, "split=random")
        assert ended.status == status
        if letter == "I":
            assert "0 of 50 items have attributes" in ended.err
            assert "got 'I0', which differs from 'i0' in case" in ended.err
        else:
            assert "50 of 50 items have attributes; 10 rows are of items without events" in ended.out


def test_ids_and_kinds_spelled_nearly_alike_are_named(command: Command, tmp_path: Path) -> None:
    kinds = ["buy", "buy", "buy ", "Buy", "view", "add to cart"]

    def spelled(user: str, item: str, number: int) -> str:
        blank = " " if number % 3 else ""
        return f"{plain(user + blank, item, number)},{kinds[number % 6]}"

    events(tmp_path, spelled, "user,item,time,kind")
    asked = [*MINE, "dataset.columns.kind=kind", "split=random", *QUICK]
    ended = command("run", *asked, "target_kind=buy")
    assert ended.status == 0
    output = " ".join(ended.out.split())
    assert "users: the ids of 60 differ from another only in blanks, such as 'u0' and 'u0 '" in output
    assert "only in blanks or case, and are kept apart: 'buy' (200), 'Buy' (100), 'buy ' (100)." in output
    assert "events of kinds that differ from the target in blanks or case" in output
    ended = command("run", *asked, "target_kind=add to cart", "dataset.rules.id_blanks=strip")
    assert ended.status == 0
    assert "60 users became 30" in " ".join(ended.out.split())
    runs = {load_run(path.parent).split.target for path in tmp_path.glob("runs/*/metrics.json")}
    assert runs == {"buy", "add to cart"}


@pytest.mark.parametrize("distribution", ["uniform", "popularity"])
def test_a_user_with_every_item_is_named_and_training_goes_on(
    distribution: str,
    command: Command,
    tmp_path: Path,
) -> None:
    events(tmp_path, plain)
    with (tmp_path / "events.csv").open("a") as file:
        file.writelines(f"whale,i{item},{1_600_000_000 + item}\n" for item in range(50))
    drawn = f"objective.negatives.distribution={distribution}"
    ended = command("run", *MINE, *QUICK, "split=time", "objective=bpr", drawn)
    assert ended.status == 0
    output = " ".join(ended.out.split())
    assert "No negative can be drawn for 1 of 31 users, who have every item: 'whale'." in output


def test_days_of_excel_are_refused_and_the_remedy_works(command: Command, tmp_path: Path) -> None:
    events(tmp_path, lambda user, item, number: f"{user},{item},{45_000 + number / 2:.2f}")
    ended = command("audit", *MINE)
    assert ended.status == 2
    assert "set dataset.rules.time_format=excel" in ended.err
    ended = command("audit", *MINE, "dataset.rules.time_format=excel")
    assert ended.status == 0
    assert "2023-03-15 to 2024-01-08, UTC" in ended.out
