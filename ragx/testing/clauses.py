"""How a contract is held: clause after clause, so that the first one that is not kept names itself."""

from collections.abc import Callable, Mapping

import torch

from ragx.typing import Tensor

TOLERANCE = 1e-4


class UnkeptError(AssertionError):
    """What a clause says, told apart from an assertion within the part that is checked."""


def hold(part: str, clauses: Mapping[str, Callable[[], None]], seed: Callable[[], None], device: torch.device) -> None:
    """Call clauses in their order, each with torch's generators keyed anew, and leave these as they were.

    Args:
        part: what is checked, for messages, such as ``"the layer"``.
        clauses: what looks at the part, by the name of the clause.
        seed: keys the generators.
        device: where the part is tried.

    Raises:
        AssertionError: a clause does not hold; the message begins with its name and says how it fails.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        for name, clause in clauses.items():
            seed()
            try:
                clause()
            except UnkeptError as error:
                raise AssertionError(f"{name}: {error}") from error
            except Exception as error:
                raise AssertionError(f"{name}: {part} raised {type(error).__name__}: {error}") from error


def expect(condition: bool, message: str) -> None:
    """Raise :class:`UnkeptError` with the message where a condition does not hold."""
    if not condition:
        raise UnkeptError(message)


def equal(one: Tensor, other: Tensor, message: str, tolerance: float = TOLERANCE) -> None:
    """Expect two tensors to be of one shape and close to each other; the message says how far they are apart."""
    expect(one.shape == other.shape, f"{message}: shapes {list(one.shape)} and {list(other.shape)}.")
    close = torch.allclose(one, other, rtol=tolerance, atol=tolerance)
    expect(close, f"{message}: they differ by up to {float((one - other).detach().abs().max()):.3g}.")
