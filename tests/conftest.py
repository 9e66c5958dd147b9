"""A tiny generated shop, its split and its graph, and the folder of real data."""

import os
from pathlib import Path

import pytest

from ragx.data.dataset import Dataset
from ragx.data.shop import generated_shop
from ragx.data.split import Split
from ragx.data.splitters import time_split
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph


@pytest.fixture(scope="session")
def tiny_shop() -> Dataset:
    """Return a shop of 120 users and 60 items."""
    return generated_shop(num_users=120, num_items=60, num_days=60, events_per_user=12)


@pytest.fixture(scope="session")
def tiny_split(tiny_shop: Dataset) -> Split:
    """Return the tiny shop split by time."""
    return time_split(tiny_shop)


@pytest.fixture(scope="session")
def tiny_graph(tiny_split: Split) -> Graph:
    """Return the graph of the tiny shop's train part, with the symmetric norm."""
    return build_graph(tiny_split.train)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data sets, or skip."""
    folder = os.environ.get("RAGX_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("RAGX_DATA does not name a folder of real data")
    return Path(folder)
