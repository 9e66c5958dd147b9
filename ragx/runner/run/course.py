"""The course of one run: fit, choose, perhaps refit, leave everything behind, and open the test part if asked."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ragx.checks import check_file_name
from ragx.data.catalogue.places import with_whole_paths
from ragx.data.sentences import steps_of
from ragx.learners.given import OF_TASK
from ragx.learners.learner import Fitted, Stage
from ragx.metrics.recorded import record_of
from ragx.report.baselines import label_of
from ragx.report.tables.output import write_table
from ragx.runner.run.cell import Cell
from ragx.runner.run.evaluating import Evaluation, add_results, fitted_baselines, keep_per_unit, too_good
from ragx.runner.run.opening import open_test
from ragx.runner.run.speaker import Speaker
from ragx.runner.run.summary import summary_line
from ragx.runs.files import write_json
from ragx.runs.layout import CURVE_PLOT, DIAGNOSTICS_PLOT, METRICS, RECORD, REFIT, SCHEMA, TRAIN, WEIGHTS
from ragx.runs.lock import RunLock
from ragx.runs.looks import Kind
from ragx.runs.peak_memory import peak_memory_mb, reset_peak
from ragx.training.checkpoint import save_checkpoint
from ragx.training.keeper import finished_curve
from ragx.training.progress import TerminalProgress
from ragx.training.state import FitResult
from ragx.training.trackers import WithLines


@dataclass(eq=False)
class Course:
    """One cell on its way; the lock says that nobody else is on it.

    Args:
        cell: the configuration with its data.
        lock: is held while it runs.
        speaker: where it speaks.
        kind: what its reading of the test part counts as, where it opens that.
        taken_up: what changed under it where it was taken up, see ``ragx.runner.run.ground``.
    """

    cell: Cell
    lock: RunLock
    speaker: Speaker
    kind: Kind = "look"
    taken_up: Sequence[str] = ()

    def run(self) -> None:
        """Take the run from where it is to its end."""
        cell = self.cell
        record = self._record()
        write_json(cell.folder / RECORD, record)
        self._tracker.start(cell.folder, record, finished_curve(cell.folder / TRAIN))
        began = time.perf_counter()
        reset_peak()
        joins = self._joins()
        fitted = first = self._fit(TRAIN)
        metrics: dict[str, Any] = {
            "identity": cell.identity,
            "source": cell.source,
            "task": cell.plain["task"],
            "unit": cell.task.unit,
            "evaluation": cell.plain.get("evaluation", {}),
            "monitor": cell.monitor,
            "fit": _plain(first.result),
            "metrics": record_of([cell.metric]),
            "baseline": {},
        }
        results = self._evaluation(fitted).on_validation()
        add_results(metrics, "validation", results)
        joins += self._told(too_good(results, cell.task.unit))
        keep_per_unit(cell.folder, cell.task.unit, "validation", results, cell.problem.fingerprint)
        if cell.refit:
            fitted = self._fit(REFIT, first.result)
            metrics["refit"] = _plain(fitted.result)
            metrics["stored_model"] = self._evaluation(fitted).model_on_validation().values
        metrics["seconds"] = round(time.perf_counter() - began, 1)
        metrics["peak_memory_mb"] = peak_memory_mb()
        metrics |= self._of_data(joins)
        self._leave(fitted, first.result, metrics)
        if cell.final:
            self.lock.check()
            metrics = open_test(cell, self.kind)
        cell.tracker.finish(summary_line(metrics))

    @cached_property
    def _beside(self) -> dict[str, Any]:
        """The predictors of the baselines, fitted to train."""
        return fitted_baselines(self.cell.task, self.cell.problem.train)

    @cached_property
    def _tracker(self) -> WithLines:
        """The tracker, to which baselines are lines beside the curve."""
        return WithLines(self.cell.tracker, self._lines)

    def _lines(self) -> dict[str, float]:
        """Return the validation values of the baselines that a curve has."""
        curves = {name: self._validate(predictor) for name, predictor in self._beside.items()}
        return {f"{name}/{metric}": value for name, curve in curves.items() for metric, value in curve.items()}

    def _joins(self) -> list[str]:
        """Check that the data has what the run is made of, and say for how many units."""
        cell, problem = self.cell, self.cell.problem
        return self._told([*cell.task.check(problem), *cell.learner.check(problem)])

    def _told(self, sentences: list[str]) -> list[str]:
        for sentence in sentences:
            self.speaker.print(sentence, highlight=False)
        return sentences

    def _of_data(self, joins: list[str]) -> dict[str, Any]:
        """Return what ``metrics.json`` says of the data: counts after each step, notes, parts and their marks."""
        cell, problem = self.cell, self.cell.problem
        marks = {"fingerprint": problem.fingerprint, "published_fingerprint": problem.published_fingerprint}
        return {
            "steps": steps_of(cell.dataset, problem),
            "notes": [*cell.dataset.notes, *cell.dataset.joins, *joins],
            "split": {"name": problem.name, **marks, "counts": problem.sizes, "notes": problem.notes},
        }

    def _record(self) -> dict[str, Any]:
        """Return what ``run.json`` holds: all that it takes to run this again, and what ran it."""
        cell, config = self.cell, self.cell.config
        names = ("seed", "threads", "features", *OF_TASK)
        return {
            "schema": SCHEMA,
            "name": cell.name,
            "given_name": config.get("name"),
            "dataset": cell.dataset.name,
            "identity": cell.identity,
            "cell": cell.cell,
            "source": cell.source,
            "modules": cell.modules,
            "sources": cell.sources,
            "fingerprint": cell.problem.fingerprint,
            "published_fingerprint": cell.problem.published_fingerprint,
            "data": cell.data,
            "contents": cell.contents,
            "refit": cell.refit,
            "metrics": record_of([cell.metric]),
            **{name: config[name] for name in names},
            "sweep": config["sweep"]["name"],
            "config": cell.plain | {"dataset": with_whole_paths(cell.plain["dataset"])},
            "provenance": cell.provenance,
            "taken_up": list(self.taken_up),
        }

    def _fit(self, stage: str, chosen: FitResult | None = None) -> Fitted:
        """Fit to the train part, or, given what was chosen there, as long to train and validation."""
        cell = self.cell
        return cell.learner.fit(
            cell.problem,
            Stage(
                folder=cell.folder / stage,
                identity=f"{cell.identity}/refit" if chosen else f"{cell.train_identity}/train",
                validate=None if chosen else self._validate,
                chosen=chosen,
                tracker=None if chosen else self._tracker,
                view=TerminalProgress(cell.monitor, stage, self.speaker.progress_console),
                say=self.speaker.print,
            ),
        )

    def _validate(self, predictor: Any) -> dict[str, float]:
        self.lock.check()
        return self.cell.task.curve(predictor, self.cell.problem, self.cell.stopping.monitor)

    def _evaluation(self, fitted: Fitted) -> Evaluation:
        return Evaluation(task=self.cell.task, problem=self.cell.problem, fitted=fitted, beside=self._beside)

    def _leave(self, fitted: Fitted, fit: FitResult, metrics: dict[str, Any]) -> None:
        """Write model, pictures, tables and then the metrics, which mark the run as finished, its test part sealed."""
        cell = self.cell
        self.lock.check()
        weights = {"identity": cell.identity, "model": dict(fitted.weights), **cell.problem.ids}
        save_checkpoint(cell.folder / WEIGHTS, weights)
        if fit.history:
            from ragx.report.plots.curve import plot_curve  # with matplotlib, which only the end of a run needs
            from ragx.report.plots.diagnostics import plot_diagnostics

            lines = {label_of(name): self._tracker.lines[f"{name}/{cell.monitor}"] for name in self._beside}
            plot_curve(fit, cell.monitor, cell.name, cell.folder / CURVE_PLOT, cell.metric.unit, lines)
            plot_diagnostics(fit.best, cell.name, cell.folder / DIAGNOSTICS_PLOT)
        for name, table in cell.task.outputs(fitted, cell.problem, cell.refit).items():
            write_table(table, cell.folder / f"{check_file_name('outputs', name)}.parquet")
        write_json(cell.folder / METRICS, metrics)


def _plain(fit: FitResult) -> dict[str, Any]:
    return {name: value for name, value in json.loads(json.dumps(fit.as_dict())).items() if name != "history"}
