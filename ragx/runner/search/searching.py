"""The course of a search: the same number of trials for every row, each a cell that is found again when it was run."""

import math
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import optuna
from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from rich.console import Console
from rich.text import Text

from ragx.checks import RunError, check, check_file_name
from ragx.files import write_atomically
from ragx.metrics.direction import larger_is_better
from ragx.random import derive_seed
from ragx.runner.run.preflight import bind_parts, try_alone
from ragx.runner.run.settings import check_settings
from ragx.runner.search.settings import settings_of
from ragx.runner.search.space import configurations, corners, options_of, spell
from ragx.runner.sweep.job import CellFailedError, run_in_sweep
from ragx.runner.sweep.view import print_sweep
from ragx.runs.lock import RunLock
from ragx.runs.sweeps.record import PlannedCell, SweepRecord


def run_search(config: DictConfig) -> None:
    """Run what is missing of a search, and leave the record of a sweep, which ``ragx final`` and ``ragx table`` read.

    Raises:
        ValueError: the search or an option is at fault; nothing has been run then.
        RunError: all trials of a row failed.
    """
    hydra = HydraConfig.get()
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    Search(plain, dict(hydra.runtime.choices), list(hydra.overrides.task)).run()


class Search:
    """One search, trials one after the other.

    A trial enters the study when it has ended, and its draw depends on the trials before it and its number alone, so
    that a search that was cut off goes on as if it had not been.

    Args:
        plain: config of ``conf/search.yaml``.
        choices: the choice of every group.
        options: the command line.
    """

    def __init__(self, plain: dict[str, Any], choices: dict[str, str], options: list[str]) -> None:
        self.settings = settings_of(plain, choices, options)
        self.runs = str(plain["runs"])
        self.record = SweepRecord(Path(self.runs) / "sweeps" / check_file_name("search.name", self.settings.name))
        self.console = Console(file=sys.stdout)
        self.cells: list[PlannedCell] = []
        self.directions: dict[str, Literal["maximize", "minimize"]] = {}

    def run(self) -> None:
        """Run every row's trials."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._rehearse()
        with RunLock(self.record.folder, self._wait):
            self.settings.keep(self.record)
            studies = {row: self._study(row) for row in self.settings.rows}
            for row, study in studies.items():
                while (number := len(study.trials)) < self.settings.trials:
                    drawn = self._draw(study)
                    result = self._judge(row, number, drawn)
                    done = optuna.create_trial(params=drawn, distributions=self.settings.space, **result)
                    study.add_trial(done)
        print_sweep(self.console, self.record)
        failed = [row for row, study in studies.items() if not self._best(row, study)]
        if failed:
            of = f" of {', '.join(failed)}" if failed != [""] else ""
            raise RunError(f"Every trial{of} failed. See {self.record.folder}.")

    def _rehearse(self) -> None:
        """Compose both ends of every range and every choice, so that what is misspelt shows before anything is run."""
        for row, options in self.settings.rows.items():
            better: dict[bool, str] = {}
            for point in corners(self.settings.space):
                plain = _compose([*self.settings.given, *options, *options_of(point)])
                parts = bind_parts(plain)
                check_settings(plain)
                name, metric = try_alone(parts)
                better[larger_is_better(metric)] = name
            both = " and ".join(better.values())
            check(
                len(better) == 1, f"search.space: of {both} one is to be small, the other large; search for each alone."
            )
            self.directions[row] = "maximize" if True in better else "minimize"

    def _study(self, row: str) -> optuna.Study:
        log = self.record.folder / "study.log"
        if log.is_file() and not (text := log.read_bytes()).endswith(b"\n"):
            whole = text[: text.rfind(b"\n") + 1]  # a process died while it wrote
            write_atomically(log, lambda part: part.write_bytes(whole))
        return optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(log))),
            study_name=row or "search",
            direction=self.directions[row],
            load_if_exists=True,
        )

    def _draw(self, study: optuna.Study) -> dict[str, Any]:
        """Return the next trial's values, drawn in a copy of the study: a trial that is cut off leaves no trace."""
        number = len(study.trials)
        key = derive_seed(self.settings.seed, f"search/{study.study_name}", number) % 2**32
        sampler = optuna.samplers.TPESampler(seed=key, n_startup_trials=self.settings.startup)
        copy = optuna.create_study(direction=study.direction, sampler=sampler)
        copy.add_trials(study.trials)
        return copy.ask(self.settings.space).params

    def _judge(self, row: str, number: int, drawn: dict[str, Any]) -> dict[str, Any]:
        """Run a trial's seeds and return what the study is told."""
        settings = self.settings
        fixed = [f"sweep.folder={spell(str(self.record.folder))}", f"sweep.name={settings.name}"]
        own = (*settings.given, *settings.rows[row], *options_of(drawn), *fixed)
        cells = [PlannedCell((*own, f"seed={seed}"), seed, row) for seed in range(settings.seeds)]
        self._plan(cells)
        values = []
        for cell in cells:
            try:
                values.append(run_in_sweep(_compose(cell.overrides), cell.overrides))
            except CellFailedError as error:
                self._say(f"trial {number} of {row or 'the search'} failed: {error}", "red")
                return {"state": TrialState.FAIL}
        mean = statistics.fmean(values)
        return {"value": mean} if math.isfinite(mean) else {"state": TrialState.FAIL}

    def _plan(self, cells: Sequence[PlannedCell]) -> None:
        """Add the cells of a trial to the record, which begins with those of an earlier call."""
        if not self.cells and (self.record.folder / "sweep.json").is_file():
            self.cells = self.record.planned
        known = {cell.key for cell in self.cells}
        self.cells += [cell for cell in cells if cell.key not in known]
        self.record.plan(
            self.cells,
            [],
            name=self.settings.name,
            axes=list(self.settings.space),
            rows=[],
            seeds=list(range(self.settings.seeds)),
            budget=dict.fromkeys(self.settings.rows, self.settings.trials),
            runs=self.runs,
        )

    def _best(self, row: str, study: optuna.Study) -> bool:
        """Say which trial of a row is the best, and whether there is one."""
        if all(trial.state != TrialState.COMPLETE for trial in study.trials):
            return False
        best = study.best_trial
        of = f"trial {best.number} of {len(study.trials)}"
        self._say(f"{row or 'best'}: {best.value:.4f} in {of}: {' '.join(options_of(best.params))}")
        trials, distinct = len(study.trials), len({frozenset(options_of(trial.params)) for trial in study.trials})
        if distinct < trials and distinct == configurations(self.settings.space):
            self._say(f"The space has {distinct:,} configurations, fewer than the {trials:,} trials: all were tried.")
        return True

    def _wait(self, owner: str) -> None:
        self._say(f"{owner} is at this search; waiting for it.")

    def _say(self, text: str, style: str = "") -> None:
        self.console.print(Text(text, style=style))


def _compose(overrides: Sequence[str]) -> dict[str, Any]:
    """Return the plain config of a cell; Hydra is set up already, since a search is one of its jobs."""
    assert GlobalHydra.instance().is_initialized()
    plain: dict[str, Any] = OmegaConf.to_container(compose("run", overrides=list(overrides)), resolve=True)  # type: ignore[assignment]
    return plain
