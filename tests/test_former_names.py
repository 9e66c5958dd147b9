"""Names that parts had earlier, and the one that each is known by."""

import importlib

import pytest

from ragx.former_names import FORMER, with_public_names
from ragx.parts import PartsError, bind

GIVEN = {"layer": ("in_channels", "out_channels")}


@pytest.mark.parametrize("public", sorted(set(FORMER.values())))
def test_every_former_name_leads_to_one_that_is_there(public: str) -> None:
    package, _, name = public.rpartition(".")
    assert name in importlib.import_module(package).__all__


def test_a_config_is_renamed_at_every_depth_and_the_rest_of_it_kept() -> None:
    old = {"filters": [{"_target_": "ragx.data.filters.KCore", "users": 5}, 3], "path": "ragx.data.filters.KCore"}
    new = {"filters": [{"_target_": "ragx.data.KCore", "users": 5}, 3], "path": "ragx.data.filters.KCore"}
    assert with_public_names({"rules": old, "_target_": 4}) == {"rules": new, "_target_": 4}
    assert with_public_names(new) == new


@pytest.mark.parametrize(
    "name", ["ragx.layers.light_conv.LightConv", "ragx.layers.LightConv", f"{__name__}.LightConv"], ids=str
)
def test_a_part_is_known_by_its_public_name_however_it_was_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.startswith(__name__):
        monkeypatch.setattr("ragx.layers.readout.LightConv", _light_conv(), raising=False)
        name = "ragx.layers.readout.LightConv"
    (part,) = bind({"layer": {"_target_": name}}, GIVEN).values()
    assert part.name == "ragx.layers.LightConv"
    assert part.as_dict()["_target_"] == "ragx.layers.LightConv"


def test_a_name_that_never_was_is_told_as_it_was_given() -> None:
    with pytest.raises(PartsError, match=r"layer\._target_: ragx\.layers\.light_conv has no 'Light'"):
        bind({"layer": {"_target_": "ragx.layers.light_conv.Light"}}, GIVEN)


def _light_conv() -> object:
    return importlib.import_module("ragx.layers").LightConv
