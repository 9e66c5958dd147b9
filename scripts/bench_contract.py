"""Layers of one's own: one with only ``message`` keeps the contract, a broken one is told which clause it breaks."""

from bench_common import Verdict
from torch import Tensor

from ragx.layers.relevance_conv import RelevanceConv
from ragx.testing import check_layer


class NearTheNode(RelevanceConv):
    """What is near the node counts more."""

    def message(self, x_i: Tensor, x_j: Tensor, edge_weight: Tensor) -> Tensor:  # type: ignore[override]
        """Return the neighbour by its weight and its distance."""
        return (edge_weight / (1 + (x_i - x_j).square().sum(-1))).unsqueeze(-1) * x_j


class Unweighted(RelevanceConv):
    """Broken: what it sends does not look at the weight, so that an edge of weight 0 is heard."""

    def message(self, x_j: Tensor) -> Tensor:  # type: ignore[override]
        """Return the neighbour."""
        return x_j


def contract() -> tuple[list[Verdict], str]:
    """Return the verdicts on both layers, and what the broken one is told."""
    check_layer(NearTheNode)
    clause, message = "weight 0 = no edge", "nothing"
    try:
        check_layer(Unweighted)
    except AssertionError as error:
        message = str(error)
    return [
        Verdict("an own layer with only `message` keeps the contract", True, "kept"),
        Verdict(
            f"a broken layer fails by the clause {clause!r}", message.startswith(clause), message.partition(":")[0]
        ),
    ], message
