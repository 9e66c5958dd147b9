"""Picking rows, with a backward pass that gives the same bits each time."""

from torch.nn import functional

from ragx.checks import check
from ragx.typing import Float, Int, Tensor


def gather_rows(x: Float[Tensor, "N ..."], index: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return ``x[index]``, whose gradient is summed in a fixed order, whatever the number of threads.

    The backward pass of plain indexing adds float32 rows atomically on a CPU with several threads.

    Args:
        x: values [N, ...].
        index: rows to pick, of any shape.

    Raises:
        ValueError: ``index`` does not hold integers.
    """
    check(
        not index.is_floating_point() and index.dtype.itemsize >= 4,
        f"index: expected int32 or int64 row numbers, got {index.dtype}.",
    )
    rows = functional.embedding(index, x.reshape(x.shape[0], -1) if x.dim() != 2 else x)
    return rows.reshape(*index.shape, *x.shape[1:])


def gather_rows_reference(x: Float[Tensor, "N ..."], index: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return ``x[index]`` by plain indexing."""
    return x[index]
