"""Sequences in order of time."""

from pathlib import Path

import pytest

from ragx.data.dataset import Dataset
from ragx.data.readers.sequences import sequence_file


def test_order_repeats_and_attributes_stay(tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("5 9 3 9\n2 3\n")
    (tmp_path / "some.json").write_text('{"9": [4, 1], "77": []}')
    dataset = sequence_file(name="some", path="some.txt", item_attributes="some.json", root=str(tmp_path))
    some = dataset.interactions
    assert some.users.outside(some.column("user")).to_list() == [2, 5, 5, 5]
    assert some.items.outside(some.column("item")).to_list() == [3, 9, 3, 9]
    assert dataset.tables["items"].rows() == [(9, ["4", "1"]), (77, [])]
    assert dataset.steps == (("read", 2, 2, 4),)
    assert dataset.ordered


@pytest.mark.parametrize("text", ["[1, 2]", '{"9": 4}', '{"9": [4', "[" * 100_000])
def test_bad_attributes_are_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("5 9 3 9\n2 3\n")
    (tmp_path / "some.json").write_text(text)
    with pytest.raises(ValueError, match=r"some\.json: expected one JSON object, item → list of attributes"):
        sequence_file(name="some", path="some.txt", item_attributes="some.json", root=str(tmp_path))


@pytest.mark.parametrize("key", ["9", r"\u0039"])
def test_an_item_with_two_lists_of_attributes_is_refused_until_one_is_left(key: str, tmp_path: Path) -> None:
    def read(attributes: str) -> Dataset:
        (tmp_path / "some.json").write_text(attributes)
        return sequence_file(name="some", path="some.txt", item_attributes="some.json", root=str(tmp_path))

    (tmp_path / "some.txt").write_text("5 9 3 9\n2 3\n")
    with pytest.raises(ValueError, match=r"some\.json: expected one JSON object, .*; '9' is there twice: leave one of"):
        read(f'{{"9": [4, 1], "{key}": []}}')
    assert read('{"9": [4, 1]}').tables["items"].rows() == [(9, ["4", "1"])]
