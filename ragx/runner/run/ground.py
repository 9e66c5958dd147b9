"""What a training stands on beside its config: forms of kernels, compiler, versions and threads.

Another form of an operation, or another compiler, adds in another order: a run that was cut off would not end as if it
had not been.
"""

from collections.abc import Mapping
from typing import Any

from ragx.checks import check
from ragx.runner.run.cell import Cell
from ragx.runs.files import read_json
from ragx.runs.layout import RECORD

VERSIONS = ("torch", "torch-geometric", "torch-scatter", "numpy")
MACHINE = ("processor", "threads", "compiler")
Origin = Mapping[str, Any]


def taken_up(cell: Cell) -> list[str]:
    """Return what changed under an unfinished run, now and when it was taken up before, where ``resume`` allows it.

    Args:
        cell: the run, whose folder holds ``run.json``.

    Raises:
        ValueError: the ground is another; the message names what changed and the option that goes on.
    """
    record = read_json(cell.folder / RECORD)
    changed = changes_of_ground(record.get("provenance", {}), cell.provenance)
    check(
        not changed or cell.config["resume"] == "anyway",
        f"{cell.folder}: this run was begun on other ground, so it would end unlike an unbroken one: "
        f"{'; '.join(changed)}. "
        "Restore what changed, begin anew elsewhere with runs=<folder>, or go on all the same with resume=anyway.",
    )
    return [*record.get("taken_up", []), *changed]


def changes_of_ground(then: Origin, now: Origin) -> list[str]:
    """Return in words what is another in two provenances; what was not written then is not compared."""
    pairs = [(name, then.get("versions", {}), now["versions"]) for name in VERSIONS]
    pairs += [(name, then.get("machine", {}), now["machine"]) for name in MACHINE]
    forms = then.get("forms", {})
    pairs += [(name, forms, now["forms"]) for name in now["forms"]]
    return [
        f"{'form of ' if after is now['forms'] else ''}{name}: {before[name]} then, {after[name]} now"
        for name, before, after in pairs
        if name in before and before[name] != after[name]
    ]
