"""The course of a search: the same number of trials for every row, each a cell that is found again when it was run."""

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from rich.console import Console
from rich.text import Text

from ragx.checks import RunError, check
from ragx.random import derive_seed
from ragx.report.sweep_record import PlannedCell, SweepRecord
from runner.search_space import distributions, options_of
from runner.sweep_job import CellFailedError, run_in_sweep
from runner.sweep_view import print_sweep

Trial = optuna.trial.FrozenTrial


def run_search(config: DictConfig) -> None:
    """Run what is missing of a search, and leave the record of a sweep, which ``final.py`` and ``table.py`` read.

    Raises:
        ValueError: the search or an option is at fault.
        RunError: all trials of a row failed.
    """
    Search(config).run()


class Search:
    """One search, trials one after the other.

    Args:
        config: composed config of ``conf/search.yaml``.
    """

    def __init__(self, config: DictConfig) -> None:
        self.settings: dict[str, Any] = OmegaConf.to_container(config.search, resolve=True)  # type: ignore[assignment]
        self.space = distributions(self.settings["space"])
        for name in ("trials", "startup", "seeds"):
            number = self.settings[name]
            check(isinstance(number, int) and number >= 1, f"search.{name}: expected at least 1, got {number!r}.")
        hydra = HydraConfig.get()
        choices = hydra.runtime.choices
        name = self.settings["name"] or f"{choices['search']}-{choices['dataset']}"
        self.given = [each for each in hydra.overrides.task if not each.startswith("search")]
        self.record = SweepRecord(Path(config.runs) / "sweeps" / name)
        self.runs, self.key = str(config.runs), config.seed
        self.rows: dict[str, list[str]] = self.settings["rows"] or {"": []}
        self.console = Console(file=sys.stdout)
        self.cells: list[PlannedCell] = []

    def run(self) -> None:
        """Run every row's trials."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.record.folder.mkdir(parents=True, exist_ok=True)
        for row, options in self.rows.items():
            study = self._study(row)
            while len(study.trials) < self.settings["trials"] or _is_open(study):
                trial = self._next(study)
                study.tell(trial.number, **self._judge(row, options, trial))
            self._say(row, study)
        print_sweep(self.console, self.record)

    def _study(self, row: str) -> optuna.Study:
        journal = JournalFileBackend(str(self.record.folder / "study.log"))
        return optuna.create_study(
            storage=JournalStorage(journal),
            study_name=row or "search",
            direction="maximize",
            load_if_exists=True,
        )

    def _next(self, study: optuna.Study) -> Trial:
        """Return a trial that was left open, or a new one, whose draw is keyed by its number alone."""
        for trial in study.trials:
            if trial.state == optuna.trial.TrialState.RUNNING:
                return trial
        key = derive_seed(self.key, f"search/{study.study_name}", len(study.trials)) % 2**32
        study.sampler = optuna.samplers.TPESampler(seed=key, n_startup_trials=self.settings["startup"])
        number = study.ask(self.space).number
        return study.trials[number]

    def _judge(self, row: str, options: Sequence[str], trial: Trial) -> dict[str, Any]:
        """Run a trial's seeds and return what the study is told."""
        own = [*self.given, *options, *options_of(trial.params)]
        fixed = [f"sweep.folder={self.record.folder}", f"sweep.name={self.record.folder.name}"]
        cells = [PlannedCell((*own, *fixed, f"seed={seed}"), seed, row) for seed in range(self.settings["seeds"])]
        self._plan(cells)
        values = []
        for cell in cells:
            try:
                values.append(run_in_sweep(_compose(cell.overrides), cell.overrides))
            except CellFailedError as error:
                self.console.print(Text(f"trial {trial.number} of {row or 'the search'} failed: {error}"), style="red")
                return {"state": optuna.trial.TrialState.FAIL}
        return {"values": statistics.fmean(values)}

    def _plan(self, cells: Sequence[PlannedCell]) -> None:
        """Add the cells of a trial to the record, which begins with those of an earlier call."""
        if not self.cells and (self.record.folder / "sweep.json").is_file():
            self.cells = self.record.planned
        known = {cell.key for cell in self.cells}
        self.cells += [cell for cell in cells if cell.key not in known]
        budget = dict.fromkeys(self.rows, self.settings["trials"])
        self.record.plan(
            self.cells,
            [],
            name=self.record.folder.name,
            axes=list(self.space),
            rows=[],
            seeds=list(range(self.settings["seeds"])),
            budget=budget,
            runs=self.runs,
        )

    def _say(self, row: str, study: optuna.Study) -> None:
        done = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
        if not done:
            raise RunError(f"All {len(study.trials)} trials of {row or 'the search'} failed.")
        best = study.best_trial
        said = f"{row or 'best'}: {best.value:.4f} in trial {best.number} of {len(study.trials)}: "
        self.console.print(Text(said + " ".join(options_of(best.params))))


def _is_open(study: optuna.Study) -> bool:
    return any(trial.state == optuna.trial.TrialState.RUNNING for trial in study.trials)


def _compose(overrides: Sequence[str]) -> dict[str, Any]:
    """Return the plain config of a cell; Hydra is set up already, since a search is one of its jobs."""
    assert GlobalHydra.instance().is_initialized()
    plain: dict[str, Any] = OmegaConf.to_container(compose("run", overrides=list(overrides)), resolve=True)  # type: ignore[assignment]
    return plain
