"""The options of a dataset that say where its files lie, which its contents do not depend on."""

from pathlib import Path
from typing import Any

PLACES = ("root", "path", "uri", "vectors", "train", "validation", "test", "item_attributes")


def with_whole_paths(value: Any) -> Any:
    """Return the config of a dataset whose files are found again from any current folder."""
    if not isinstance(value, dict):
        return value
    whole = {name: with_whole_paths(entry) for name, entry in value.items()}
    for name in PLACES:
        if isinstance(whole.get(name), str) and Path(whole[name]).exists():
            whole[name] = str(Path(whole[name]).resolve())
    return whole


def without_places(value: Any) -> Any:
    """Return the config of a dataset without what says where its files lie."""
    if isinstance(value, dict):
        return {name: without_places(entry) for name, entry in value.items() if name not in PLACES}
    return [without_places(entry) for entry in value] if isinstance(value, list) else value
