"""Which rows come from other code than most."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

from ragx.report.tables.conditions import Run
from ragx.runs.source_hash import source_hash

Hash = Callable[[Sequence[str]], str]


def other_code(runs: Sequence[Run], hash_of: Hash = source_hash) -> set[str]:
    """Return the folders of the runs that other code made than most.

    A source hash is about the modules that a run uses, so two layers have different ones without any change of code.
    Hashes are therefore held against each other among runs of the same modules, and all runs against the code that is
    here now: where most were made by it, the others were not.

    Args:
        runs: all runs of a table.
        hash_of: gives the hash of the present source of modules.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if run["source"] is not None:
            groups.setdefault(run["modules"], []).append(run)
    current = {modules: hash_of(json.loads(modules)) for modules in groups}
    present = [run for modules, members in groups.items() for run in members if run["source"] == current[modules]]
    if 2 * len(present) > sum(map(len, groups.values())):
        made_here = {run["folder"] for run in present}
        return {str(run["folder"]) for run in runs if run["folder"] not in made_here}
    others = set()
    for members in groups.values():
        usual, _ = Counter(run["source"] for run in members).most_common(1)[0]
        others |= {str(run["folder"]) for run in members if run["source"] != usual}
    return others
