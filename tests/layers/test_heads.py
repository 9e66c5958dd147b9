"""Numbers of heads that a width can be divided into."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from ragx.layers.heads import check_heads
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.parts import bind

CONF = Path(__file__).resolve().parents[2] / "conf"


@pytest.mark.parametrize(
    ("width", "heads", "message"),
    [
        (64, 5, "heads: 5 heads do not divide the width 64. Nearest that fit: heads 4 or 8, or width 60 or 65."),
        (6, 4, "heads: 4 heads do not divide the width 6. Nearest that fit: heads 3 or 6, or width 4 or 8."),
        (2, 5, "heads: 5 heads do not divide the width 2. Nearest that fit: heads 2, or width 5."),
        (1, 2, "heads: 2 heads do not divide the width 1. Nearest that fit: heads 1, or width 2."),
    ],
)
def test_what_does_not_divide_names_the_nearest_that_fit(width: int, heads: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        check_heads(width, heads, concat=True)
    assert str(error.value) == message


def test_what_divides_or_is_averaged_passes() -> None:
    for heads in (1, 2, 4, 8, 64):
        check_heads(64, heads, concat=True)
    check_heads(64, 5, concat=False)


def test_heads_that_do_not_divide_the_width_of_a_model_are_refused_before_data_is_read() -> None:
    config: Any = OmegaConf.to_container(OmegaConf.load(CONF / "layer" / "relevance_attention.yaml"))
    layer = bind({"layer": config | {"heads": 3}}, {"layer": ("in_channels", "out_channels")})["layer"].factory()
    message = "layer: heads: 3 heads do not divide the width 64. Nearest that fit: heads 2 or 4, or width 63 or 66."
    with pytest.raises(ValueError) as error:
        RelevanceAwareGraph(num_users=2, num_items=3, layer=layer, hidden_dim=64)
    assert str(error.value) == message


@pytest.mark.parametrize("concat", [True, False])
def test_there_is_at_least_one_head(concat: bool) -> None:
    with pytest.raises(ValueError, match="heads: expected at least 1, got 0"):
        check_heads(64, 0, concat)
