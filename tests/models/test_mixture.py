"""Closed forms beside a trained model, as much as validation chooses."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from ragx.data.split import Split
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph
from ragx.layers.light_conv import LightConv
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.graph_filters.linear_filter import LinearFilter
from ragx.models.mixture import Mixture, pairs_of
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.ranking.mixed import Mixed

IsBetter = Callable[[float, float | None], bool]


class Hungry(ClosedForm):
    """Takes more memory than there is."""

    def fit(self, train: Any) -> Any:
        raise AssertionError("it must not be fitted")

    def needed_bytes(self, train: Any) -> int:
        return 2**50


def more(value: float, best: float | None) -> bool:
    return best is None or value > best


def model_of(graph: Graph, mixture: Mixture | None) -> RelevanceAwareGraph:
    torch.manual_seed(0)
    return RelevanceAwareGraph(
        num_users=graph.num_users, num_items=graph.num_items, layer=partial(LightConv), num_layers=1, mixture=mixture
    )


def test_pairs_of_a_graph_are_those_it_was_made_of(tiny_split: Split) -> None:
    pairs = pairs_of(build_graph(tiny_split.train)).pairs()
    expected = tiny_split.train.pairs()
    assert set(pairs.select("user", "item").iter_rows()) == set(expected.select("user", "item").iter_rows())


def test_weights_are_tried_as_long_as_they_gain(tiny_graph: Graph) -> None:
    tried: list[tuple[float, ...]] = []
    worth = {0.0: 0.1, 0.05: 0.2, 0.1: 0.15, 0.2: 0.3, 0.4: 0.2, 0.8: 0.1, 1.6: 0.9}

    def value_of(weights: torch.Tensor) -> float:
        tried.append(tuple(weights.tolist()))
        return worth[tried[-1][0]]

    mixture = Mixture(closed_forms={"filter": LinearFilter(), "hungry": Hungry()})
    chosen = mixture.choose(tiny_graph, value_of, more)
    assert chosen.tolist() == [0.2, 0.0]
    assert [weight for weight, _ in tried] == [0.0, 0.05, 0.1, 0.2, 0.4, 0.8]


def test_what_gains_nothing_is_not_added(tiny_graph: Graph) -> None:
    mixture = Mixture(closed_forms={"filter": LinearFilter()})
    assert mixture.choose(tiny_graph, lambda weights: 0.5, more).tolist() == [0.0]


def test_a_second_closed_form_comes_on_top_of_the_first(tiny_graph: Graph) -> None:
    mixture = Mixture(closed_forms={"a": LinearFilter(), "b": LinearFilter()}, weights=(0.1, 0.2))
    chosen = mixture.choose(tiny_graph, lambda weights: float(weights.sum()), more)
    assert chosen.tolist() == [0.2, 0.2]


def test_a_model_ranks_by_the_mixture_once_it_is_chosen_and_keeps_it_with_its_weights(tiny_graph: Graph) -> None:
    mixture = Mixture(closed_forms={"filter": LinearFilter()})
    model, plain = model_of(tiny_graph, mixture), model_of(tiny_graph, None)
    users = torch.arange(5)
    assert torch.equal(model.recommend(tiny_graph, users, 5).items, plain.recommend(tiny_graph, users, 5).items)
    model.mixture_weights.fill_(0.4)  # type: ignore[union-attr]
    other = model_of(tiny_graph, mixture)
    other.load_state_dict(model.state_dict())
    assert isinstance(other.scorer(tiny_graph), Mixed)
    lists = [ranked.recommend(tiny_graph, users, 5) for ranked in (model, other)]
    assert torch.equal(lists[0].items, lists[1].items)
    assert not torch.equal(lists[0].items, plain.recommend(tiny_graph, users, 5).items)
    assert "mixture_weights" not in plain.state_dict()


@pytest.mark.parametrize("weights", [(), (0.0, 0.1), (0.2, 0.1)])
def test_weights_ascend_from_above_0(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"weights: expected weights above 0 in ascending order, got"):
        Mixture(closed_forms={"filter": LinearFilter()}, weights=weights)


def test_there_is_something_to_mix() -> None:
    with pytest.raises(ValueError, match=r"closed_forms: expected at least one by its name, got none"):
        Mixture(closed_forms={})
