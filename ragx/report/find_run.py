"""Run folders by the beginning of their names, since an identity is long to type."""

from pathlib import Path

from ragx.checks import check


def find_run(path: str | Path) -> Path:
    """Return the folder called ``path``, or the one finished run whose path begins so.

    A bare name is looked for below ``runs`` too, where runs lie by default.

    Raises:
        ValueError: no finished run begins so, or several do; the message names them.
    """
    path = Path(path)
    places = [path, Path("runs") / path] if path.parent == Path() else [path]
    for place in places:
        if place.is_dir():
            return place
    begun = [found for place in places for found in _begun(place)]
    check(len(begun) > 0, f"{path}: expected a finished run, or the beginning of its name; found none.")
    names = ", ".join(each.name for each in begun[:10])
    check(len(begun) == 1, f"{path}: {len(begun)} finished runs begin so: {names}. Write more of the name.")
    return begun[0]


def _begun(path: Path) -> list[Path]:
    return sorted(each.parent for each in path.parent.glob(f"{path.name}*/metrics.json")) if path.name else []
