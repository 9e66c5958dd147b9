"""Models that one method of a subclass breaks."""

from torch import Tensor

from ragx.graph.graph import Graph
from ragx.models.matrix_factorization import MatrixFactorization


class Changed(MatrixFactorization):
    """Matrix factorisation whose vectors a subclass changes."""

    def __init__(self, *, num_users: int, num_items: int) -> None:
        super().__init__(num_users=num_users, num_items=num_items, hidden_dim=4)
        self.made()

    def made(self) -> None:
        """Make what the subclass needs."""

    def forward(self, graph: Graph) -> Tensor:
        return self.changed(self.embedding, graph)

    def changed(self, x: Tensor, graph: Graph) -> Tensor:
        return x
