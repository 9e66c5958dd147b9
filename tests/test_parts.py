"""Parts: bound to signatures, every error at once, built with defaults written out."""

import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pytest

from ragx.parts import Part, PartsError, bind

GREEN = " Did you mean 'green'?"


class Wheel:
    def __init__(self, *, radius: float = 1.5, spokes: int = 8) -> None:
        if radius <= 0:
            raise ValueError(f"radius: expected a number greater than 0, got {radius}.")
        self.radius, self.spokes = radius, spokes


class Cart:
    def __init__(
        self,
        *,
        load: float,
        owner: str = "nobody",
        colour: Literal["red", "green"] = "red",
        wheel: Wheel | None = None,
        wheels: Sequence[Wheel] = (),
        labels: Mapping[str, str] | None = None,
        seats: int | None = None,
        covered: bool = False,
    ) -> None:
        self.load, self.owner, self.colour, self.wheel = load, owner, colour, wheel
        self.wheels, self.labels, self.seats, self.covered = wheels, labels, seats, covered


def open_ended(**options: Any) -> dict[str, Any]:
    return options


@pytest.fixture(autouse=True)
def garage(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("garage")
    vars(module).update(Wheel=Wheel, Cart=Cart, open_ended=open_ended, number=3)
    monkeypatch.setitem(sys.modules, "garage", module)


def cart(given: Sequence[str] = (), **options: Any) -> Part:
    return bind({"cart": {"_target_": "garage.Cart", **options}}, {"cart": given})["cart"]


def errors_of(given: Sequence[str] = (), **options: Any) -> list[str]:
    with pytest.raises(PartsError) as caught:
        cart(given, **options)
    assert str(caught.value) == "\n".join(caught.value.errors)
    return caught.value.errors


def test_a_part_is_built_with_options_defaults_and_what_is_given() -> None:
    built = cart(["owner"], load=2).build(owner="Ann")
    assert isinstance(built, Cart)
    assert (built.load, built.owner, built.colour, built.wheels) == (2, "Ann", "red", ())


def test_defaults_are_written_out_in_nested_parts_too() -> None:
    part = cart(["owner"], load=2.0, wheel={"_target_": "garage.Wheel", "spokes": 6})
    assert part.as_dict() == {
        "_target_": "garage.Cart",
        "load": 2.0,
        "wheel": {"_target_": "garage.Wheel", "spokes": 6, "radius": 1.5},
        "colour": "red",
        "wheels": [],
        "labels": None,
        "seats": None,
        "covered": False,
    }


def test_what_is_written_out_binds_to_the_same_part() -> None:
    part = cart(load=2.0, wheels=[{"_target_": "garage.Wheel"}])
    rebound = bind({"cart": part.as_dict()}, {"cart": ()})["cart"]
    assert rebound.as_dict() == part.as_dict()


def test_nested_parts_and_lists_of_parts_are_built() -> None:
    wheels = [{"_target_": "garage.Wheel", "radius": 2}, {"_target_": "garage.Wheel"}]
    built = cart(load=1.0, wheel={"_target_": "garage.Wheel", "radius": 0.5}, wheels=wheels).build()
    assert built.wheel.radius == 0.5
    assert [wheel.radius for wheel in built.wheels] == [2, 1.5]


def test_each_build_makes_nested_parts_anew() -> None:
    part = cart(load=1.0, wheel={"_target_": "garage.Wheel"})
    assert part.build().wheel is not part.build().wheel


def test_an_unknown_option_names_the_nearest_and_all_that_may_be_set() -> None:
    (error,) = errors_of(["owner"], load=1.0, colur="red")
    assert error.startswith("cart.colur: unknown option of garage.Cart. Did you mean 'colour'? Options: load, colour")
    assert "owner" not in error


def test_an_unknown_option_passes_where_the_target_takes_any() -> None:
    part = bind({"any": {"_target_": "garage.open_ended", "depth": 3}}, {"any": ()})["any"]
    assert part.build(width=2) == {"width": 2, "depth": 3}


def test_a_missing_option_is_named() -> None:
    assert errors_of() == ["cart.load: garage.Cart requires this option."]


def test_an_option_that_is_given_later_cannot_be_set() -> None:
    assert errors_of(["load"], load=1.0) == ["cart.load: is given when the part is built and cannot be set."]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"load": "heavy"}, "cart.load: expected float, got 'heavy' (str)."),
        ({"load": True}, "cart.load: expected float, got True (bool)."),
        ({"load": 1, "seats": 2.5}, "cart.seats: expected int | None, got 2.5 (float)."),
        ({"load": 1, "seats": True}, "cart.seats: expected int | None, got True (bool)."),
        ({"load": 1, "covered": 1}, "cart.covered: expected bool, got 1 (int)."),
        ({"load": 1, "owner": 7}, "cart.owner: expected str, got 7 (int)."),
        ({"load": 1, "colour": "gren"}, "cart.colour: expected one of red, green, got 'gren' (str)." + GREEN),
        ({"load": None}, "cart.load: expected float, got None (NoneType)."),
        ({"load": 1, "labels": {"a": 1}}, "cart.labels: expected Mapping[str, str] | None, got {'a': 1} (dict)."),
        ({"load": "???"}, "cart.load: a value is required; set it with cart.load=…"),
    ],
)
def test_a_wrong_value_says_what_was_expected(options: dict[str, Any], message: str) -> None:
    assert errors_of(**options) == [message]


def test_a_whole_number_serves_as_a_float_and_null_where_it_may() -> None:
    built = cart(load=3, seats=None, labels={"a": "b"}).build()
    assert (built.load, built.seats, built.labels) == (3, None, {"a": "b"})


def test_all_errors_come_together_from_every_part_and_depth() -> None:
    config = {
        "cart": {"_target_": "garage.Cart", "lod": 1, "wheel": {"_target_": "garage.Wheel", "radius": "wide"}},
        "wheel": {"_target_": "garage.Weel"},
        "other": {"radius": 1},
    }
    with pytest.raises(PartsError) as caught:
        bind(config, {"cart": (), "wheel": (), "other": (), "absent": ()})
    assert [error.partition(":")[0] for error in caught.value.errors] == [
        "cart.lod",
        "cart.wheel.radius",
        "cart.load",
        "wheel._target_",
        "other",
        "absent",
    ]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("garage.Weel", "cart._target_: garage has no 'Weel'. Did you mean 'Wheel'?"),
        ("garage.number", "cart._target_: garage has no 'number'."),
        ("???", "cart._target_: expected the dotted path of a class or function, got '???'."),
        ("Cart", "cart._target_: expected the dotted path of a class or function, got 'Cart'."),
        (3, "cart._target_: expected the dotted path of a class or function, got 3."),
        ("no_such_module.Cart", "cart._target_: cannot import 'no_such_module'"),
    ],
)
def test_a_target_that_is_not_there_is_reported(target: object, message: str) -> None:
    with pytest.raises(PartsError) as caught:
        bind({"cart": {"_target_": target}}, {"cart": ()})
    assert caught.value.errors[0].startswith(message)


def test_a_part_in_a_list_is_reported_with_its_place() -> None:
    wheels = [{"_target_": "garage.Wheel"}, {"_target_": "garage.Wheel", "spokes": "many"}]
    assert errors_of(load=1.0, wheels=wheels) == ["cart.wheels[1].spokes: expected int, got 'many' (str)."]


def test_what_a_constructor_refuses_is_prefixed_with_the_place_of_the_part() -> None:
    part = cart(load=1.0, wheel={"_target_": "garage.Wheel", "radius": -1.0})
    with pytest.raises(PartsError, match=r"^cart\.wheel: radius: expected a number greater than 0, got -1\.0\.$"):
        part.build()


def test_a_target_that_cannot_take_what_it_is_given_is_an_error_for_users() -> None:
    with pytest.raises(PartsError, match=r"^wheel: .*\bdiameter\b"):
        bind({"wheel": {"_target_": "garage.Wheel"}}, {"wheel": ("diameter",)})["wheel"].build(diameter=3)


def test_a_factory_builds_with_what_it_is_given() -> None:
    factory = cart(["owner"], load=1.0).factory()
    assert factory(owner="Ann").owner == "Ann"
    assert factory(owner="Bob").owner == "Bob"


def takes_collections(names: dict[str, str | None], widths: int | Sequence[int], tags: list[str] | None = None) -> None:
    """Stand for a target whose arguments hold several values."""


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        ({"names": {"a": "x", "b": None}, "widths": [1, 2]}, True),
        ({"names": {}, "widths": 3, "tags": ["x"]}, True),
        ({"names": {"a": "x", "b": "y", "c": 1e400}, "widths": 1}, False),
        ({"names": {"a": "x"}, "widths": [1, 2, 3, "4"]}, False),
        ({"names": {"a": "x"}, "widths": [1], "tags": ["x", 2, "y"]}, False),
    ],
)
def test_every_member_of_a_list_or_mapping_is_checked(arguments: dict[str, Any], right: bool) -> None:
    """Again and again, since a check that draws one member would pass now and then."""
    path = f"{takes_collections.__module__}.takes_collections"
    for _ in range(20):
        if right:
            bind({"part": {"_target_": path, **arguments}}, {"part": ()})
        else:
            with pytest.raises(PartsError, match="expected"):
                bind({"part": {"_target_": path, **arguments}}, {"part": ()})
