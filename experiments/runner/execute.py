"""The course of one run, from a config to a folder of results."""

import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.protocol import Protocol, item_lists
from ragx.graph.graph import Graph
from ragx.models.most_popular import MostPopular
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.parts import Part
from ragx.random import seed_modules
from ragx.ranking.ranking import rank
from ragx.ranking.scorers import InnerProduct, Scorer
from ragx.report.curve import plot_curve
from ragx.report.looks import Looks
from ragx.report.provenance import identity_of, provenance
from ragx.report.recommendations import recommendation_table
from ragx.report.run_folder import build_model, build_split, features_for, write_json
from ragx.report.table_output import write_table
from ragx.training.checkpoint import save_checkpoint
from ragx.training.keeper import finished_epochs
from ragx.training.progress import TerminalProgress
from ragx.training.state import FitResult
from ragx.training.trackers import Tracker
from ragx.training.trainer import Trainer
from runner.preflight import bind_parts, check_settings, try_small
from runner.summary import print_data, print_summary, summary_line

DECISIVE = ("dataset", "split", "graph", "layer", "model", "objective", "optimizer", "trainer")
LIST_LENGTH = 20


def execute(config: dict[str, Any]) -> float:
    """Run one configuration and return the validation value that chose its epoch.

    Raises:
        ValueError: the config, the data or their combination is at fault; nothing has been trained then.
    """
    parts = bind_parts(config)
    check_settings(config)
    try_small(parts)
    if config["threads"]:
        torch.set_num_threads(config["threads"])
    console = Console(file=sys.stdout)
    dataset: Dataset = parts["dataset"].build()
    split = build_split(parts, dataset, config["target_kind"])
    print_data(console, dataset, split)
    run = _Run(config, parts, dataset, split)
    if run.is_finished() and not config["rerun"]:
        console.print(f"This run is finished; its results are in {run.folder} (rerun=true runs it again).")
        return print_summary(console, run.folder)
    try:
        run.go()
    except BaseException:
        run.tracker.finish({}, failed=True)
        raise
    return print_summary(console, run.folder)


@dataclass(eq=False)
class _Run:
    """One configuration on its data."""

    config: dict[str, Any]
    parts: dict[str, Part]
    dataset: Dataset
    split: Split

    def __post_init__(self) -> None:
        self.trainer: Trainer = self.parts["trainer"].build()
        self.protocol: Protocol = self.parts["evaluation"].build()
        self.tracker: Tracker = self.parts["tracker"].build()
        self.plain = {name: part.as_dict() for name, part in self.parts.items()}
        decisive = {name: self.plain[name] for name in DECISIVE} | {"features": self.config["features"]}
        cell = {**decisive, "fingerprint": self.split.fingerprint, "threads": torch.get_num_threads()}
        cell["dataset"] = {name: value for name, value in decisive["dataset"].items() if name != "root"}
        self.cell = identity_of(cell)
        self.identity = identity_of({**cell, "seed": self.config["seed"]})
        model = self.parts["model"].name.rpartition(".")[2]
        self.name = f"{self.dataset.name}-{model}-{self.identity}"
        self.folder = Path(self.config["runs"]) / self.name
        self.looks = Looks(Path(self.config["runs"]))

    def is_finished(self) -> bool:
        """Whether the folder holds the results of this run under this very protocol."""
        if not (self.folder / "metrics.json").is_file():
            return False
        stored = json.loads((self.folder / "run.json").read_text())["config"]["evaluation"]
        return bool(stored == json.loads(json.dumps(self.plain["evaluation"])))

    def go(self) -> None:
        """Train, choose, perhaps refit, test once, and write everything down."""
        if self.config["rerun"]:
            for path in (
                self.folder / "metrics.json",
                *self.folder.glob("*/last.pt"),
                *self.folder.glob("*/curve.jsonl"),
            ):
                path.unlink(missing_ok=True)
        record = {
            "name": self.name,
            "identity": self.identity,
            "cell": self.cell,
            "seed": self.config["seed"],
            "fingerprint": self.split.fingerprint,
            "refit": self.trainer.refit,
            "features": self.config["features"],
            "target_kind": self.split.target,
            "config": self.plain,
            "provenance": provenance(),
        }
        write_json(self.folder / "run.json", record)
        history = finished_epochs(self.folder / "train")
        self.tracker.start(self.folder, record, history)
        began = time.perf_counter()
        graph: Graph = self.parts["graph"].build(interactions=self.split.evidence)
        model, fit = self._train(graph, "train")
        validation = self.protocol.validate(model.scorer(graph), self.split)
        popular = MostPopular().fit(self.split.train)
        best = self._best_achievable("validation")
        metrics: dict[str, Any] = {
            "validation": validation.values,
            "baseline": {"most_popular": {"validation": self.protocol.validate(popular, self.split).values}},
            "fit": {name: value for name, value in fit.as_dict().items() if name != "history"},
        }
        if best:
            metrics["best_achievable"] = {"validation": self.protocol.validate(best, self.split).values}
        if self.trainer.refit:
            graph = self.parts["graph"].build(interactions=self.split.evidence_and_validation)
            model, refit = self._train(graph, "refit", fit)
            popular = MostPopular().fit(self.split.train_and_validation)
            metrics["refit"] = {name: value for name, value in refit.as_dict().items() if name != "history"}
        if self.protocol.final:
            best = self._best_achievable("test")
            self._test(
                {"model": model.scorer(graph), "most_popular": popular} | ({"best": best} if best else {}), metrics
            )
        metrics["seconds"] = round(time.perf_counter() - began, 1)
        metrics["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        metrics["counts"] = {"validation": validation.counts, **metrics.get("counts", {})}
        metrics["steps"] = [
            dict(zip(("name", "users", "items", "interactions"), step, strict=True)) for step in self.dataset.steps
        ]
        metrics["split"] = {"name": self.split.name, "fingerprint": self.split.fingerprint, "notes": self.split.notes}
        self._leave(model, graph, fit, metrics)

    def _train(
        self, graph: Graph, stage: str, chosen: FitResult | None = None
    ) -> tuple[RelevanceAwareGraph, FitResult]:
        """Train on the train part, or, given what was chosen there, as long on train and validation."""
        seed_modules(self.config["seed"], "model")
        train = self.split.train_and_validation if chosen else self.split.train
        evidence = self.split.evidence_and_validation if chosen else self.split.evidence
        model = build_model(self.parts, graph, features_for(self.dataset, evidence, self.config["features"]))
        fit = self.trainer.fit(
            model=model,
            graph=graph,
            train=train,
            objective=self.parts["objective"].build(),
            optimizer=lambda parameters: self.parts["optimizer"].build(params=parameters),
            seed=self.config["seed"],
            validate=None if chosen else lambda trained: self._validate(trained, graph),
            folder=self.folder / stage,
            identity=f"{self.identity}/{stage}",
            epochs=chosen.best_epoch if chosen else None,
            planned_epochs=chosen.planned_epochs if chosen else None,
            tracker=None if chosen else self.tracker,
            view=TerminalProgress(self.trainer.stopping.monitor, stage),
        )
        return model, fit

    def _validate(self, model: Any, graph: Graph) -> dict[str, float]:
        cutoff = self.trainer.stopping.monitor.partition("@")[2] or "20"
        curves = list(dict.fromkeys([self.trainer.stopping.monitor, f"recall@{cutoff}", f"ndcg@{cutoff}"]))
        return self.protocol.validate(model.scorer(graph), self.split, metrics=curves).values

    def _best_achievable(self, part: str) -> Scorer | None:
        """Return the ranking by the planted preference over the period of a part, among items that train knows."""
        if self.dataset.truth is None:
            return None
        preference = torch.tensor(self.dataset.truth.preference(*self.split.periods[part]), dtype=torch.float32)
        preference[:, torch.tensor(self.split.train.item_counts()) == 0] = 0
        return InnerProduct(preference, torch.eye(preference.shape[1]))

    def _test(self, scorers: dict[str, Scorer], metrics: dict[str, Any]) -> None:
        """Open the test part, once, and add what it says."""
        fingerprint = self.split.fingerprint
        results: dict[str, EvaluationResult] = self.protocol.test(
            scorers,
            self.split,
            reason=f"final evaluation of {self.name}",
            on_open=lambda reason: self.looks.record(fingerprint, self.identity, reason),
        )
        metrics["test"] = results["model"].values
        metrics["baseline"]["most_popular"]["test"] = results["most_popular"].values
        if "best" in results:
            metrics["best_achievable"]["test"] = results["best"].values
        metrics["counts"] = {"test": results["model"].counts}
        metrics["tie_rate"] = results["model"].tie_rate
        metrics["looks"] = self.looks.count(fingerprint)
        write_table(results["model"].per_user, self.folder / "per_user.parquet")

    def _leave(self, model: RelevanceAwareGraph, graph: Graph, fit: FitResult, metrics: dict[str, Any]) -> None:
        """Write model, picture, lists and, last of all, the metrics that mark the run as finished."""
        save_checkpoint(self.folder / "model.pt", {"identity": self.identity, "model": model.state_dict()})
        plot_curve(fit.history, self.trainer.stopping.monitor, fit.best_epoch, self.name, self.folder / "curve.png")
        known = self.split.train_and_validation if self.trainer.refit else self.split.train
        ranking = rank(model.scorer(graph), k=min(LIST_LENGTH, graph.num_items), seen=item_lists(known))
        write_table(recommendation_table(ranking, known), self.folder / "recommendations.parquet")
        self.tracker.finish(summary_line(metrics))
        write_json(self.folder / "metrics.json", metrics)
