"""Edge weights, worked by hand and against PyG."""

import math

import pytest
import torch
from torch_geometric.nn.conv.gcn_conv import gcn_norm

from ragx.graph.graph import Graph
from ragx.graph.weights import ByKind, EdgeWeight, LogCount, Recency, RowNorm, SymmetricNorm, Uniform, Value

DAY = 86_400


def shop(with_attributes: bool = True) -> Graph:
    """Return user 0 with items 0 and 1, user 1 with item 1; rows 2→0, 3→0, 3→1, 0→2, 0→3, 1→3."""
    attributes = {
        "count": torch.tensor([1, 3, 7]),
        "value": torch.tensor([2.0, 8.0, 0.5], dtype=torch.float64),
        "time": torch.tensor([0, 10 * DAY, 30 * DAY]),
        "count_of_view": torch.tensor([1, 2, 7]),
        "count_of_buy": torch.tensor([0, 1, 0]),
    }
    users, items = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])
    return Graph.from_pairs(users, items, 2, 2, attributes=attributes if with_attributes else None)


def of_pairs(a: float, b: float, c: float) -> torch.Tensor:
    """Return weights in row order of a graph whose pairs, both ways, weigh a, b and c."""
    return torch.tensor([a, b, c, a, b, c], dtype=torch.float32)


def normed(a: float, b: float, c: float) -> torch.Tensor:
    """Return w / √(s_i s_j) with the sums of weights s = a + b, c of users and a, b + c of items."""
    scale = [math.sqrt((a + b) * a), math.sqrt((a + b) * (b + c)), math.sqrt(c * (b + c))]
    return of_pairs(a / scale[0], b / scale[1], c / scale[2])


def test_rows_are_in_the_order_that_these_tests_take() -> None:
    assert shop().edge_index.tolist() == [[2, 3, 3, 0, 0, 1], [0, 0, 1, 2, 3, 3]]


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (Uniform(), of_pairs(1, 1, 1)),
        (SymmetricNorm(), of_pairs(1 / math.sqrt(2), 1 / 2, 1 / math.sqrt(2))),
        (RowNorm(), torch.tensor([1 / 2, 1 / 2, 1, 1, 1 / 2, 1 / 2])),
        (LogCount(normalize=False), of_pairs(math.log(2), math.log(4), math.log(8))),
        (LogCount(), normed(1, 2, 3)),
        (Value(normalize=False), of_pairs(2, 8, 0.5)),
        (Value(), normed(2, 8, 0.5)),
        (Recency(half_life=10.0, normalize=False), of_pairs(1 / 8, 1 / 4, 1)),
        (Recency(half_life=10.0), normed(1 / 8, 1 / 4, 1)),
        (ByKind(weights={"view": 1, "buy": 5}, normalize=False), of_pairs(1, 7, 7)),
        (ByKind(weights={"view": 1, "buy": 5}), normed(1, 7, 7)),
        (ByKind(weights={"view": 0.5, "buy": 0}, normalize=False), of_pairs(0.5, 1, 3.5)),
    ],
)
def test_worked_values(weight: EdgeWeight, expected: torch.Tensor) -> None:
    weights = weight(shop())
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights, expected)


@pytest.mark.parametrize(
    "weight",
    [Uniform(), SymmetricNorm(), RowNorm(), LogCount(), Value(normalize=False), ByKind(weights={"view": 1, "buy": 5})],
)
def test_weights_are_made_where_the_graph_lies(weight: EdgeWeight) -> None:
    graph = shop().to("meta")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ragx.graph.weights.check", lambda condition, message: None)  # which would read a value
        patch.setattr(torch.Tensor, "__bool__", lambda self: True)
        assert weight(graph).device.type == "meta"


def test_pyg_s_symmetric_norm_without_self_loops(tiny_graph: Graph) -> None:
    index, weight = gcn_norm(tiny_graph.edge_index, None, tiny_graph.num_nodes, add_self_loops=False)
    assert torch.equal(index, tiny_graph.edge_index)
    torch.testing.assert_close(SymmetricNorm()(tiny_graph), weight)


def test_pyg_s_norm_of_weights_that_differ(tiny_graph: Graph) -> None:
    raw = Value(normalize=False)(tiny_graph)
    _, weight = gcn_norm(tiny_graph.edge_index, raw, tiny_graph.num_nodes, add_self_loops=False)
    torch.testing.assert_close(Value()(tiny_graph), weight)


def test_nodes_without_edges_or_with_weight_zero_do_no_harm() -> None:
    attributes = {"value": torch.tensor([0.0, 4.0])}
    graph = Graph.from_pairs(torch.tensor([0, 1]), torch.tensor([0, 1]), 3, 3, attributes=attributes)
    assert Value()(graph).tolist() == [0.0, 1.0, 0.0, 1.0]
    assert SymmetricNorm()(graph).tolist() == [1.0] * 4
    assert RowNorm()(graph).tolist() == [1.0] * 4


def test_a_missing_column_is_named() -> None:
    bare = shop(with_attributes=False)
    with pytest.raises(ValueError, match="Edge weight Value: the interactions have no column value"):
        Value()(bare)
    with pytest.raises(ValueError, match="Edge weight Recency: the interactions have no column timestamp"):
        Recency()(bare)


def test_log_count_names_the_missing_count() -> None:
    with pytest.raises(ValueError, match=r"Edge weight LogCount: .*count"):
        LogCount()(shop(with_attributes=False))


def test_what_cannot_be_a_weight_is_refused() -> None:
    graph = Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 1, attributes={"value": torch.tensor([-1.0])})
    with pytest.raises(ValueError, match="Edge weight Value: expected values of at least 0, got a negative one"):
        Value()(graph)
    with pytest.raises(ValueError, match=r"weight\.half_life: expected a number greater than 0, got 0"):
        Recency(half_life=0)


def test_kinds_and_weights_have_to_agree() -> None:
    with pytest.raises(ValueError, match="Edge weight ByKind: the interactions have no column kind"):
        ByKind(weights={"view": 1})(shop(with_attributes=False))
    with pytest.raises(ValueError, match=r"unknown kind 'by'\. Did you mean 'buy'\? The kinds .* are buy, view"):
        ByKind(weights={"view": 1, "by": 5})(shop())
    with pytest.raises(ValueError, match=r"no weight for buy \(0 leaves a kind out\)\. The kinds .* are buy, view"):
        ByKind(weights={"view": 1})(shop())
    for wrong in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=r"weight\.weights\.view: expected a number of at least 0, got"):
            ByKind(weights={"view": wrong})
