"""The course of one run: train, choose, perhaps refit, leave everything behind, and open the test part if asked."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ragx.data.features import feature_joins
from ragx.evaluation.diagnostics import Diagnostics
from ragx.evaluation.held_out import item_lists
from ragx.graph.graph import Graph
from ragx.metrics.name import USUAL_CUTOFF, MetricName
from ragx.metrics.recorded import record_of
from ragx.models.node_model import NodeModel
from ragx.random import seed_modules
from ragx.ranking.ranking import rank
from ragx.report.plots.curve import plot_curve
from ragx.report.plots.diagnostics import plot_diagnostics
from ragx.report.tables.output import write_table
from ragx.runner.run.cell import Cell, with_whole_paths
from ragx.runner.run.evaluating import Evaluation, add_results, attributes_of, keep_per_user
from ragx.runner.run.fitting import check_fits, explain, name_users_left_out
from ragx.runner.run.opening import open_test
from ragx.runner.run.speaker import Speaker
from ragx.runner.run.summary import summary_line
from ragx.runs.files import SCHEMA, write_json
from ragx.runs.lock import RunLock
from ragx.runs.looks import Kind
from ragx.runs.parts import build_model, features_for
from ragx.runs.peak_memory import peak_memory_mb, reset_peak
from ragx.runs.recorded_data import ids_of
from ragx.serving.cold_users import serving_scorer, users_to_serve
from ragx.serving.recommendations import recommendation_table
from ragx.training.checkpoint import save_checkpoint
from ragx.training.keeper import finished_epochs
from ragx.training.progress import TerminalProgress
from ragx.training.state import FitResult

LIST_LENGTH = 20


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

    def go(self) -> None:
        """Take the run from where it is to its end."""
        cell, split = self.cell, self.cell.split
        record = self._record()
        write_json(cell.folder / "run.json", record)
        cell.tracker.start(cell.folder, record, finished_epochs(cell.folder / "train"))
        began = time.perf_counter()
        reset_peak()
        joins = self._joins()
        graph: Graph = cell.parts["graph"].build(interactions=split.evidence)
        model, fit = self._train(graph, "train")
        metrics: dict[str, Any] = {
            "identity": cell.identity,
            "source": cell.source,
            "evaluation": cell.plain["evaluation"],
            "monitor": cell.trainer.stopping.name,
            "fit": _plain(fit),
            "metrics": record_of([cell.trainer.stopping.metric]),
            "baseline": {},
        }
        results = self._evaluation(model, graph).on_validation()
        add_results(metrics, "validation", results)
        keep_per_user(cell.folder, "validation", results, split)
        if cell.trainer.refit:
            graph = cell.parts["graph"].build(interactions=split.evidence_and_validation)
            model, refit = self._train(graph, "refit", fit)
            metrics["refit"] = _plain(refit)
            metrics["stored_model"] = self._evaluation(model, graph).model_on_validation().values
        metrics["seconds"] = round(time.perf_counter() - began, 1)
        metrics["peak_memory_mb"] = peak_memory_mb()
        metrics |= self._of_data(joins)
        self._leave(model, graph, fit, metrics)
        if cell.protocol.final:
            self.lock.check()
            metrics = open_test(cell, self.kind)
        cell.tracker.finish(summary_line(metrics))

    def _joins(self) -> list[str]:
        """Check that the data has what the run is made of, and say for how many users and items."""
        cell, split = self.cell, self.cell.split
        joins = cell.protocol.check_attributes(split, **attributes_of(cell.protocol, cell.dataset, split))
        if cell.config["features"]:
            joins += feature_joins(cell.dataset, split.evidence)
        for sentence in joins:
            self.speaker.print(sentence, highlight=False)
        return joins

    def _of_data(self, joins: list[str]) -> dict[str, Any]:
        """Return what ``metrics.json`` says of the data: counts after each step, notes, parts and their marks."""
        cell, split = self.cell, self.cell.split
        steps = [
            dict(zip(("name", "users", "items", "interactions"), step, strict=True))
            for step in (*cell.dataset.steps, *split.steps)
        ]
        sizes = {"train": len(split.train), "validation": len(split.validation), "test": len(split.test)}
        marks = {"fingerprint": split.fingerprint, "published_fingerprint": split.published_fingerprint}
        return {
            "steps": steps,
            "notes": [*cell.dataset.notes, *cell.dataset.joins, *joins],
            "split": {"name": split.name, **marks, "counts": sizes, "notes": split.notes},
        }

    def _record(self) -> dict[str, Any]:
        """Return what ``run.json`` holds: all that it takes to run this again, and what ran it."""
        cell, config = self.cell, self.cell.config
        names = ("seed", "threads", "features", "target_kind")
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
            "fingerprint": cell.split.fingerprint,
            "published_fingerprint": cell.split.published_fingerprint,
            "data": cell.data,
            "contents": cell.contents,
            "refit": cell.trainer.refit,
            "metrics": record_of([cell.trainer.stopping.metric]),
            **{name: config[name] for name in names},
            "sweep": config["sweep"]["name"],
            "config": cell.plain | {"dataset": with_whole_paths(cell.plain["dataset"])},
            "provenance": cell.provenance,
            "taken_up": list(self.taken_up),
        }

    def _train(self, graph: Graph, stage: str, chosen: FitResult | None = None) -> tuple[NodeModel, FitResult]:
        """Train on the train part, or, given what was chosen there, as long on train and validation."""
        cell, split = self.cell, self.cell.split
        train = split.train_and_validation if chosen else split.train
        evidence = split.evidence_and_validation if chosen else split.evidence
        features = features_for(cell.dataset, evidence, cell.config["features"])
        check_fits(cell, graph, features)
        seed_modules(cell.config["seed"], "model")
        model, objective = build_model(cell.parts, graph, features), cell.parts["objective"].build()
        name_users_left_out(train, objective, self.speaker)
        try:
            fit = cell.trainer.fit(
                model=model,
                graph=graph,
                train=train,
                objective=objective,
                sampler=lambda interactions, **options: cell.parts["sampler"].build(train=interactions, **options),
                optimizer=lambda parameters: cell.parts["optimizer"].build(params=parameters),
                seed=cell.config["seed"],
                validate=None if chosen else lambda trained: self._validate(trained, graph),
                folder=cell.folder / stage,
                identity=f"{cell.identity}/refit" if chosen else f"{cell.train_identity}/train",
                epochs=chosen.best_epoch if chosen else None,
                planned_epochs=chosen.planned_epochs if chosen else None,
                tracker=None if chosen else cell.tracker,
                view=TerminalProgress(cell.trainer.stopping.name, stage, self.speaker.progress_console),
            )
        except Exception as error:
            raise explain(error, cell, graph, features) from error
        return model, fit

    def _validate(self, model: Any, graph: Graph) -> dict[str, float]:
        self.lock.check()
        monitor = self.cell.trainer.stopping.monitor
        cutoff = MetricName.read(monitor).k or USUAL_CUTOFF
        curves = list(dict.fromkeys([monitor, *(str(MetricName(name, cutoff)) for name in ("recall", "ndcg"))]))
        found = self.cell.protocol.validate(model.scorer(graph), self.cell.split, metrics=curves).values
        diagnostics: Diagnostics = self.cell.parts["diagnostics"].build()
        return found | diagnostics.measure(model, graph)

    def _evaluation(self, model: NodeModel, graph: Graph) -> Evaluation:
        cell = self.cell
        return Evaluation(protocol=cell.protocol, dataset=cell.dataset, split=cell.split, model=model, graph=graph)

    def _leave(self, model: NodeModel, graph: Graph, fit: FitResult, metrics: dict[str, Any]) -> None:
        """Write model, pictures, lists and then the metrics, which mark the run as finished, its test part sealed."""
        cell = self.cell
        self.lock.check()
        weights = {"identity": cell.identity, "model": model.state_dict(), **ids_of(cell.split.train)}
        save_checkpoint(cell.folder / "model.pt", weights)
        stopping = cell.trainer.stopping
        plot_curve(
            fit.history, stopping.name, fit.best_epoch, cell.name, cell.folder / "curve.png", stopping.metric.unit
        )
        plot_diagnostics(fit.best, cell.name, cell.folder / "diagnostics.png")
        known = cell.split.train_and_validation if cell.trainer.refit else cell.split.train
        users, keys = users_to_serve(known, cell.protocol.cold_users), known.items.tie_keys
        k, seen = min(LIST_LENGTH, graph.num_items), item_lists(known)
        ranking = rank(
            serving_scorer(model, graph, known, cell.protocol.cold_users), users, k=k, seen=seen, item_ids=keys
        )
        write_table(recommendation_table(ranking, known), cell.folder / "recommendations.parquet")
        write_json(cell.folder / "metrics.json", metrics)


def _plain(fit: FitResult) -> dict[str, Any]:
    return {name: value for name, value in json.loads(json.dumps(fit.as_dict())).items() if name != "history"}
