"""What a person is told of how data was read."""

from pathlib import Path

import polars as pl
import pytest

from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.table import table_file
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.splitters import random_split

COLUMNS = {"user": "user", "item": "item", "time": "time", "kind": "kind"}


def read(
    folder: Path, lines: list[str], rules: EventRules | None = None, items: AttributeTable | None = None
) -> Dataset:
    (folder / "events.csv").write_text("user,item,time,kind\n" + "\n".join(lines) + "\n")
    return table_file(path=str(folder / "events.csv"), columns=COLUMNS, rules=rules, items=items)


def test_ids_that_differ_in_blanks_are_named_and_can_be_made_one(tmp_path: Path) -> None:
    lines = ["u1,i1,1,buy", "u1 ,i2 ,2,buy", "u2,i2,3,buy", " u2,i1,4,buy", "u3,i3,5,buy"]
    kept = read(tmp_path, lines)
    assert kept.interactions.num_users == 5
    assert kept.notes[0] == (
        "users: the ids of 4 differ from another only in blanks, such as ' u2' and 'u2'; 'u1' and 'u1 '. They are kept "
        "apart; dataset.rules.id_blanks=strip takes blanks around ids away."
    )
    assert kept.notes[1].startswith("items: the ids of 2 differ from another only in blanks, such as 'i2' and 'i2 '. ")
    (tmp_path / "items.csv").write_text("sku,price\n i1,1\ni2 ,2\n")
    table = AttributeTable(path=str(tmp_path / "items.csv"), id="sku", columns={"price": "number"})
    one = read(tmp_path, lines, EventRules(id_blanks="strip"), table)
    assert one.interactions.users.ids.to_list() == ["u1", "u2", "u3"]
    assert one.notes[0] == "users: blanks around 2 ids, such as ' u2', were taken away; 5 users became 3."
    assert one.joins == ("2 of 3 items have attributes.",)
    (tmp_path / "items.csv").write_text("sku,price\ni1,1\ni1 ,2\n")
    with pytest.raises(ValueError, match="items: expected each item once, got 'i1' again once blanks are taken away"):
        read(tmp_path, lines, EventRules(id_blanks="strip"), table)


def test_blanks_within_ids_are_not_those_that_stripping_takes_away(tmp_path: Path) -> None:
    notes = read(tmp_path, ["a b,i1,1,buy", "a  b,i2,2,buy", " c,i1,3,buy"]).notes
    assert not any("differ" in note for note in notes)
    notes = read(tmp_path, ["a b,i1,1,buy", "a  b,i2,2,buy", "a b ,i1,3,buy"]).notes
    assert notes[0].startswith("users: the ids of 3 differ from another only in blanks, such as 'a  b' and 'a b' and")


def test_well_kept_ids_and_kinds_say_nothing_and_times_say_their_notation(tmp_path: Path) -> None:
    lines = ["u1,i1,1700000000000000,buy", "u2,i2,1700000001000000,view"]
    note = "times: read as microseconds since 1970, which most cells told; 2023-11-14 to 2023-11-14, UTC."
    assert read(tmp_path, lines).notes == (note,)
    stated = read(tmp_path, lines, EventRules(time_format="microseconds")).notes
    assert stated == (note.replace(", which most cells told", ""),)


def test_kinds_that_differ_in_blanks_or_case_are_counted_and_so_is_what_a_target_leaves_out(tmp_path: Path) -> None:
    kinds = ["buy"] * 30 + ["buy "] * 3 + ["Buy"] * 4 + ["view", "add to cart"] * 24
    lines = [f"u{row % 7},i{row},{row},{kind}" for row, kind in enumerate(kinds)]
    dataset = read(tmp_path, lines)
    note = "kinds of event that differ only in blanks or case, and are kept apart: 'buy' (30), 'Buy' (4), 'buy ' (3)."
    assert note in dataset.notes
    split = random_split(dataset, validation=0.2, test=0.2)
    near = split.for_target("buy").notes["events_of_kinds_that_differ_from_the_target_in_blanks_or_case"]
    everything = [*split.events.train.table["kind"], *split.events.validation.table["kind"]] if split.events else []
    assert near == everything.count("buy ") + everything.count("Buy") > 0
    assert not any("blanks_or_case" in name for name in split.for_target("view").notes)
    assert leave_last_out_split(dataset).for_target("add to cart").target == "add to cart"


@pytest.mark.parametrize(
    ("cells", "counted"),
    [
        (["2024-01-01 10:00", "2024-01-01T10:00:00+02:00", "2024-01-02T10:00Z", "2024-01-03"], "2 of 3"),
        (["2024-01-01T10:00+02:00", "2024-01-02T10:00Z"], None),
        (["2024-01-01T10:00", "2024-01-02"], None),
    ],
)
def test_offsets_on_some_rows_only_are_counted(cells: list[str], counted: str | None) -> None:
    rows = len(cells)
    frame = pl.DataFrame({"user": ["u"] * rows, "item": [f"i{row}" for row in range(rows)], "time": cells})
    notes = " ".join(Dataset.from_polars(frame, user="user", item="item", time="time").notes)
    assert ("name an offset" in notes) == (counted is not None)
    if counted:
        assert f"times: {counted} name an offset, such as '2024-01-01T10:00:00+02:00'; the others" in notes
        assert "such as '2024-01-01 10:00', are read in the zone UTC" in notes
