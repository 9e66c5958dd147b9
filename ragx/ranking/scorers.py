"""What can be ranked: anything that scores a block of users against a block of items."""

from collections.abc import Callable
from typing import Protocol, final, runtime_checkable

import torch

from ragx.checks import check
from ragx.typing import Float, Int, Tensor

PRODUCTS_PER_CHUNK = 2**18
CALL_USERS, CALL_ITEMS = 64, 2048
UNIT_ROUNDOFF = {"highest": 2.0**-24, "high": 2.0**-11, "medium": 2.0**-8}


class Scorer(Protocol):
    """Scores of users for items; −inf keeps an item off a user's list, NaN is refused by ``rank``."""

    @property
    def num_users(self) -> int:
        """Number of users U."""
        ...

    @property
    def num_items(self) -> int:
        """Number of items I."""
        ...

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        """Return the scores of the named users for the items from ``items.start`` up to ``items.stop``."""
        ...


@runtime_checkable
class RoundedScorer(Scorer, Protocol):
    """A scorer whose fast scores are rounded, and which can score chosen pairs in one fixed order of summation."""

    def scores_into(self, users: Int[Tensor, " B"], items: slice, out: Float[Tensor, "B I_block"]) -> None:
        """Write ``scores(users, items)`` to ``out``, whose rows may be strided."""
        ...

    def exact(self, users: Int[Tensor, " B"], items: Int[Tensor, "B C"]) -> Float[Tensor, "B C"]:
        """Return float64 scores of pairs, the same for a pair whatever else is asked for."""
        ...

    def rounding(self, users: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Return a bound on the difference of ``scores`` and ``exact`` for every user."""
        ...


def _check_vectors(name: str, vectors: Tensor) -> Tensor:
    check(
        vectors.dim() == 2 and vectors.is_floating_point(),
        f"{name}: expected floating-point vectors [N, D], got shape {tuple(vectors.shape)} of {vectors.dtype}.",
    )
    dtype = vectors.dtype if vectors.dtype == torch.float64 else torch.float32
    return vectors.detach().to(dtype).contiguous()


def _sum_by_halves(products: Float[Tensor, "B C D"]) -> Float[Tensor, "B C"]:
    """Return sums over the width by elementwise additions alone, whose order no thread or block size can change."""
    while (width := products.shape[-1]) > 1:
        half = width // 2
        left = products[..., :half] + products[..., half : 2 * half]
        if width % 2:
            left[..., 0] += products[..., -1]
        products = left
    return products[..., 0] if products.shape[-1] else products.sum(-1)


@final
class InnerProduct:
    """Scores ``s_ui = ⟨p_u, q_i⟩``.

    Args:
        user_vectors: [U, D].
        item_vectors: [I, D].

    Raises:
        ValueError: the vectors are not floating-point matrices of one width on one device.
    """

    def __init__(self, user_vectors: Float[Tensor, "U D"], item_vectors: Float[Tensor, "I D"]) -> None:
        users, items = _check_vectors("user_vectors", user_vectors), _check_vectors("item_vectors", item_vectors)
        check(
            users.shape[1] == items.shape[1] and users.device == items.device and users.dtype == items.dtype,
            f"user_vectors and item_vectors: expected one width, device and type, got width {users.shape[1]} on "
            f"{users.device} of {users.dtype} and width {items.shape[1]} on {items.device} of {items.dtype}.",
        )
        self.user_vectors, self.item_vectors = users, items
        self._largest_norm = items.double().norm(dim=1).max() if len(items) else items.new_zeros(()).double()

    @property
    def num_users(self) -> int:
        """Number of users U."""
        return self.user_vectors.shape[0]

    @property
    def num_items(self) -> int:
        """Number of items I."""
        return self.item_vectors.shape[0]

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        """Return ``P_users Q_itemsᵀ`` as one matrix product."""
        return torch.mm(self.user_vectors[users], self.item_vectors[items].T)

    def scores_into(self, users: Int[Tensor, " B"], items: slice, out: Float[Tensor, "B I_block"]) -> None:
        """Write ``P_users Q_itemsᵀ`` to ``out``."""
        torch.mm(self.user_vectors[users], self.item_vectors[items].T, out=out)

    def exact(self, users: Int[Tensor, " B"], items: Int[Tensor, "B C"]) -> Float[Tensor, "B C"]:
        """Return float64 inner products of pairs, summed over the width by halves."""
        vectors, count, width = self.user_vectors[users].double(), items.shape[1], max(self.user_vectors.shape[1], 1)
        out = torch.empty(items.shape, dtype=torch.float64, device=items.device)
        columns = max(min(count, PRODUCTS_PER_CHUNK // width), 1)
        rows = max(PRODUCTS_PER_CHUNK // (width * columns), 1)
        for top in range(0, users.numel(), rows):
            for left in range(0, count, columns):
                part = items[top : top + rows, left : left + columns]
                chosen = self.item_vectors.index_select(0, part.reshape(-1)).view(*part.shape, -1)
                products = chosen.double().mul_(vectors[top : top + rows, None])
                out[top : top + rows, left : left + columns] = _sum_by_halves(products)
        return out

    def rounding(self, users: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Return ``2 D ε ‖p_u‖ max_i ‖q_i‖`` plus what underflow may lose, ε the product's unit roundoff."""
        vectors = self.user_vectors[users]
        width, precise = vectors.shape[1], vectors.dtype == torch.float64
        unit = 2.0**-53 if precise else UNIT_ROUNDOFF[torch.get_float32_matmul_precision()]
        norms: Tensor = vectors.double().norm(dim=1) * self._largest_norm
        return norms * (2 * width * unit) + width * torch.finfo(vectors.dtype).tiny


def _unit(vectors: Tensor) -> Tensor:
    norm = vectors.double().norm(dim=1, keepdim=True)
    return torch.where(norm > 0, vectors.double() / norm, 0.0).to(vectors.dtype)


@final
class Cosine:
    """Scores ``s_ui = ⟨p_u, q_i⟩ / (‖p_u‖ ‖q_i‖)``; a zero vector scores 0 with everything.

    Args:
        user_vectors: [U, D], normalised here once.
        item_vectors: [I, D], normalised here once.
    """

    def __init__(self, user_vectors: Float[Tensor, "U D"], item_vectors: Float[Tensor, "I D"]) -> None:
        users, items = _check_vectors("user_vectors", user_vectors), _check_vectors("item_vectors", item_vectors)
        self._product = InnerProduct(_unit(users), _unit(items))
        self.num_users, self.num_items = self._product.num_users, self._product.num_items
        self.scores, self.scores_into = self._product.scores, self._product.scores_into
        self.exact, self.rounding = self._product.exact, self._product.rounding


@final
class Constant:
    """One score an item, the same for every user: popularity, recency or nothing at all.

    Args:
        item_scores: [I].
        num_users: number of users U.
    """

    def __init__(self, item_scores: Tensor, num_users: int) -> None:
        check(item_scores.dim() == 1, f"item_scores: expected one score an item, got shape {tuple(item_scores.shape)}.")
        self.item_scores = item_scores.detach().to(torch.float64)
        self.num_users, self.num_items = num_users, item_scores.numel()

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        """Return the item scores once a user."""
        return self.item_scores[items].expand(users.numel(), -1)


Popularity = Constant


@final
class FunctionScorer:
    """Scores given by a function of users and a slice of items.

    The last bits of a matrix product follow the shape of the block. So the function is asked for the same blocks
    whatever is ranked beside a user: users 64 b to 64 b + 63 and items 2,048 t to 2,048 t + 2,047. What it does with
    the number of threads is its own affair.

    Args:
        function: ``function(users, items) -> [B, I_block]``.
        num_users: number of users U.
        num_items: number of items I.

    Raises:
        ValueError: when scores are asked for, and what the function returns has another shape.
    """

    def __init__(self, function: Callable[[Tensor, slice], Tensor], num_users: int, num_items: int) -> None:
        self._function, self.num_users, self.num_items = function, num_users, num_items

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        """Return the scores of the named users for the items, cut out of the fixed blocks."""
        start, stop, _ = items.indices(self.num_items)
        blocks, block_of = torch.unique(users // CALL_USERS, return_inverse=True)
        out = torch.zeros(users.numel(), stop - start, device=users.device)
        for number, block in enumerate(blocks.tolist()):
            row = (block_of == number).nonzero().flatten()
            within = users[row] - block * CALL_USERS
            for low in range(start // CALL_ITEMS * CALL_ITEMS, stop, CALL_ITEMS):
                scores = self._block(block, low, users.device)[:, max(start - low, 0) : stop - low]
                if not number and low <= start:
                    out = scores.new_empty(out.shape)
                left = max(low - start, 0)
                out[row, left : left + scores.shape[1]] = scores[within]
        return out

    def _block(self, block: int, low: int, device: torch.device) -> Tensor:
        first, last = block * CALL_USERS, min((block + 1) * CALL_USERS, self.num_users)
        high = min(low + CALL_ITEMS, self.num_items)
        scores = self._function(torch.arange(first, last, device=device), slice(low, high))
        got, expected = tuple(scores.shape), (last - first, high - low)
        check(got == expected, f"function: expected scores of shape {expected}, got {got}.")
        return scores
