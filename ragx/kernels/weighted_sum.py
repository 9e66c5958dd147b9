"""The weighted sum over neighbours, the one operation that every message-passing layer here comes down to."""

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.adjoint import sum_over_edges
from ragx.kernels.raw.weighted_sum import product, weighted_sum_reference
from ragx.typing import Float, Tensor

__all__ = ["product", "weighted_sum", "weighted_sum_reference"]


def weighted_sum(
    x: Float[Tensor, "S ..."],
    weight: Float[Tensor, "E ..."] | None,
    adjacency: Adjacency,
    *,
    transposed_weight: Float[Tensor, "E ..."] | None = None,
) -> Float[Tensor, "T ..."]:
    """Sum the neighbours of every target: ``out_i = Σ_e weight_e x_source(e)`` over the edges e with target i.

    Nothing of size E × D is made, forward or backward, and any order of derivative is right.

    Args:
        x: values of the sources, [S, D] or [S, H, D].
        weight: weight of every edge in row order, [E], or [E, H] for one weight a head; None stands for ones.
        adjacency: the edges.
        transposed_weight: ``weight[adjacency.permutation]``, for a constant weight that is used again and again;
            without it every backward pass permutes the weight anew. Of symmetric weights it is ``weight`` itself.

    Returns:
        Sums of the targets, [T, D] or [T, H, D]; zeros where a target has no edge.

    Raises:
        ValueError: shapes or dtypes do not fit, or ``transposed_weight`` comes with a weight that needs a gradient.
    """
    _check_inputs(x, weight, adjacency, transposed_weight)
    if x.dim() == 3 and (weight is None or weight.dim() == 1):
        flat = weighted_sum(x.flatten(1), weight, adjacency, transposed_weight=transposed_weight)
        return flat.reshape(-1, *x.shape[1:])
    return sum_over_edges(x, weight, transposed_weight, adjacency)


def _check_inputs(x: Tensor, weight: Tensor | None, adjacency: Adjacency, transposed_weight: Tensor | None) -> None:
    check(
        x.dim() in (2, 3) and x.shape[0] == adjacency.num_sources,
        f"x: expected shape [{adjacency.num_sources}, D] or [{adjacency.num_sources}, H, D], got {list(x.shape)}.",
    )
    for name, value in (("weight", weight), ("transposed_weight", transposed_weight)):
        if value is not None:
            expected = [adjacency.num_edges, *x.shape[1:-1]]
            check(
                list(value.shape) in ([adjacency.num_edges], expected),
                f"{name}: expected shape {expected}, one weight an edge (and head), got {list(value.shape)}.",
            )
            check(
                value.dtype == x.dtype,
                f"{name}: expected the dtype of x, {x.dtype}, got {value.dtype}; cast it with .to(x.dtype).",
            )
    if transposed_weight is not None:
        check(
            weight is not None and not (weight.requires_grad or transposed_weight.requires_grad),
            "transposed_weight: expected only beside a constant weight; leave it out for a weight to be learnt.",
        )
