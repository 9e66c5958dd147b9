"""The lowest frequencies of the graph of items: the eigenvectors of P with the largest eigenvalues."""

import math

import numpy as np
import torch
from scipy import sparse

from ragx.checks import check
from ragx.models.closed_forms.graph_filters.item_graph import WIDTH, ItemGraph
from ragx.models.progress import tell_progress
from ragx.typing import Float, Tensor

DENSE = 2000
"""Users or items, whichever are fewer, up to which the decomposition is exact."""

SPARE, ROUNDS = 64, 2
NOISE = 1e-6
"""Share of the largest eigenvalue below which single precision cannot tell one of a Gram matrix from 0."""

LARGEST_GROWTH = 1e6
"""How much more a round may lengthen the first vector than the last: single precision still tells both apart."""


def low_pass(matrix: sparse.csr_array, count: int) -> Float[Tensor, "I K"]:
    """Return the right singular vectors of a matrix to its largest singular values, of which the first is near 1.

    Exact, by a dense decomposition, where one side of the matrix has at most ``DENSE`` rows. Else by iteration of a
    subspace: it begins at random, with ``SPARE`` more dimensions than are asked for, and each of ``ROUNDS`` rounds
    multiplies it by the Chebyshev polynomial of P = R̃ᵀ R̃ that is small from 0 to the smallest eigenvalue seen so
    far, and takes its Ritz vectors. Draws come from torch's generator.

    Args:
        matrix: R̃ [U, I].
        count: number of vectors K.

    Raises:
        ValueError: the matrix has a lower rank than K.

    Source: Zhou, Saad, Tiago and Chelikowsky, "Self-consistent-field calculations using Chebyshev-filtered subspace
    iteration", Journal of Computational Physics 2006.
    """
    most = min(int((matrix.sum(axis=axis) > 0).sum()) for axis in (0, 1))
    _check_rank(count, most)
    if min(matrix.shape) <= DENSE:
        return _by_decomposition(matrix, count)
    return _by_iteration(ItemGraph(matrix), count, min(count + SPARE, most))


def low_pass_bytes(num_users: int, num_items: int, count: int) -> int:
    """Return about how many bytes the vectors take while they are made, with those of users beside them."""
    fewer = min(num_users, num_items)
    made = 3 * 8 * fewer**2 if fewer <= DENSE else 6 * 4 * num_items * (count + SPARE)
    return made + 4 * num_users * count


def _check_rank(count: int, rank: int) -> None:
    check(count <= rank, f"vectors: expected at most {rank}, the rank of the matrix of users by items, got {count}.")


def _by_decomposition(matrix: sparse.csr_array, count: int) -> Tensor:
    is_wide = matrix.shape[0] < matrix.shape[1]
    gram = (matrix @ matrix.T if is_wide else matrix.T @ matrix).toarray()
    values, vectors = np.linalg.eigh(gram)
    _check_rank(count, int((values > values[-1] * len(values) * np.finfo(float).eps).sum()))
    values, vectors = values[-count:], vectors[:, -count:]
    if is_wide:
        vectors = matrix.T @ (vectors / np.sqrt(values))
    return torch.from_numpy(np.ascontiguousarray(vectors[:, ::-1], dtype=np.float32))


def _by_iteration(graph: ItemGraph, count: int, size: int) -> Tensor:
    start = graph(torch.randn(graph.num_items, size))
    values, vectors, images = _ritz(graph, start / start.norm(dim=0))
    for number in range(ROUNDS):
        tell_progress("singular vectors", (number + 1) / (ROUNDS + 1))
        values, vectors, images = _ritz(graph, _amplified(graph, vectors, images, float(values[0])))
    _check_rank(count, len(values))
    return vectors[:, -count:].flip(1).contiguous()


def _ritz(graph: ItemGraph, block: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return ascending Ritz values of P in the span of a block, with their vectors X, orthonormal, and P X."""
    image = graph(block)
    lengths, axes = torch.linalg.eigh((block.T @ block).double())
    kept = lengths > lengths[-1] * NOISE
    whitening = axes[:, kept] / lengths[kept].sqrt()
    projected = whitening.T @ (block.T @ image).double() @ whitening
    values, rotation = torch.linalg.eigh((projected + projected.T) / 2)
    rotation = (whitening @ rotation).float()
    return values, block @ rotation, image @ rotation


def _amplified(graph: ItemGraph, vectors: Tensor, images: Tensor, cut: float) -> Tensor:
    """Return T_d(2 P / cut − I) of Ritz vectors, at unit length, given their images under P."""
    cut = min(max(cut, NOISE), 0.99)
    degree = max(2, min(12, int(math.acosh(LARGEST_GROWTH) / math.acosh(2.0 / cut - 1.0))))
    columns = []
    for vector, image in zip(*(torch.split(part, WIDTH, dim=1) for part in (vectors, images)), strict=True):
        before, term = vector.contiguous(), image * (2.0 / cut) - vector
        for _ in range(degree - 1):
            product = graph(term).mul_(2.0 / cut).sub_(term)
            before, term = term, product.mul_(2.0).sub_(before)
        columns.append(term / term.norm(dim=0))
    return torch.cat(columns, dim=1)
