"""Mean and standard deviation over seeds of every configuration of a sweep, for trackers."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

from ragx.learners.given import GIVEN
from ragx.parts import bind
from ragx.runs.files import read_run
from ragx.runs.sweeps.record import CellState, SweepRecord
from ragx.runs.sweeps.spread import spread

COLUMNS = ["configuration", "seeds", "metric", "mean", "std"]


def seed_table(record: SweepRecord) -> list[list[Any]]:
    """Return a row for every configuration that is done and every validation metric: mean and deviation over seeds."""
    groups: dict[tuple[str, ...], list[CellState]] = {}
    for cell in record.cells():
        if cell.state == "done" and cell.folder is not None:
            groups.setdefault(cell.planned.configuration, []).append(cell)
    axes = {*record.settings["axes"], *record.settings["rows"]}
    rows: list[list[Any]] = []
    for configuration, cells in groups.items():
        results = [read_run(cell.folder)[1]["validation"] for cell in cells if cell.folder]
        label = " ".join(option for option in configuration if option.partition("=")[0] in axes) or "the only one"
        for metric in results[0]:
            values = [result[metric] for result in results if metric in result]
            over_seeds = spread(values)
            std = over_seeds.std if over_seeds.count > 1 else None
            rows.append([label, over_seeds.count, metric, over_seeds.mean, std])
    return rows


def track_seeds(config: DictConfig, record: SweepRecord) -> None:
    """Give the table to the tracker of a sweep."""
    plain: Any = OmegaConf.to_container(config.tracker, resolve=True)
    tracker = bind({"tracker": plain}, {"tracker": GIVEN["tracker"]})["tracker"].build()
    tracker.table(record.folder, record.folder.name, COLUMNS, seed_table(record))
