"""Activations by name."""

from torch import nn

from ragx.checks import did_you_mean
from ragx.geometric import activation_resolver

USUAL = ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus")


def activation_of(name: str | None) -> nn.Module:
    """Return σ by its name, such as ``relu`` or any activation PyG resolves; ``None`` is the identity.

    Raises:
        ValueError: there is no such activation; the nearest usual name is given.
    """
    if name is None or name == "identity":
        return nn.Identity()
    try:
        module = activation_resolver(name)
    except ValueError:
        raise ValueError(
            f"activation: expected null or a name such as {', '.join(USUAL)}; got {name!r}.{did_you_mean(name, USUAL)}"
        ) from None
    assert isinstance(module, nn.Module)
    return module
