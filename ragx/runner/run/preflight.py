"""What can be found wrong before any data is read."""

import inspect
from typing import Any

from ragx.learners.parts import build_task, groups_of
from ragx.learners.trying import check_kind, check_objective, try_together
from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
from ragx.parts import Part, PartsError, Refuse, bind
from ragx.runner.run.by_source import take_features
from ragx.testing.metric import check_own_metrics
from ragx.training.stopping import Stopping


def bind_parts(config: dict[str, Any], refuse: Refuse | None = None) -> dict[str, Part]:
    """Return the parts of a config, and move ``model.features``, which is for the runner, to a setting of its own.

    Args:
        config: parts and settings by name.
        refuse: says which dotted paths must not be imported, see :func:`ragx.parts.bind`.
    """
    take_features(config)
    groups = groups_of(config, refuse)
    trainer = config.get("trainer")
    if "trainer" not in groups:
        _hand_on_monitor(config)
    elif isinstance(trainer, dict) and "stopping" in trainer and trainer["stopping"] is None:
        raise PartsError(
            [
                "trainer.stopping: expected what ends a training, got null; set trainer.stopping.patience=null to "
                "train to the end."
            ]
        )
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
    """Build everything that needs no data, and the model for next to none, so that mistakes show at once.

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
        if name == "objective":
            check_objective(parts, part)
        else:
            check_kind(parts[name], part)
    if "sampler" in parts and inspect.isclass(parts["sampler"].target):  # what a function gives shows with the data
        check_kind(parts["sampler"], parts["sampler"].target)
    task = build_task(parts, {})
    check_kind(parts["task"], task)
    for name, baseline in task.baselines.items():
        check_kind(parts["task"], baseline, "closed form", f"task.baselines.{name}")
    option, monitor = "task.monitor", str(task.monitor)
    if "trainer" in built:
        option, monitor = "trainer.stopping.monitor", built["trainer"].stopping.monitor
    else:
        Stopping(monitor=monitor)  # which refuses what has no direction
    metric: Metric = task.metric(option, monitor)
    check_own_metrics([*task.metrics, metric])
    return str(MetricName(metric.name, MetricName.read(monitor).k)), metric
