"""Annotated shapes hold: the tests of everything that takes tensors, with every call checked."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECKED = ("ranking", "layers", "kernels", "models", "objectives", "graph")
LEFT_OUT = ("--ignore=tests/kernels/test_traced.py", "-k", "not refused and not 32_bits", "-m", "not slow")
"""What is compiled cannot be looked at, and what is to be refused is refused by its shape first."""


@pytest.mark.slow
def test_every_annotated_shape_holds_in_the_tests_of_tensors() -> None:
    folders = [f"tests/{name}" for name in CHECKED]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.checked_shapes", *LEFT_OUT, *folders]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-4000:]


def test_a_wrong_shape_is_seen() -> None:
    """Without this, the test above could not fail."""
    code = (
        "import tests.checked_shapes, torch\n"
        "from ragx.ranking.scorers import InnerProduct\n"
        "scorer = InnerProduct(torch.rand(3, 2), torch.rand(4, 2))\n"
        "scorer.exact(torch.tensor([0, 1]), torch.zeros(5, 2, dtype=torch.long))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "TypeCheckError" in ended.stderr, ended.stderr
