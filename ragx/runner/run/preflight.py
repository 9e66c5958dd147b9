"""What can be found wrong before any data is read."""

import inspect
from typing import Any

from ragx.checks import RunError
from ragx.learners.memory import small_model
from ragx.learners.node_models import tried_model
from ragx.learners.parts import build_task, groups_of, is_closed_form
from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
from ragx.parts import Part, PartsError, Refuse, bind
from ragx.ranking.memory import is_out_of_memory
from ragx.runner.run.by_source import take_features
from ragx.testing.metric import check_own_metrics
from ragx.training.stopping import Stopping
from ragx.training.tiny_step import try_step

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
    take_features(config)
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


def try_small(parts: dict[str, Part], features: bool = False) -> None:
    """Build everything that needs no data, and the model for two users and items, so that mistakes show at once.

    Raises:
        ValueError: an option is out of range, or options do not fit each other.
    """
    try_alone(parts)
    try_together(parts, features)


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
    else:
        Stopping(monitor=monitor)  # which refuses what has no direction
    metric: Metric = task.metric(option, monitor)
    check_own_metrics([*task.metrics, metric])
    return str(MetricName(metric.name, MetricName.read(monitor).k)), metric


def try_together(parts: dict[str, Part], features: bool = False) -> None:
    """Build a model of the layer, and the optimizer of its parameters; of a closed form, build it alone.

    Raises:
        ValueError: model and layer do not fit each other, or an option of theirs is out of range.
        RunError: the layers alone are too large for the memory.
    """
    if is_closed_form(parts["model"].target):
        _check_kind(parts["model"], parts["model"].build(), "closed form")
        return
    try:
        model = small_model(parts, features)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise RunError(f"model: its layers alone do not fit into memory; make it narrower. {error}") from error
    _check_kind(parts["model"], model)
    _check_kind(parts["optimizer"], parts["optimizer"].build(params=list(model.parameters())))
    if sum(parameter.numel() for parameter in model.parameters()) <= MOST_TRIED:
        try_step(lambda users, items: tried_model(parts, users, items, features), parts["objective"].build())


def _check_kind(part: Part, built: Any, use: str = "", option: str = "") -> None:
    kind = built if inspect.isclass(built) else type(built)
    if lacking := [name for name in USED[use or part.path] if not hasattr(built, name)]:
        raise PartsError(
            [f"{option or part.path}._target_: {part.name} gives a {kind.__name__}, which has no {', '.join(lacking)}."]
        )
