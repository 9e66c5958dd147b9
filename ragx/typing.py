"""The shared vocabulary of tensor types; one legend serves every docstring and shape annotation.

U users, I items, N nodes, E edges, B batch, S steps, D width, H heads, K cut-off.
"""

from jaxtyping import Bool, Float, Int
from torch import Tensor

__all__ = ["Bool", "Float", "Int", "Tensor"]
