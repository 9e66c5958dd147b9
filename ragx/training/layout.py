"""What a training leaves in its folder."""

from pathlib import Path

LAST, BEST = "last.pt", "best.pt"
"""Checkpoints: all state of the last one, and the best model alone."""

CURVE = "curve.jsonl"
"""A record of every epoch."""


def has_checkpoint(folder: Path) -> bool:
    """Say whether a training can be taken up in a folder."""
    return (folder / LAST).is_file()
