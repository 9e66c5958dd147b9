"""How a user's and an item's vector are compared."""

from typing import Literal

from torch.nn import functional

from ragx.typing import Float, Tensor

SimilarityName = Literal["cosine", "inner_product"]
SIMILARITIES: tuple[SimilarityName, ...] = ("cosine", "inner_product")


def comparable(name: SimilarityName, x: Float[Tensor, "n D"]) -> Float[Tensor, "n D"]:
    """Return vectors whose inner products are the similarity; a zero vector stays zero, so its cosine is 0.

    Norms below 1e-6 count as 1e-6, which keeps the gradient of a vector near zero within bounds.
    """
    return functional.normalize(x, dim=-1, eps=1e-6) if name == "cosine" else x
