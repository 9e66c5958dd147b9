"""The results of eight small configurations, held to frozen values: bits depend on the processor, these do not."""

import json
from pathlib import Path
from typing import Any

import golden
import pytest
import torch

EXPECTED = json.loads((Path(__file__).parents[2] / "experiments/expected/golden.json").read_text())


def test_every_configuration_has_its_values() -> None:
    assert EXPECTED.keys() == golden.CONFIGURATIONS.keys()


@pytest.mark.parametrize("name", golden.CONFIGURATIONS)
def test_a_configuration_comes_to_its_frozen_values(command: Any, tmp_path: Path, name: str) -> None:
    threads = torch.get_num_threads()
    try:
        assert command("run", *golden.options_of(name), "runs=runs").status == 0
    finally:
        torch.set_num_threads(threads)
    (metrics,) = tmp_path.glob("runs/*/metrics.json")

    outcome = golden.read_outcome(metrics.parent)

    assert outcome.values == pytest.approx(EXPECTED[name], abs=1e-4)
    assert golden.differences(outcome, outcome) == []


def test_what_differs_is_named(command: Any, tmp_path: Path) -> None:
    outcomes = []
    for seed in ("0", "1"):
        assert command("run", *golden.options_of("softmax"), f"seed={seed}", f"runs=of-{seed}").status == 0
        (metrics,) = tmp_path.glob(f"of-{seed}/*/metrics.json")
        outcomes.append(golden.read_outcome(metrics.parent))

    lines = golden.differences(*outcomes)

    for begin in (
        "weights embedding: up to ",
        "lists: ",
        "curve: 2 and 2 lines, unequal at [1, 2]",
        "value test/ndcg@20",
    ):
        assert any(line.startswith(begin) for line in lines), (begin, lines)
