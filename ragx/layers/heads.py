"""Numbers of heads that a width can be divided into."""

from ragx.checks import check


def check_heads(out_channels: int, heads: int, concat: bool) -> None:
    """Raise ``ValueError`` unless ``heads`` heads, concatenated, make up the width; name what would fit.

    Args:
        out_channels: width of all heads together.
        heads: number of heads H.
        concat: whether heads share the width; averaged heads always fit.
    """
    check(heads >= 1, f"heads: expected at least 1, got {heads}.")
    if not concat or out_channels % heads == 0:
        return
    divisors = [divisor for divisor in range(1, out_channels + 1) if out_channels % divisor == 0]
    fitting = [
        max(divisor for divisor in divisors if divisor < heads),
        *[divisor for divisor in divisors if divisor > heads][:1],
    ]
    lower = out_channels // heads * heads
    widths = [width for width in (lower, lower + heads) if width]
    raise ValueError(
        f"heads: {heads} heads do not divide the width {out_channels}. "
        f"Nearest that fit: heads {' or '.join(map(str, fitting))}, or width {' or '.join(map(str, widths))}."
    )
