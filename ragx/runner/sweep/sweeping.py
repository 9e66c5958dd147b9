"""The course of a sweep: plan, launch, survive lost workers, and say what became of it."""

import hashlib
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig
from rich.console import Console
from rich.text import Text

from ragx.checks import RunError, check_file_name
from ragx.runner.folders import PACKAGE, PLUGINS, installed
from ragx.runner.sweep.grid import Axis, axes_of, compose, expand
from ragx.runner.sweep.parent_watch import have_workers_watch
from ragx.runner.sweep.seed_table import track_seeds
from ragx.runner.sweep.view import SweepView, print_sweep
from ragx.runs.sweeps.record import PlannedCell, SweepRecord


class SweepFailedError(RunError):
    """Cells of a sweep failed; the others are done."""


class Sweep:
    """One sweep: the same command again does what is missing.

    Args:
        loader: composes the configs of cells.
        config: config of the sweep.
        launcher: runs cells.
    """

    def __init__(self, loader: ConfigLoader, config: DictConfig, launcher: Launcher) -> None:
        self.loader, self.config, self.launcher = loader, config, launcher
        self.console = Console(file=sys.stdout)

    def run(self, axes: Sequence[str], arguments: Sequence[str]) -> list[JobReturn]:
        """Run all cells of the axes that a YAML and the command line name.

        Raises:
            ValueError: an option is at fault, and nothing was run.
            SweepFailedError: a cell failed; all others were run.
        """
        all_axes = axes_of(self.loader, [*axes, *arguments])
        name = self._name(all_axes, arguments)
        folder = Path(self.config.runs) / "sweeps" / check_file_name("sweep.name", name)
        extra = [f"sweep.folder={folder}", f"sweep.name={name}", *self._threads(all_axes)]
        cells, dropped = expand(self.loader, self.config, all_axes, extra)
        if self.config.dry_run:
            from ragx.runner.run.dry_run import print_dry_run  # with torch, as all that trains

            configs = [(cell, compose(self.loader, self.config, cell.overrides)) for cell in cells]
            print_dry_run(self.console, configs, dropped)
            return []
        record = SweepRecord(folder)
        record.plan(cells, dropped, **self._settings(name, all_axes, cells))
        with SweepView(record, self.console):
            self._launch(record)
        print_sweep(self.console, record)
        track_seeds(self.config, record)
        failed = [cell for cell in record.cells() if cell.state != "done"]
        if failed:
            raise SweepFailedError(f"{len(failed)} of {len(cells)} cells failed; the others are done. See {folder}.")
        return []

    def _launch(self, record: SweepRecord) -> None:
        """Run what is not done; a cell whose worker was killed is tried once more, alone."""
        record.event("", "launched", argv=shlex.join(["ragx", "run", *sys.argv[1:]]))
        _lead_here()
        have_workers_watch()
        before = len(record.events())
        if self._survives(record.planned):
            return
        for cell in record.cells():
            if cell.state == "interrupted" and not self._survives([cell.planned]):
                record.event(cell.planned.key, "failed", error="its process was killed twice; did memory run out?")
        ended = {event["cell"] for event in record.events()[before:] if event["event"] in ("done", "failed")}
        left = [planned for planned in record.planned if planned.key not in ended]
        if left and not self._survives(left):
            for cell in record.cells():
                if cell.state == "interrupted":
                    record.event(cell.planned.key, "failed", error="its process was killed; run the sweep again.")

    def _survives(self, cells: Sequence[PlannedCell]) -> bool:
        """Launch cells and say whether every process lived to its end; what a cell raises is its own affair."""
        try:
            self.launcher.launch([list(cell.overrides) for cell in cells], initial_job_idx=0)
        except (HydraException, ValueError):
            raise
        except Exception as error:  # a pool breaks when a worker is killed, a submitted job when it does not return
            reason = str(error).strip().splitlines()[-1][:200] if "Traceback" in str(error) else ""
            line = f"A process was lost ({type(error).__name__}); going on without it. {reason}"
            self.console.print(Text(line.strip()), style="yellow")
            return False
        return True

    def _name(self, axes: Sequence[Axis], arguments: Sequence[str]) -> str:
        if self.config.sweep.name:
            return str(self.config.sweep.name)
        choices = self.config.hydra.runtime.choices
        dataset = next((values for name, values in axes if name == "dataset"), [f"dataset={choices.dataset}"])
        where = "-".join(value.partition("=")[2] for value in dataset)
        if choices.get("sweep"):
            return f"{choices.sweep}-{where}"
        mark = hashlib.sha256(" ".join(sorted(arguments)).encode()).hexdigest()[:6]
        return f"grid-{where}-{mark}"

    def _threads(self, axes: Sequence[Axis]) -> list[str]:
        """Share the processors out among workers, unless the number of threads is said."""
        workers = self.config.hydra.launcher.get("n_jobs")
        if workers is None or self.config.threads or any(name == "threads" for name, _ in axes):
            return []
        from joblib import cpu_count  # the launcher that has jobs is joblib's

        workers = workers if workers > 0 else max(cpu_count() + 1 + workers, 1)
        return [f"threads={max(cpu_count() // workers, 1)}"]

    def _settings(self, name: str, axes: Sequence[Axis], cells: Sequence[PlannedCell]) -> dict[str, Any]:
        varied = [axis for axis, values in axes if len(values) > 1 and axis != "seed"]
        rows = list({cell.configuration: cell.row for cell in cells}.values())
        return {
            "name": name,
            "axes": varied,
            "rows": list(self.config.sweep.rows),
            "seeds": sorted({cell.seed for cell in cells}),
            "budget": {row: rows.count(row) for row in dict.fromkeys(rows)},
            "runs": str(self.config.runs),
        }


def _lead_here() -> None:
    """Have processes that a launcher submits, which start from the interpreter alone, find this package."""
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    ours = [str(PLUGINS)] if installed() else [str(PACKAGE.parent), str(PLUGINS)]
    os.environ["PYTHONPATH"] = os.pathsep.join([*(path for path in ours if path not in paths), *paths])
