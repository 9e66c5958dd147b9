"""What other code left of a run, kept under another name, so that no training goes on from it."""

import re
from pathlib import Path

from ragx.checks import check_file_name
from ragx.files import make_folder, sync
from ragx.runs.files import read_json, write_json
from ragx.runs.find import SET_ASIDE
from ragx.runs.layout import GUARD, LOCK, LOG

STAYS = (LOCK, GUARD, LOG)
MARKER = "set_aside.json"


def set_aside(folder: Path, made_by: str) -> Path:
    """Move everything but lock and log to a folder beside, and return that.

    A marker says where to until all is moved, so that a move that was cut off is gone on with before anything is read.

    Args:
        folder: the run, owned by this process.
        made_by: source hash of the code that made it.
    """
    write_json(folder / MARKER, {"to": _free_name(folder, made_by)})
    return finish_setting_aside(folder)


def is_being_set_aside(folder: Path) -> bool:
    """Say whether a move was cut off."""
    return (folder / MARKER).is_file()


def finish_setting_aside(folder: Path) -> Path:
    """Move what is left to be moved, and return where to."""
    marker = folder / MARKER
    kept = folder.with_name(check_file_name(str(marker), read_json(marker).get("to")))
    make_folder(kept)
    for path in sorted(folder.iterdir()):
        if path.name not in (*STAYS, MARKER):
            path.rename(kept / path.name)
    sync(kept)
    sync(folder)
    marker.unlink()
    sync(folder)
    return kept


def _free_name(folder: Path, made_by: str) -> str:
    known = made_by if re.fullmatch(r"\w{1,64}", made_by, re.ASCII) else "unknown"
    number, name = 1, f"{folder.name}{SET_ASIDE}{known}"
    while folder.with_name(name).exists():
        number += 1
        name = f"{folder.name}{SET_ASIDE}{known}.{number}"
    return name
