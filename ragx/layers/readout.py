"""Read-outs: from what every layer says of a node to one vector."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from ragx.checks import check, check_choice
from ragx.typing import Tensor

ReadoutName = Literal["last", "mean", "mean_of_layers", "concat", "learned"]
READOUTS: tuple[ReadoutName, ...] = ("last", "mean", "mean_of_layers", "concat", "learned")


class Readout(nn.Module):
    """Join the outputs x⁰ … x^L of a stack: the last, their mean, their concatenation, or Σ_l softmax(a)_l x^l.

    ``"mean_of_layers"`` is the mean of x¹ … x^L, without the embeddings x⁰ (Yu et al., 2022), and x⁰ where L is 0.

    Args:
        name: ``"last"``, ``"mean"``, ``"mean_of_layers"``, ``"concat"`` or ``"learned"``.
        widths: width of x⁰ and of every layer's output.

    Raises:
        ValueError: the name is unknown, or a mean is asked of different widths.
    """

    def __init__(self, name: ReadoutName, widths: Sequence[int]) -> None:
        super().__init__()
        check_choice("readout", name, READOUTS)
        check(
            name in ("last", "concat") or len(set(widths)) == 1,
            f"model.readout={name} needs equal widths, got {list(widths)}; use model.readout=last or concat.",
        )
        self.name = name
        self.out_channels = sum(widths) if name == "concat" else widths[-1]
        self.logits = nn.Parameter(torch.zeros(len(widths))) if name == "learned" else None

    def forward(self, outputs: Sequence[Tensor]) -> Tensor:
        """Return one tensor [N, out_channels] of the outputs [N, width_l]."""
        if self.name == "last":
            return outputs[-1]
        if self.name == "concat":
            return torch.cat(list(outputs), dim=-1)
        if self.logits is not None:
            weights = torch.softmax(self.logits, dim=0)
            return sum((weight * x for weight, x in zip(weights, outputs, strict=True)), torch.zeros_like(outputs[0]))
        if self.name == "mean_of_layers":
            outputs = outputs[1:] or outputs
        total = outputs[0]
        for x in outputs[1:]:
            total = total + x
        return total / len(outputs)
