"""The course of one run: train, choose, perhaps refit, evaluate, and leave everything behind."""

import json
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from ragx.data.features import node_features
from ragx.evaluation.diagnostics import Diagnostics
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.held_out import item_lists
from ragx.evaluation.names import needs_item_features
from ragx.evaluation.per_user_table import write_per_user
from ragx.files import write_atomically
from ragx.graph.graph import Graph
from ragx.models.most_popular import MostPopular
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.random import seed_modules
from ragx.ranking.ranking import rank
from ragx.ranking.scorers import InnerProduct, Scorer
from ragx.report.curve import plot_curve
from ragx.report.diagnostics_plot import plot_diagnostics
from ragx.report.looks import Looks
from ragx.report.peak_memory import peak_memory_mb, reset_peak
from ragx.report.provenance import provenance
from ragx.report.recommendations import recommendation_table
from ragx.report.recorded_data import ids_of
from ragx.report.run_files import SCHEMA, write_json
from ragx.report.run_lock import RunLock
from ragx.report.run_parts import build_model, features_for
from ragx.report.serving import serving_scorer, users_to_serve
from ragx.report.table_output import write_table
from ragx.training.checkpoint import save_checkpoint
from ragx.training.keeper import finished_epochs
from ragx.training.progress import TerminalProgress
from ragx.training.state import FitResult
from runner.cell import Cell, with_whole_paths
from runner.fitting import check_fits, explain
from runner.speaker import Speaker
from runner.summary import summary_line

LIST_LENGTH = 20


@dataclass(eq=False)
class Course:
    """One cell on its way; the lock says that nobody else is on it."""

    cell: Cell
    lock: RunLock
    speaker: Speaker

    def go(self) -> None:
        """Take the run from where it is to its end."""
        cell, split = self.cell, self.cell.split
        record = self._record()
        write_json(cell.folder / "run.json", record)
        cell.tracker.start(cell.folder, record, finished_epochs(cell.folder / "train"))
        began = time.perf_counter()
        reset_peak()
        attributes = self._attributes()
        cell.protocol.check_attributes(split, **attributes)
        graph: Graph = cell.parts["graph"].build(interactions=split.evidence)
        model, fit = self._train(graph, "train")
        metrics: dict[str, Any] = {
            "identity": cell.identity,
            "source": cell.source,
            "evaluation": cell.plain["evaluation"],
            "monitor": cell.trainer.stopping.monitor,
            "fit": _plain(fit),
            "baseline": {},
        }
        self._evaluate("validation", self._scorers(model, graph, split.train, "validation"), metrics, attributes)
        if cell.trainer.refit:
            graph = cell.parts["graph"].build(interactions=split.evidence_and_validation)
            model, refit = self._train(graph, "refit", fit)
            metrics["refit"] = _plain(refit)
        if cell.protocol.final:
            known = split.train_and_validation if cell.trainer.refit else split.train
            self._evaluate("test", self._scorers(model, graph, known, "test"), metrics, attributes)
        metrics["seconds"] = round(time.perf_counter() - began, 1)
        metrics["peak_memory_mb"] = peak_memory_mb()
        metrics["steps"] = [
            dict(zip(("name", "users", "items", "interactions"), step, strict=True)) for step in cell.dataset.steps
        ]
        sizes = {"train": len(split.train), "validation": len(split.validation), "test": len(split.test)}
        metrics["split"] = {"name": split.name, "fingerprint": split.fingerprint, "counts": sizes, "notes": split.notes}
        self._leave(model, graph, fit, metrics)

    def _record(self) -> dict[str, Any]:
        """Return what ``run.json`` holds: all that it takes to run this again, and what ran it."""
        cell, config = self.cell, self.cell.config
        names = ("seed", "threads", "features", "target_kind")
        return {
            "schema": SCHEMA,
            "name": cell.name,
            "dataset": cell.dataset.name,
            "identity": cell.identity,
            "cell": cell.cell,
            "source": cell.source,
            "fingerprint": cell.split.fingerprint,
            "data": cell.data,
            "contents": cell.contents,
            "refit": cell.trainer.refit,
            **{name: config[name] for name in names},
            "sweep": config["sweep"]["name"],
            "config": cell.plain | {"dataset": with_whole_paths(cell.plain["dataset"])},
            "provenance": provenance(),
        }

    def _train(
        self, graph: Graph, stage: str, chosen: FitResult | None = None
    ) -> tuple[RelevanceAwareGraph, FitResult]:
        """Train on the train part, or, given what was chosen there, as long on train and validation."""
        cell, split = self.cell, self.cell.split
        train = split.train_and_validation if chosen else split.train
        evidence = split.evidence_and_validation if chosen else split.evidence
        features = features_for(cell.dataset, evidence, cell.config["features"])
        check_fits(cell, graph, features)
        seed_modules(cell.config["seed"], "model")
        model = build_model(cell.parts, graph, features)
        try:
            fit = cell.trainer.fit(
                model=model,
                graph=graph,
                train=train,
                objective=cell.parts["objective"].build(),
                optimizer=lambda parameters: cell.parts["optimizer"].build(params=parameters),
                seed=cell.config["seed"],
                validate=None if chosen else lambda trained: self._validate(trained, graph),
                folder=cell.folder / stage,
                identity=f"{cell.identity}/refit" if chosen else f"{cell.train_identity}/train",
                epochs=chosen.best_epoch if chosen else None,
                planned_epochs=chosen.planned_epochs if chosen else None,
                tracker=None if chosen else cell.tracker,
                view=TerminalProgress(cell.trainer.stopping.monitor, stage, self.speaker.progress_console),
            )
        except Exception as error:
            raise explain(error, cell, graph, features) from error
        return model, fit

    def _validate(self, model: Any, graph: Graph) -> dict[str, float]:
        self.lock.check()
        monitor = self.cell.trainer.stopping.monitor
        cutoff = monitor.partition("@")[2] or "20"
        curves = list(dict.fromkeys([monitor, f"recall@{cutoff}", f"ndcg@{cutoff}"]))
        found = self.cell.protocol.validate(model.scorer(graph), self.cell.split, metrics=curves).values
        diagnostics: Diagnostics = self.cell.parts["diagnostics"].build()
        return found | diagnostics.measure(model, graph)

    def _scorers(self, model: RelevanceAwareGraph, graph: Graph, known: Any, part: str) -> dict[str, Scorer]:
        scorers = {"model": model.scorer(graph), "most_popular": MostPopular().fit(known)}
        return scorers | ({"best_achievable": best} if (best := self._best_achievable(part)) else {})

    def _best_achievable(self, part: str) -> Scorer | None:
        """Return the ranking by the planted preference over the period of a part, among items that train knows."""
        truth, split = self.cell.dataset.truth, self.cell.split
        if truth is None:
            return None
        preference = torch.tensor(truth.preference(*split.periods[part]), dtype=torch.float32)
        preference[:, torch.tensor(split.train.item_counts()) == 0] = 0
        return InnerProduct(preference, torch.eye(preference.shape[1]))

    def _attributes(self) -> dict[str, Any]:
        """Return what some metrics and groups are made of: vectors of items and the table of users."""
        cell, features = self.cell, None
        if needs_item_features(cell.protocol.metrics):
            nodes = node_features(cell.dataset, cell.split.train)
            features = None if nodes is None else nodes[cell.split.train.num_users :]
        return {"item_features": features, "user_table": cell.dataset.tables.get("users")}

    def _evaluate(
        self, part: str, scorers: dict[str, Scorer], metrics: dict[str, Any], attributes: dict[str, Any]
    ) -> None:
        """Add what a part says of every scorer; the test part opens for it, once."""
        cell = self.cell
        results: dict[str, EvaluationResult]
        if part == "test":
            looks, fingerprint = Looks(cell.runs), cell.split.fingerprint
            results = cell.protocol.test(
                scorers,
                cell.split,
                reason=f"final evaluation of {cell.name}",
                on_open=lambda reason: looks.record(fingerprint, cell.identity, reason),
                **attributes,
            )
            metrics["looks"] = looks.count(fingerprint)
        else:
            validate = cell.protocol.validate
            results = {name: validate(scorer, cell.split, **attributes) for name, scorer in scorers.items()}
        metrics[part] = results["model"].values
        for name in ("intervals", "groups", "tie_rate"):
            metrics.setdefault(name, {})[part] = getattr(results["model"], name)
        metrics["baseline"].setdefault("most_popular", {})[part] = results["most_popular"].values
        metrics.setdefault("counts", {})[part] = results["model"].counts
        if "best_achievable" in results:
            metrics.setdefault("best_achievable", {})[part] = results["best_achievable"].values
        about = {"split": cell.split.fingerprint, "part": part}
        for name, file in (("model", "per_user"), ("most_popular", "per_user_most_popular")):
            keep = partial(write_per_user, results[name], cell.split.train.users, about=about)
            write_atomically(cell.folder / f"{file}_{part}.parquet", keep)

    def _leave(self, model: RelevanceAwareGraph, graph: Graph, fit: FitResult, metrics: dict[str, Any]) -> None:
        """Write model, pictures, lists and then the metrics, which mark the run as finished."""
        cell = self.cell
        self.lock.check()
        weights = {"identity": cell.identity, "model": model.state_dict(), **ids_of(cell.dataset)}
        save_checkpoint(cell.folder / "model.pt", weights)
        plot_curve(fit.history, cell.trainer.stopping.monitor, fit.best_epoch, cell.name, cell.folder / "curve.png")
        plot_diagnostics(fit.best, cell.name, cell.folder / "diagnostics.png")
        known = cell.split.train_and_validation if cell.trainer.refit else cell.split.train
        users, keys = users_to_serve(known, cell.protocol.cold_users), known.items.tie_keys
        k, seen = min(LIST_LENGTH, graph.num_items), item_lists(known)
        ranking = rank(
            serving_scorer(model, graph, known, cell.protocol.cold_users), users, k=k, seen=seen, item_ids=keys
        )
        write_table(recommendation_table(ranking, known), cell.folder / "recommendations.parquet")
        write_json(cell.folder / "metrics.json", metrics)
        cell.tracker.finish(summary_line(metrics))


def _plain(fit: FitResult) -> dict[str, Any]:
    return {name: value for name, value in json.loads(json.dumps(fit.as_dict())).items() if name != "history"}
