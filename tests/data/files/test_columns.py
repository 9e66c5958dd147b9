"""The mapping of columns."""

import pytest

from ragx.data.files.columns import check_columns, check_present


def test_mappings_are_checked() -> None:
    assert check_columns({"user": "u", "item": "i", "timestamp": "t", "kind": None, "part": "p"}) == {
        "user": "u",
        "item": "i",
        "time": "t",
        "part": "p",
    }
    with pytest.raises(ValueError, match=r"columns.itm: unknown field.*Did you mean 'item'"):
        check_columns({"user": "u", "itm": "i"})
    with pytest.raises(ValueError, match="either time or timestamp"):
        check_columns({"user": "u", "item": "i", "timestamp": "t", "time": "t"})
    with pytest.raises(ValueError, match="expected user and item at least"):
        check_columns({"user": "u", "item": None})
    with pytest.raises(ValueError, match="different columns for user and item, got 'id' for both"):
        check_columns({"user": "id", "item": "id"})


def test_what_is_not_there_is_named_with_the_nearest() -> None:
    check_present({"user": "u"}, ["u", "v"], "shop.db")
    with pytest.raises(
        ValueError, match=r"shop\.db: no column 'prise' for value; it has price, n\\x1b\. Did you mean 'price'"
    ):
        check_present({"value": "prise"}, ["price", "n\x1b"], "shop.db")
    with pytest.raises(ValueError, match=r"it has c0, c1, .*c19 and 80 more"):
        check_present({"value": "x"}, [f"c{number}" for number in range(100)], "shop.db")
