"""Run folders by the beginning of their names, since an identity is long to type."""

from pathlib import Path

from ragx.checks import check


def find_run(path: str | Path) -> Path:
    """Return the folder called ``path``, or the one finished run whose path begins so.

    Raises:
        ValueError: no finished run begins so, or several do; the message names them.
    """
    path = Path(path)
    if path.is_dir():
        return path
    begun = sorted(each.parent for each in path.parent.glob(f"{path.name}*/metrics.json")) if path.name else []
    check(len(begun) > 0, f"{path}: expected a finished run, or the beginning of its name; found none.")
    names = ", ".join(each.name for each in begun[:10])
    check(len(begun) == 1, f"{path}: {len(begun)} finished runs begin so: {names}. Write more of the name.")
    return begun[0]
