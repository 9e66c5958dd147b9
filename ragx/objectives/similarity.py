"""How a user's and an item's vector are compared."""

from typing import Literal

from torch.nn import functional

from ragx.typing import Float, Tensor

SimilarityName = Literal["cosine", "inner_product"]
SIMILARITIES: tuple[SimilarityName, ...] = ("cosine", "inner_product")


def comparable(name: SimilarityName, x: Float[Tensor, "... D"]) -> Float[Tensor, "... D"]:
    """Return vectors whose inner products are the similarity; a zero vector stays zero, so its cosine is 0."""
    return functional.normalize(x, dim=-1, eps=1e-12) if name == "cosine" else x
