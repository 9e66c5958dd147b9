"""The protocol that a finished run was evaluated by."""

from collections.abc import Mapping
from typing import Any

from ragx.checks import check
from ragx.evaluation.cold_users import ColdUsers
from ragx.evaluation.protocol import Protocol
from ragx.metrics.own import is_own, own_in
from ragx.parts import bind
from ragx.runs.trusted import Trusted


def stored_protocol(config: Mapping[str, Any], metrics: Mapping[str, Any], trust: Trusted) -> Protocol:
    """Return the conventions, cold users and groups of a run, without the metrics of one's own that it names.

    Their code, which need not be there, has no say in the rest.

    Args:
        config: the parts of the run.
        metrics: what ``metrics.json`` holds.
        trust: whose code the protocol may be.

    Raises:
        ValueError: the protocol is not known here or not trusted, or no ``Protocol``.
    """
    evaluation = without_own_metrics(stored_evaluation(config, metrics))
    protocol = bind({"evaluation": evaluation}, {"evaluation": ()}, trust)["evaluation"].build()
    check(isinstance(protocol, Protocol), f"expected a run evaluated by Protocol, got {protocol!r}")
    return protocol  # type: ignore[no-any-return]


def stored_cold_users(config: Mapping[str, Any], metrics: Mapping[str, Any], trust: Trusted) -> ColdUsers:
    """Return what a run does with users without train interactions; a protocol of one's own says it in its code.

    Raises:
        ValueError: as in :func:`stored_protocol`.
    """
    named: ColdUsers | None = config["evaluation"].get("cold_users")
    return stored_protocol(config, metrics, trust).cold_users if named is None else named


def stored_evaluation(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> Any:
    """Return the config of a run's last evaluation; an earlier version wrote the one that it began with alone."""
    return metrics.get("evaluation", config.get("evaluation"))


def without_own_metrics(evaluation: Any) -> Any:
    """Return the config of an evaluation that names metrics of ragx alone."""
    if not isinstance(evaluation, Mapping) or not isinstance(evaluation.get("metrics"), list):
        return evaluation
    own = own_in("metrics", evaluation["metrics"])
    known = [name for name in evaluation["metrics"] if name not in own]
    rest = {name: value for name, value in evaluation.items() if name != "metrics"}
    return rest | ({"metrics": known} if known or not own else {})


def without_own_monitor(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a run, its task without a monitor of one's own, which has no say in what was fitted."""
    task = config.get("task")
    if not isinstance(task, Mapping) or not is_own(task.get("monitor")):
        return dict(config)
    return {**config, "task": {name: value for name, value in task.items() if name != "monitor"}}
