"""Losses of predicted values beside the actual ones."""

from typing import Literal

from torch.nn import functional

from ragx.typing import Float, Tensor

Name = Literal["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "poisson_nll_loss"]


class ValueLoss:
    """The mean over rows of a loss of ``torch.nn.functional``, with its defaults there.

    Args:
        name: ``"mse_loss"`` (y − ŷ)², ``"l1_loss"`` |y − ŷ|, ``"huber_loss"`` and ``"smooth_l1_loss"`` (the first near
            0 and the second farther away), or ``"poisson_nll_loss"`` exp(ŷ) − y ŷ, of which ŷ is the logarithm of a
            mean.
    """

    def __init__(self, *, name: Name = "mse_loss") -> None:
        self.name = name

    def __call__(self, predicted: Float[Tensor, " B"], actual: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """Return the mean loss of predicted values beside the actual ones."""
        loss: Tensor = getattr(functional, self.name)(predicted, actual)
        return loss
