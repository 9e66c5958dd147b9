"""The hash of the source changes with what takes part in a result, and with nothing else."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragx.runs import source_hash as module
from ragx.runs.source_hash import modules_of, source_hash

LAYER = """
from my_helpers import gain
from ragx.layers.light_conv import LightConv

class MyConv(LightConv):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an importable folder with a layer and a module that it imports."""
    (tmp_path / "my_conv.py").write_text(LAYER)
    (tmp_path / "my_helpers.py").write_text("gain = 1.0\n")
    (tmp_path / "my_other.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    for name in ("my_conv", "my_helpers", "my_other"):
        sys.modules.pop(name, None)


def test_an_outside_layer_and_what_it_imports_count(folder: Path) -> None:
    first = source_hash(["my_conv"])
    assert source_hash(["my_conv"]) == first
    assert source_hash(["ragx.layers.light_conv"]) != first
    (folder / "my_other.py").write_text("x = 22\n")
    assert source_hash(["my_conv"]) == first
    (folder / "my_helpers.py").write_text("gain = 22.0\n")
    changed = source_hash(["my_conv"])
    assert changed != first
    (folder / "my_conv.py").write_text(LAYER + "\n")
    assert source_hash(["my_conv"]) not in (first, changed)


def test_metrics_of_ones_own_count_wherever_a_config_names_them() -> None:
    protocol = {"_target_": "ragx.evaluation.Protocol", "metrics": ["recall", "my_metrics.gain", "others.loss@5"]}
    stopping = {"_target_": "ragx.training.Stopping", "monitor": "third.rank@20"}
    modules = modules_of({"evaluation": protocol, "trainer": {"stopping": stopping}})
    assert modules == {"ragx.evaluation", "ragx.training", "my_metrics", "others", "third"}


def test_what_does_not_take_part_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    plain = module._read

    def noting(name: str) -> tuple[str, tuple[str, ...]]:
        read.append(name)
        return plain(name)

    monkeypatch.setattr(module, "_read", noting)
    source_hash(["ragx.layers.light_conv"])
    assert {"ragx.layers.relevance_conv", "ragx.kernels.weighted_sum", "ragx.training.trainer"} <= set(read)
    assert not {"ragx.layers.ngcf_conv", "ragx.report.pages.sweep", "ragx.testing"} & set(read)


def test_other_loaded_modules_make_no_difference() -> None:
    first = source_hash(["ragx.layers.light_conv"])
    importlib.import_module("ragx.layers.ngcf_conv")
    assert source_hash(["ragx.layers.light_conv"]) == first


def test_what_is_not_there_is_passed_over() -> None:
    assert source_hash(["no.such.module", "torch.optim"]) == source_hash([])
