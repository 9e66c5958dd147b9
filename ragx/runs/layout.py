"""What lies in a run folder: the one list of its files, and of what its two records hold."""

from pathlib import Path

SCHEMA = 2
"""The form of a run folder; 0.1.0 wrote no number, numbered ids by first appearance, and did not keep them."""

RECORD = "run.json"
"""What is run, by which code, on which data and machine; written before anything is fitted."""

METRICS = "metrics.json"
"""The results; written last, so that a run with this file is finished."""

WEIGHTS = "model.pt"
"""What was fitted, and the ids of its rows."""

TRAIN, REFIT = STAGES = ("train", "refit")
"""Folders of the two trainings, see :mod:`ragx.training.layout`; the second learns from validation too."""

CURVE_PLOT, DIAGNOSTICS_PLOT = "curve.png", "diagnostics.png"
"""Pictures of a training."""

LOG, LOCK, GUARD = "log.txt", "lock.json", ".lock.guard"
"""What was printed, which process owns the folder, and what guards that file while it changes."""

ALWAYS = {
    RECORD: ("name", "identity", "cell", "seed", "fingerprint", "refit", "config"),
    METRICS: ("validation", "baseline", "fit", "split"),
}
"""What every finished run has written into its records."""

TODAY = {
    RECORD: (*ALWAYS[RECORD], "source", "data", "dataset"),
    METRICS: (*ALWAYS[METRICS], "monitor", "evaluation"),
}
"""What this version writes; where some of it is missing, another version left the folder."""


def has_record(folder: Path) -> bool:
    """Say whether a run has begun in a folder."""
    return (folder / RECORD).is_file()


def has_results(folder: Path) -> bool:
    """Say whether the run in a folder is finished."""
    return (folder / METRICS).is_file()


def finished_runs(runs: Path, pattern: str = "*") -> list[Path]:
    """Return the folders of finished runs in a folder, by name.

    Args:
        runs: the folder that run folders lie in.
        pattern: what their names match, as in ``Path.glob``.
    """
    return sorted(file.parent for file in runs.glob(f"{pattern}/{METRICS}"))
