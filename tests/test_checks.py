"""Argument checks and their messages."""

import pytest

from ragx.checks import check, check_choice, check_fraction, check_positive, did_you_mean


def test_check_raises_its_message() -> None:
    check(True, "fine")
    with pytest.raises(ValueError, match=r"^expected tea, got coffee$"):
        check(False, "expected tea, got coffee")


def test_a_choice_outside_the_options_lists_them_and_the_nearest() -> None:
    check_choice("readout", "mean", ("mean", "last"))
    with pytest.raises(ValueError, match=r"^readout: expected one of mean, last; got 'men'\. Did you mean 'mean'\?$"):
        check_choice("readout", "men", ("mean", "last"))
    with pytest.raises(ValueError, match=r"^readout: expected one of mean, last; got 'xyz'\.$"):
        check_choice("readout", "xyz", (name for name in ("mean", "last")))


@pytest.mark.parametrize("value", [0, -1, -0.5, float("nan")])
def test_what_is_not_positive_is_refused(value: float) -> None:
    check_positive("lr", 1e-9)
    with pytest.raises(ValueError, match=r"^lr: expected a number greater than 0, got "):
        check_positive("lr", value)


@pytest.mark.parametrize("value", [1, 1.5, -0.1, float("nan")])
def test_what_is_no_fraction_is_refused(value: float) -> None:
    check_fraction("dropout", 0)
    check_fraction("dropout", 0.999)
    with pytest.raises(ValueError, match=r"^dropout: expected a number from 0 up to but not including 1, got "):
        check_fraction("dropout", value)


def test_only_what_is_near_is_meant() -> None:
    assert did_you_mean("num_layer", ["hidden_dim", "num_layers"]) == " Did you mean 'num_layers'?"
    assert did_you_mean("zzz", ["hidden_dim", "num_layers"]) == ""
    assert did_you_mean("anything", []) == ""
