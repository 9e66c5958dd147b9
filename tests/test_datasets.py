"""Datasets by name are those of the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import ragx
from ragx.data.catalogue.root import look_for
from ragx.data.cleaning.rules import EventRules
from ragx.data.contents import contents_of
from ragx.datasets import READERS
from ragx.parts import Part, bind

CONF = Path(__file__).parents[1] / "conf" / "dataset"
OWN_DATA = {"csv", "custom", "jsonl", "lines", "parquet", "recbole", "sql", "tsv"}


def of_the_command_line(name: str) -> Any:
    config = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    return bind({"dataset": config}, {"dataset": ()})["dataset"]


def plain(value: Any) -> Any:
    """Leave out what is None, which says as much as what is not written; lists are tuples, and rules their options."""
    if isinstance(value, EventRules):
        return plain(vars(value))
    if isinstance(value, Mapping):
        return {key: plain(member) for key, member in value.items() if member is not None}
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


def test_every_choice_of_public_data_has_a_name() -> None:
    assert set(ragx.datasets.names()) == {path.stem for path in CONF.glob("*.yaml")} - OWN_DATA
    assert ragx.datasets.names() == sorted(ragx.datasets.names())


@pytest.mark.parametrize("name", ragx.datasets.names())
def test_it_is_read_as_the_command_line_reads_it(name: str) -> None:
    part, reader = of_the_command_line(name), READERS[name]
    assert getattr(reader, "func", reader) is part.target
    written = {key: value.build() if isinstance(value, Part) else value for key, value in part.arguments.items()}
    defaults: dict[str, Any] = part.target.__kwdefaults__ or {}
    assert plain(defaults | getattr(reader, "keywords", {})) == plain(defaults | written)


@pytest.mark.parametrize(
    ("name", "file"), [("ml-100k", "ml-100k/ml-100k.inter.gz"), ("beauty", "s3rec-sequences/Beauty.txt.gz")]
)
def test_the_dataset_is_the_same_to_the_last_cell(name: str, file: str) -> None:
    if look_for(file) is None:
        pytest.skip("the data is not here")
    dataset = ragx.datasets.load(name)
    other = of_the_command_line(name).build()
    assert dataset.name == other.name
    assert contents_of(dataset, dataset.tables) == contents_of(other, other.tables)


def test_options_reach_the_reader() -> None:
    assert ragx.datasets.load("shop", num_users=40, num_items=20).interactions.num_users == 40


def test_an_unknown_name_or_option_is_told_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"name: expected one of beauty, .*; got 'ml100k'\. Did you mean 'ml-100k'\?"):
        ragx.datasets.load("ml100k")
    with pytest.raises(ValueError, match=r"option of shop: .* got 'num_user'\. Did you mean 'num_users'\?"):
        ragx.datasets.load("shop", num_user=3)


def test_absent_data_is_looked_for_and_the_message_says_where(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ml-100k\.inter.* was not found\. Looked for .*RAGX_DATA"):
        ragx.datasets.load("ml-100k", root=str(tmp_path))
