"""What can be found wrong before any data is read."""

import inspect
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ragx.checks import LONGEST_NAME, RunError, as_typed, check, check_choice, did_you_mean
from ragx.evaluation.names import refuse_sampling
from ragx.learners.memory import small_model
from ragx.learners.node_models import sized_model
from ragx.learners.parts import GIVEN, build_task, groups_of, is_closed_form
from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
from ragx.metrics.own import located
from ragx.parts import Part, PartsError, Refuse, bind
from ragx.passwords import passwords
from ragx.ranking.memory import is_out_of_memory
from ragx.runner.run.label import check_given_name
from ragx.testing import check_metric
from ragx.training.tiny_step import try_step

REUSE = ("same", "code", "never")
"""Which finished runs are taken for what they are: those of the same code, of any code, or none."""
RESUME = ("same", "anyway")
"""Whether a run is taken up only on what it was begun on (forms of kernels, compiler, versions), or on anything."""
SETTINGS = ("seed", "threads", "runs", "reuse", "resume", "target_kind", "sweep")
FOR_SWEEPS = ("seeds", "dry_run")
NEWER = ("name",)
"""Settings that earlier configs and run folders lack."""
OF_SWEEP = ("name", "rows", "folder")
MOST_THREADS = 4_096
MOST_TRIED = 2**22
"""Parameters of a model, apart from its rows, up to which one step of it costs next to nothing."""
USED = {
    "task": ("problem", "evaluate", "monitor", "baselines"),
    "objective": ("of_batch", "negatives"),
    "sampler": ("__len__", "batch"),
    "trainer": ("fit", "stopping", "engine"),
    "evaluation": ("validate", "test"),
    "tracker": ("start", "log", "table", "finish"),
    "diagnostics": ("measure",),
    "model": ("base_embeddings", "scorer", "parameters"),
    "closed form": ("fit", "needed_bytes"),
    "optimizer": ("step", "param_groups"),
}
"""What the runner asks of parts; what lacks it is another kind of thing."""


def bind_parts(config: dict[str, Any], refuse: Refuse | None = None) -> dict[str, Part]:
    """Return the parts of a config, and move ``model.features``, which is for the runner, to a setting of its own.

    Args:
        config: parts and settings by name.
        refuse: says which dotted paths must not be imported, see :func:`ragx.parts.bind`.
    """
    model = config.get("model")
    config["features"] = model.pop("features", False) if isinstance(model, dict) else False
    evaluation = config.get("evaluation")
    if isinstance(evaluation, dict):
        refuse_sampling(evaluation)
    groups = groups_of(config, refuse)
    if "trainer" not in groups:
        _hand_on_monitor(config)
    return bind(config, groups, refuse)


def _hand_on_monitor(config: dict[str, Any]) -> None:
    """Let a run without a loop choose by the metric that the loop was told of, as the runs beside it in a sweep do."""
    node: Any = config
    for name in ("trainer", "stopping", "monitor"):
        node = node.get(name) if isinstance(node, dict) else None
    task = config.get("task")
    if node is not None and isinstance(task, dict) and "monitor" in task:
        task["monitor"] = node


def check_settings(config: dict[str, Any]) -> None:
    """Check the settings beside the parts.

    Raises:
        ValueError: one is missing, unknown or of a wrong kind.
    """
    for name in SETTINGS:
        check(name in config, f"{name}: this setting cannot be removed.")
    known = (*GIVEN, *SETTINGS, *NEWER, *FOR_SWEEPS)
    for name in config:
        check(name in known or name == "features", f"{name}: unknown option.{did_you_mean(name, known)}")
    for line in passwords("", {name: config[name] for name in SETTINGS}):
        raise ValueError(line.removeprefix("."))
    check_seed("seed", config["seed"])
    check_given_name(config.get("name"))
    check_folder("runs", config["runs"])
    check_choice("reuse", str(config["reuse"]), REUSE)
    check_choice("resume", str(config["resume"]), RESUME)
    for name, label in (("features", "model.features"), ("dry_run", "dry_run")):
        value = config.get(name, False)
        check(isinstance(value, bool), f"{label}: expected true or false, got {value!r}.")
    kind = config["target_kind"]
    typed = f": text is written {as_typed('target_kind', str(kind))}" if isinstance(kind, int | float) else ""
    check(kind is None or isinstance(kind, str), f"target_kind: expected null or a kind of event, got {kind!r}{typed}.")
    check_threads("threads", config["threads"])
    check_sweep(config["sweep"])


def check_threads(option: str, threads: Any) -> None:
    """Check a number of processor threads, which may come out of somebody's run folder.

    Raises:
        ValueError: it is none that a machine could have.
    """
    is_whole = isinstance(threads, int) and not isinstance(threads, bool)
    check(
        threads is None or (is_whole and 1 <= threads <= MOST_THREADS),
        f"{option}: expected null or a whole number from 1 to {MOST_THREADS:,}, got {threads!r:.40}.",
    )


def check_seed(option: str, seed: Any) -> None:
    """Check a seed: torch and the tables of results take whole numbers of 64 bits with a sign.

    Raises:
        ValueError: it is something else.
    """
    fits = isinstance(seed, int) and not isinstance(seed, bool) and -(2**63) <= seed < 2**63
    check(fits, f"{option}: expected a whole number from -2^63 to 2^63 - 1, got {str(seed)[:40]!r}.")


def check_folder(option: str, given: Any) -> None:
    """Check that a folder is there and can be written in, or could be made.

    Raises:
        ValueError: it is no name of a folder.
    """
    check(isinstance(given, str) and bool(given.strip()), f"{option}: expected the name of a folder, got {given!r}.")
    path = Path(given)
    longest = max(len(os.fsencode(part)) for part in path.parts or (".",))
    check(longest <= LONGEST_NAME, f"{option}: {given}: File name too long.")
    there = next(each for each in (path, *path.parents) if each.exists())
    check(there.is_dir(), f"{option}: expected the name of a folder, but {there} is a file.")
    check(os.access(there, os.W_OK | os.X_OK), f"{option}: {there} is a folder that cannot be written in.")


def check_sweep(sweep: Any) -> None:
    """Check the options that name a sweep and its rows.

    Raises:
        ValueError: one is unknown or of a wrong kind.
    """
    check(isinstance(sweep, dict), f"sweep: expected the name of a file in conf/sweep, got {sweep!r}.")
    for name in sweep:
        check(name in OF_SWEEP, f"sweep.{name}: unknown option.{did_you_mean(str(name), OF_SWEEP)}")
    check_name("sweep.name", sweep.get("name"))
    rows = sweep.get("rows", [])
    check(
        isinstance(rows, list) and all(isinstance(row, str) for row in rows),
        f"sweep.rows: expected a list of options such as [model,objective], got {rows!r}.",
    )


def check_name(option: str, given: Any) -> None:
    """Check the name that a folder of results is to have, null for one that is made.

    Raises:
        ValueError: it is no plain name.
    """
    check(
        given is None or (isinstance(given, str) and re.fullmatch(r"\w[\w.-]*", given, re.ASCII) is not None),
        f"{option}: expected null or a name of letters, digits, '_', '-' and '.', no number alone; got {given!r}.",
    )


def try_small(parts: dict[str, Part]) -> None:
    """Build everything that needs no data, and the model for two users and items, so that mistakes show at once.

    Raises:
        ValueError: an option is out of range, or options do not fit each other.
    """
    try_alone(parts)
    try_together(parts)


def try_alone(parts: dict[str, Part]) -> tuple[str, Metric]:
    """Build what depends on no other part, and return the metric that chooses among runs, with its name in results.

    Raises:
        ValueError: an option is out of range.
    """
    alone = ("objective", "evaluation", "tracker", "diagnostics", "trainer")
    built = {name: parts[name].build() for name in alone if name in parts}
    for name, part in built.items():
        _check_kind(parts[name], part)
    if "sampler" in parts and inspect.isclass(parts["sampler"].target):  # what a function gives shows with the data
        _check_kind(parts["sampler"], parts["sampler"].target)
    task = build_task(parts, None)
    _check_kind(parts["task"], task)
    for name, baseline in task.baselines.items():
        _check_kind(parts["task"], baseline, "closed form", f"task.baselines.{name}")
    option, monitor = "task.monitor", str(task.monitor)
    if "trainer" in built:
        option, monitor = "trainer.stopping.monitor", built["trainer"].stopping.monitor
    metric: Metric = task.metric(option, monitor)
    check_own_metrics([*task.metrics, metric])
    return str(MetricName(metric.name, MetricName.read(monitor).k)), metric


def check_own_metrics(metrics: Iterable[Metric]) -> None:
    """Hold metrics of one's own against their contract, before anything is trained that they are to measure.

    Raises:
        PartsError: one breaks it; the line names it and says what was expected.
    """
    for path in dict.fromkeys(metric.path for metric in metrics if metric.path):
        try:
            check_metric(located(path)[1])
        except ValueError as error:
            raise PartsError([f"metric {path}: {error}"]) from error


def try_together(parts: dict[str, Part]) -> None:
    """Build a model of the layer, and the optimizer of its parameters; of a closed form, build it alone.

    Raises:
        ValueError: model and layer do not fit each other, or an option of theirs is out of range.
        RunError: the layers alone are too large for the memory.
    """
    if is_closed_form(parts["model"].target):
        _check_kind(parts["model"], parts["model"].build(), "closed form")
        return
    try:
        model = small_model(parts)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise RunError(f"model: its layers alone do not fit into memory; make it narrower. {error}") from error
    _check_kind(parts["model"], model)
    _check_kind(parts["optimizer"], parts["optimizer"].build(params=list(model.parameters())))
    if sum(each.numel() for each in model.parameters()) <= MOST_TRIED:
        try_step(lambda users, items: sized_model(parts, users, items), parts["objective"].build())


def _check_kind(part: Part, built: Any, use: str = "", option: str = "") -> None:
    kind = built if inspect.isclass(built) else type(built)
    if lacking := [name for name in USED[use or part.path] if not hasattr(built, name)]:
        raise PartsError(
            [f"{option or part.path}._target_: {part.name} gives a {kind.__name__}, which has no {', '.join(lacking)}."]
        )
