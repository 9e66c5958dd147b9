"""The one door for ids: what is an id, and when two are the same."""

import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import listed_ids, written_as
from ragx.data.interactions import Interactions
from ragx.data.readers.table import json_lines_file

NUMBERS, TEXTS = IdMap("item", pl.Series([7, 12, 3])), IdMap("item", pl.Series(["7", "12", "012", "12.0", " 12"]))


@pytest.mark.parametrize(
    ("asked", "in_numbers", "in_texts"),
    [
        ("12", [1], [1]),
        (12, [1], [1]),
        (12.0, [1], [1]),
        (np.int64(12), [1], [1]),
        (np.uint8(12), [1], [1]),
        (np.float32(12), [1], [1]),
        (np.str_("12"), [1], [1]),
        (Decimal("12.0"), [1], [1]),
        ([12, "7"], [1, 0], [1, 0]),
        (("12", 12, 12.0), [1, 1, 1], [1, 1, 1]),
        (np.array([12, 7], dtype=np.int32), [1, 0], [1, 0]),
        (np.array(["12", "7"]), [1, 0], [1, 0]),
        (np.array([12.0], dtype=np.float32), [1], [1]),
        (torch.tensor([7, 12]), [0, 1], [0, 1]),
        (pl.Series([7.0, 12.0]), [0, 1], [0, 1]),
        ((value for value in (7, "12")), [0, 1], [0, 1]),
        ("012", None, [2]),
        ("12.0", None, [3]),
        (" 12", None, [4]),
        ("+12", None, None),
        ("1_2", None, None),
    ],
)
def test_a_whole_number_is_the_text_of_its_digits_and_no_other(
    asked: Any, in_numbers: list[int] | None, in_texts: list[int] | None
) -> None:
    asked = list(asked) if not isinstance(asked, str) and hasattr(asked, "__next__") else asked
    for ids, expected in ((NUMBERS, in_numbers), (TEXTS, in_texts)):
        if expected is None:
            with pytest.raises(ValueError, match="Unknown item '"):
                ids.rows(asked)
        else:
            assert ids.rows(asked).tolist() == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (7.9, "items, row 1: expected text or whole numbers as ids, got 7.9"),
        ([7, 7.9], "items, row 2: .*got 7.9"),
        (True, "row 1: .*got True"),
        ([7, np.bool_(True)], "row 2: .*got "),
        (np.float32(2**24 + 1), "row 1: .*got .*inexact floats are none"),
        (np.array([2**24 + 1], dtype=np.float32), "row 1: .*got "),
        (float(2**53), "row 1: .*got 9007199254740992.0"),
        (pl.Series([float(2**24)], dtype=pl.Float32), "So large a number is not exact"),
        (b"12", "row 1: .*got b'12'"),
        ([["12"]], r"row 1: .*got \['12'\]"),
        (None, "row 1: expected an id, got an empty cell"),
        ([7, None], "row 2: expected an id, got an empty cell"),
        (float("nan"), "row 1: expected an id, got an empty cell"),
        (["7", "  "], "row 2: expected an id, got an empty cell"),
        ({"12": 1}, "items: expected ids in a list, got dict: name one column of it"),
        (pl.DataFrame({"item": [7]}), "items: expected ids in a list, got DataFrame: name one column of it"),
        (np.array([[7]]), r"items: expected ids in one dimension, got shape \[1, 1\]"),
    ],
)
def test_what_is_no_id_is_refused_wherever_it_is_asked_for(asked: Any, message: str) -> None:
    for ids in (NUMBERS, TEXTS):
        with pytest.raises(ValueError, match=message):
            ids.rows(asked)


def test_ids_of_objects() -> None:
    some = uuid.uuid4()
    assert listed_ids("users", [some, 1]).to_list() == [str(some), "1"]
    assert listed_ids("users", [2**70, 1]).to_list() == [str(2**70), "1"]
    assert listed_ids("users", []).to_list() == []


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, unique=True), st.data())
def test_columns_of_unlike_types_join_by_the_same_rule(numbers: list[int], data: st.DataObject) -> None:
    """Whole numbers find their digits and the other way round; what is written otherwise finds nothing."""
    forms = st.sampled_from(["{}", "0{}", " {}", "{} ", "{}.0", "+{}"])
    texts = [data.draw(forms).format(number) for number in numbers]
    expected = [row if text == str(numbers[row]) else -1 for row, text in enumerate(texts)]
    whole, written = IdMap("user", pl.Series(numbers, dtype=pl.Int64)), pl.Series(texts)
    assert whole.lookup(written).tolist() == expected
    assert IdMap("user", written).lookup(pl.Series(numbers, dtype=pl.Int64)).tolist() == expected
    back = written_as(written, pl.Int64()).to_list()
    assert back == [number if row >= 0 else None for number, row in zip(numbers, expected, strict=True)]


def test_events_come_in_by_the_same_door() -> None:
    events = pl.DataFrame({"user": pl.Series([1.0, 2.0], dtype=pl.Float32), "item": ["a", "b"]})
    assert Interactions.from_events(events).users.ids.to_list() == [1, 2]
    with pytest.raises(ValueError, match=r"Events, row 2: expected text or whole numbers .* got 2\.5"):
        Interactions.from_events(events.with_columns(user=pl.Series([1.0, 2.5])))
    with pytest.raises(ValueError, match="Events: column item has 1 empty ids"):
        Interactions.from_events(events.with_columns(item=pl.Series(["a", " "])))


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ("U1", r"Did you mean 'u1'\? It differs in case"),
        ("u1 ", r"Did you mean 'u1'\? It differs in blanks"),
        ("u1.0", r"Did you mean 'u1'\? It differs in a trailing \.0"),
        ("007", r"Did you mean '7'\? It differs in leading zeros"),
        ("u\uff11", r"Did you mean 'u1'\? It differs in Unicode form"),
        ("u11", r"Did you mean 'u1'\?$"),
    ],
)
def test_an_unknown_id_is_answered_with_the_nearest(unknown: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        IdMap("user", pl.Series(["z", "7", "u1"])).rows(unknown)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"1.5"', "1.5"),
        ('"true"', "true"),
        ("7", "7"),
        ("7.0", "7"),
        ("1e3", "1000"),
        ("9007199254740993", "9007199254740993"),
        ("12345678901234567891", "12345678901234567891"),
        ("1.5", None),
        ("true", None),
        ("[7]", None),
        ('{"a": 7}', None),
        ("9007199254740993.0", None),
        ("1e16", None),
        ("-0.25", None),
    ],
)
def test_what_json_writes_as_no_text_and_no_whole_number_is_no_id(
    written: str, expected: str | None, tmp_path: Path
) -> None:
    lines = ['{"u": "a", "i": "x"}', "", f'{{"u": {written}, "i": "y"}}']
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines) + "\n")
    columns = {"user": "u", "item": "i"}
    if expected is None:
        with pytest.raises(
            ValueError, match=r"events\.jsonl, line 3: expected text or whole numbers as ids in column 'u'"
        ):
            json_lines_file(path=str(path), columns=columns)
    else:
        assert json_lines_file(path=str(path), columns=columns).interactions.users.ids.to_list() == sorted(
            [expected, "a"]
        )
