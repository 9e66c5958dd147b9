"""What a metric of one's own declares, and how it is found by its dotted path."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ragx.metrics import Metric, metric
from ragx.metrics.own import declared, located, own_in, own_or_known

CODE = """
import torch
from ragx.metrics import metric

class Base:
    def __init__(self, gain=2):
        self.gain = gain
    def __call__(self, hits, counts, k, conventions):
        return self.gain * hits[:, :k].sum(1).double()

@metric(larger_is_better=None, unit="items", takes_cutoff=False)
class Hits(Base):
    pass

thrice = Hits(3)
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "my_hits.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("my_hits", None)


@pytest.mark.parametrize(("name", "gain"), [("Hits", 2.0), ("thrice", 3.0)])
def test_a_class_and_an_instance_are_found_under_their_names(name: str, gain: float) -> None:
    known, function = located(f"my_hits.{name}")
    assert known == Metric(name, None, "items", takes_cutoff=False, path=f"my_hits.{name}")
    hits = torch.tensor([[True, False], [False, False]])
    assert function(hits, torch.tensor([1, 1]), 2, None).tolist() == [gain, 0.0]
    assert own_or_known(f"my_hits.{name}") == known


def test_a_declared_function_is_the_function_itself() -> None:
    def gain(hits: torch.Tensor) -> torch.Tensor:
        return hits

    assert declared(gain) is None
    assert metric(larger_is_better=True)(gain) is gain
    assert declared(gain) == Metric("gain")


def test_what_is_declared_is_of_its_kind() -> None:
    with pytest.raises(ValueError, match="larger_is_better: expected True, False or None, got 'no'"):
        metric(larger_is_better="no")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unit: expected text such as 'EUR', got 5"):
        metric(larger_is_better=True, unit=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("option", "value", "own"),
    [
        ("metrics", ["recall", "my_hits.Hits@5", 7], ["my_hits.Hits@5"]),
        ("monitor", "my_hits.Hits", ["my_hits.Hits"]),
        ("monitor", "ndcg@20", []),
        ("path", "my.file", []),
        ("metrics", None, []),
    ],
)
def test_the_metrics_of_ones_own_in_a_config_are_its_dotted_paths(option: str, value: object, own: list[str]) -> None:
    assert own_in(option, value) == own
