"""The pattern in compressed rows: both orders, of indices of any integer type, made once."""

import pytest
import torch

from ragx.graph.adjacency import Adjacency

SOURCE, TARGET = torch.tensor([0, 2, 1, 0]), torch.tensor([1, 0, 1, 0])


def test_rows_lie_by_target_and_within_a_target_by_source() -> None:
    adjacency, order = Adjacency.from_edges(SOURCE, TARGET, 3, 2)
    assert order.tolist() == [3, 1, 0, 2]
    assert adjacency.edge_index.tolist() == [[0, 2, 0, 1], [0, 0, 1, 1]]
    assert adjacency.row_pointer.tolist() == [0, 2, 4]
    assert adjacency.degree.tolist() == [2, 2]
    assert adjacency.permutation.tolist() == [0, 2, 3, 1]
    assert adjacency.transposed.edge_index.tolist() == [[0, 1, 1, 0], [0, 0, 1, 2]]
    assert adjacency.transposed.degree.tolist() == [2, 1, 1]


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16])
def test_small_integers_do_not_overflow(dtype: torch.dtype) -> None:
    """Target times number of sources goes beyond 32 bits."""
    nodes = 30_000 if dtype == torch.int16 else 100_000
    source, target = torch.tensor([5, nodes - 1, 0]), torch.tensor([nodes - 1, nodes - 1, 3])
    adjacency, order = Adjacency.from_edges(source.to(dtype), target.to(dtype), nodes, nodes)
    assert order.tolist() == [2, 0, 1]
    assert adjacency.edge_index.tolist() == [[0, 5, nodes - 1], [3, nodes - 1, nodes - 1]]
    assert all(index.dtype == torch.int64 for index in (adjacency.source, adjacency.target, adjacency.row_pointer))


def test_what_are_no_indices_is_refused() -> None:
    with pytest.raises(ValueError, match=r"source: expected integers, got torch\.float32"):
        Adjacency.from_edges(SOURCE.float(), TARGET, 3, 2)
    with pytest.raises(ValueError, match=r"target: expected integers, got torch\.bool"):
        Adjacency.from_edges(SOURCE, TARGET.bool(), 3, 2)
    with pytest.raises(ValueError, match="target: expected node indices from 0 to 0, got 0 to 1"):
        Adjacency.from_edges(SOURCE, TARGET, 3, 1)


def test_what_is_derived_is_made_once() -> None:
    adjacency, _ = Adjacency.from_edges(SOURCE, TARGET, 3, 2)
    for name in ("edge_index", "degree", "edge_number", "transposed", "narrow_source"):
        assert getattr(adjacency, name) is getattr(adjacency, name), name
    assert adjacency.head_major(2) is adjacency.head_major(2)
    assert adjacency.transposed.transposed is adjacency


def test_it_stays_where_it_is_and_moves_where_it_is_not() -> None:
    adjacency, _ = Adjacency.from_edges(SOURCE, TARGET, 3, 2)
    assert adjacency.to("cpu") is adjacency.to(torch.device("cpu", 0)) is adjacency
    assert adjacency.to("meta").edge_index.device.type == "meta"


def test_parts_of_rows_cover_all_and_have_about_as_many_edges() -> None:
    target = torch.arange(1_000).repeat_interleave(torch.arange(1_000) % 7)
    adjacency, _ = Adjacency.from_edges(torch.zeros_like(target), target, 1, 1_000)
    ends = adjacency.row_parts(8)
    assert ends[0] == 0 and ends[-1] == 1_000 and len(ends) == 9
    edges = adjacency.row_pointer[ends].diff()
    assert int(edges.max() - edges.min()) <= 14
    assert adjacency.row_parts(8) is ends
    empty, _ = Adjacency.from_edges(target[:0], target[:0], 1, 3)
    assert empty.row_parts(4).tolist() == [0, 3]


def test_a_pattern_in_which_every_edge_has_its_opposite_is_its_own_transpose() -> None:
    one, other = torch.tensor([0, 0, 2, 3, 1]), torch.tensor([1, 1, 4, 3, 4])  # an edge twice, and one to itself
    both, _ = Adjacency.from_edges(torch.cat([one, other]), torch.cat([other, one]), 6, 6)
    assert both.transposed is both
    single, _ = Adjacency.from_edges(one, other, 6, 6)
    assert single.transposed is not single
    assert torch.equal(single.transposed.edge_index, single.edge_index.flip(0)[:, single.permutation])
    rectangle, _ = Adjacency.from_edges(SOURCE, TARGET, 3, 2)
    assert (rectangle.transposed.num_sources, rectangle.transposed.num_targets) == (2, 3)


def test_numbers_that_either_direction_shares_are_turned_without_a_copy() -> None:
    one, other = torch.tensor([0, 0, 2]), torch.tensor([3, 4, 4])
    adjacency, order = Adjacency.from_edges(torch.cat([one, other]), torch.cat([other, one]), 5, 5)
    shared = torch.tensor([1.0, 2.0, 3.0]).repeat(2)[order]
    assert adjacency.turned(shared) is shared
    directed = torch.arange(6.0)[order]
    assert torch.equal(adjacency.turned(directed), directed[adjacency.permutation])
