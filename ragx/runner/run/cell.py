"""One configuration on its data: what decides its result, and where that result lies."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from ragx.data.catalogue.places import without_places
from ragx.data.catalogue.root import stamps
from ragx.data.contents import content_hash, contents_of
from ragx.data.dataset import Dataset
from ragx.data.problem import Problem
from ragx.learners.given import OF_TASK
from ragx.learners.learner import Learner, Settings
from ragx.learners.node_models import takes
from ragx.learners.parts import build_learner, build_task
from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
from ragx.parts import Part, Refuse
from ragx.runner.run.label import run_label
from ragx.runner.run.preflight import bind_parts, try_small
from ragx.runner.run.settings import check_settings
from ragx.runs.files import WAS_FIXED
from ragx.runs.find import folders_of
from ragx.runs.later_options import without_unused
from ragx.runs.provenance import identity_of, provenance
from ragx.runs.source_hash import hash_of_sources, modules_of_parts, sources_of
from ragx.runs.task import OF_TASK_APART, RULES
from ragx.tasks.task import Task
from ragx.training.stopping import Stopping
from ragx.training.trackers import Tracker
from ragx.training.trainer import Trainer

DECISIVE = ("dataset", "split", "graph", "layer", "model", "objective", "optimizer", "trainer")
_last_data: dict[str, tuple[Dataset, Problem[Any]]] = {}


@dataclass(eq=False)
class Cell:
    """A bound configuration with its data.

    ``cell`` is the identity of the configuration without its seed, ``identity`` that of the run, ``train_identity``
    that of its training before any refit, ``sources`` the hashes of the modules that take part, and ``source`` that of
    all of them. The folder is the one that the run has, or else a new one called by its ``label`` and identity.
    """

    config: dict[str, Any]
    parts: dict[str, Part]
    dataset: Dataset
    problem: Problem[Any]
    plain: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.plain = {name: part.as_dict() for name, part in self.parts.items()}
        # The fingerprint and the contents say what was found in the places that a dataset names.
        idle = () if "layer" in self.parts and takes(self.parts["model"], "layer") else ("layer",)
        decisive = {name: self.plain[name] for name in DECISIVE if name in self.plain and name not in idle}
        decisive |= {name: part for name in WAS_FIXED if (part := self._unusual(name))}
        decisive["dataset"] = without_places(self.plain["dataset"])
        if "trainer" in decisive:
            apart = ("checkpoint_every", "engine", "refit")
            decisive["trainer"] = {name: value for name, value in self.plain["trainer"].items() if name not in apart}
        cell = {
            **without_unused(decisive),
            "rules": {name: self.plain.get("evaluation", {}).get(name) for name in RULES},
            "features": self.config["features"],
            "refit": self.refit,
            "fingerprint": self.problem.fingerprint,
            "data": self.data,
            "threads": torch.get_num_threads(),
            **self.learner.decisive,
        }
        self.cell = identity_of(cell)
        self.identity = identity_of({**cell, "seed": self.config["seed"]})
        self.train_identity = identity_of({**cell, "seed": self.config["seed"], "refit": None})
        self.modules = sorted(modules_of_parts({name: self.parts[name] for name in self.parts if name not in idle}))
        self.sources = sources_of(self.modules)
        self.source = hash_of_sources(self.sources)
        self.runs = Path(self.config["runs"])
        self.label = run_label(self.plain, self.dataset.name, self.config)
        existing = folders_of(self.runs, self.identity)
        self.folder = existing[0] if existing else self.runs / f"{self.label}-{self.identity}"
        self.name = self.folder.name

    def _unusual(self, name: str) -> dict[str, Any] | None:
        """Return a part that decides the result where it is not the one that runs had before it could be chosen."""
        if name not in self.plain:
            return None
        apart = OF_TASK_APART if name == "task" else ()
        chosen, usual = (
            {option: value for option, value in part.items() if option not in apart}
            for part in (self.plain[name], WAS_FIXED[name])
        )
        return None if chosen == usual else chosen

    @cached_property
    def stopping(self) -> Stopping:
        """What chooses within a run, and among runs: the loop's, or, without a loop, the task's metric."""
        if "trainer" not in self.parts:
            return Stopping(monitor=self.task.monitor)
        trainer: Trainer = self.parts["trainer"].build()
        return trainer.stopping

    @property
    def monitor(self) -> str:
        """The name in results of the metric that chooses."""
        return str(MetricName(self.metric.name, MetricName.read(self.stopping.monitor).k))

    @cached_property
    def metric(self) -> Metric:
        """What is known of the metric that chooses."""
        return self.task.metric("monitor", self.stopping.monitor)

    @property
    def refit(self) -> bool:
        """Whether the model is fitted anew on train and validation."""
        return bool(self.config.get("trainer", {}).get("refit", False))

    @property
    def final(self) -> bool:
        """Whether the run opens the test part at its end."""
        return bool(self.config.get("evaluation", {}).get("final", False))

    @cached_property
    def contents(self) -> dict[str, str]:
        """Hashes of all that is read: ids, events with times, values and kinds, and the tables that are read."""
        read = self.learner.tables_read | self.task.tables_read
        return contents_of(self.dataset, {name: table for name, table in self.dataset.tables.items() if name in read})

    @cached_property
    def data(self) -> str:
        """One hash of all contents."""
        return content_hash(self.contents)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Code, versions, machine and forms of kernels that the run is made with here."""
        return provenance(self.learner.device)

    @cached_property
    def task(self) -> Task:
        """What is asked of the data."""
        task: Task = build_task(self.parts, self.config)
        return task

    @cached_property
    def learner(self) -> Learner:
        """What fits the model."""
        return build_learner(self.parts, Settings(self.config["seed"], self.config["features"]))

    @cached_property
    def tracker(self) -> Tracker:
        """Where its numbers go."""
        tracker: Tracker = self.parts["tracker"].build()
        return tracker


def bind_cell(config: dict[str, Any], refuse: Refuse | None = None) -> dict[str, Part]:
    """Return the parts of a config after everything that needs no data was checked.

    Args:
        config: parts and settings by name.
        refuse: says which dotted paths must not be imported, see :func:`ragx.parts.bind`.

    Raises:
        ValueError: the config is at fault; a :class:`ragx.parts.PartsError` where it is a part.
    """
    parts = bind_parts(config, refuse)
    check_settings(config)
    try_small(parts, config["features"])
    return parts


def load_cell(config: dict[str, Any], refuse: Refuse | None = None) -> Cell:
    """Return a configuration with its data, whose threads are those of the process from here on.

    Args:
        config: parts and settings by name.
        refuse: says which dotted paths must not be imported; a config out of a run folder is given with one.

    Raises:
        ValueError: the config, the data or their combination is at fault; nothing has been written then.
    """
    parts = bind_cell(config, refuse)
    if config["threads"]:
        torch.set_num_threads(config["threads"])
    return Cell(config, parts, *_data(parts, {name: config[name] for name in OF_TASK}))


def _data(parts: dict[str, Part], settings: dict[str, Any]) -> tuple[Dataset, Problem[Any]]:
    """Return dataset and problem; the last are kept while their files stay, since the cells of a sweep share them."""
    named = parts["dataset"].as_dict()
    files = stamps(_texts(named), named.get("root"))
    dividing = [parts[name].as_dict() for name in ("task", "split") if name in parts]
    key = json.dumps([named, files, dividing, settings], default=str)
    if key not in _last_data:
        _last_data.clear()
        dataset: Dataset = parts["dataset"].build()
        _last_data[key] = dataset, build_task(parts, settings).problem(dataset)
    return _last_data[key]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _texts(entry)
