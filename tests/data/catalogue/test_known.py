"""The catalogue agrees with the configs and, where it is there, with the data."""

import gzip
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragx.data.catalogue.entry import CatalogueEntry
from ragx.data.catalogue.known import CATALOGUE, catalogued
from ragx.parts import bind

CONFIGS = Path(__file__).parents[3] / "conf" / "dataset"
OWN = {"csv", "custom", "tsv", "parquet", "jsonl", "sql", "recbole", "lines", "shop"}


def config(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CONFIGS / f"{name}.yaml").read_text()))


def test_every_public_dataset_has_a_config_and_the_other_way_round() -> None:
    assert {path.stem for path in CONFIGS.glob("*.yaml")} - OWN == {entry.name for entry in CATALOGUE}


@pytest.mark.parametrize("name", sorted(OWN - {"custom", "shop"}))
def test_configs_for_own_data_bind_once_the_path_is_given(name: str) -> None:
    given = {key: "some" for key, value in config(name).items() if value == "???"}
    assert given
    assert bind({"dataset": {**config(name), **given}}, {"dataset": ()})["dataset"].path == "dataset"


def test_files_are_found_by_their_place() -> None:
    some = CATALOGUE[0].files[0]
    assert catalogued(some.path) is some
    assert catalogued("nothing.txt") is None
    for entry in CATALOGUE:
        for file in entry.files:
            assert len(bytes.fromhex(file.sha256)) == len(bytes.fromhex(file.content_sha256)) == 32
            assert file.size > 0


@pytest.mark.skipif("RAGX_DATA" not in os.environ, reason="needs the public data: set RAGX_DATA")
@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: str(entry.name))
def test_counts_and_checksums(entry: CatalogueEntry) -> None:
    for file in entry.files:
        raw = (Path(os.environ["RAGX_DATA"]) / file.path).read_bytes()
        content = gzip.decompress(raw) if file.path.endswith(".gz") else raw
        assert hashlib.sha256(raw).hexdigest() == file.sha256
        assert hashlib.sha256(content).hexdigest() == file.content_sha256
        assert len(content) == file.size
    some = bind({"dataset": config(entry.name)}, {"dataset": ()})["dataset"].build().interactions
    assert (some.num_users, some.num_items, len(some)) == (entry.num_users, entry.num_items, entry.num_interactions)
