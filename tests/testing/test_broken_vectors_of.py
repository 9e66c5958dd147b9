"""A model that gives other vectors of some nodes than of all fails that clause."""

import pytest
from torch import Tensor

from ragx.graph.graph import Graph
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.models.node_model import NodeModel
from ragx.testing import check_model


class OtherVectorsOfSome(MatrixFactorization):
    def vectors_of(self, graph: Graph, nodes: Tensor) -> Tensor | None:
        return 2 * self.embedding[nodes]


class SomeVectorsUnlearnt(MatrixFactorization):
    def vectors_of(self, graph: Graph, nodes: Tensor) -> Tensor | None:
        kept = self.embedding[nodes]
        return kept.detach() + 0 * kept


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (OtherVectorsOfSome, "vectors of some nodes: vectors_of does not give what forward gives of the nodes"),
        (SomeVectorsUnlearnt, "vectors of some nodes: the gradient of vectors_of is not that of forward"),
    ],
)
def test_each_fault_fails_the_clause(kind: type[NodeModel], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_model(kind)
