"""What can be found wrong before any data is read."""

from typing import Any

from ragx.checks import check, check_choice
from ragx.evaluation.names import parse_metrics
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.parts import Part, PartsError, bind
from ragx.report.run_parts import GIVEN

REUSE = ("same", "code", "never")
"""Which finished runs are taken for what they are: those of the same code, of any code, or none."""


def bind_parts(config: dict[str, Any]) -> dict[str, Part]:
    """Return the parts of a config, and move ``model.features``, which is for the runner, to a setting of its own."""
    model = config.get("model")
    config["features"] = model.pop("features", False) if isinstance(model, dict) else False
    return bind(config, GIVEN)


def check_settings(config: dict[str, Any]) -> None:
    """Check the settings beside the parts.

    Raises:
        ValueError: one is missing or of a wrong kind.
    """
    for name in ("seed", "threads", "runs", "reuse", "target_kind", "sweep"):
        check(name in config, f"{name}: this setting cannot be removed.")
    seed, runs = config["seed"], config["runs"]
    check(isinstance(seed, int) and not isinstance(seed, bool), f"seed: expected a whole number, got {seed!r}.")
    check(isinstance(runs, str) and bool(runs.strip()), f"runs: expected the name of a folder, got {runs!r}.")
    check_choice("reuse", config["reuse"], REUSE)
    check(isinstance(config["features"], bool), f"model.features: expected a bool, got {config['features']!r}.")
    kind = config["target_kind"]
    check(kind is None or isinstance(kind, str), f"target_kind: expected null or a kind of event, got {kind!r}.")
    threads = config["threads"]
    check(
        threads is None or (isinstance(threads, int) and not isinstance(threads, bool) and threads >= 1),
        f"threads: expected null or a whole number of at least 1, got {threads!r}.",
    )


def try_small(parts: dict[str, Part]) -> None:
    """Build everything that needs no data, and the model for two users and items, so that mistakes show at once."""
    for name in ("objective", "evaluation", "tracker", "diagnostics"):
        parts[name].build()
    monitor = parts["trainer"].build().stopping.monitor
    try:
        parse_metrics([monitor], [])
    except ValueError as error:
        raise PartsError([f"trainer.stopping.monitor: {monitor!r} is no metric at a cut-off. {error}"]) from error
    model: RelevanceAwareGraph = parts["model"].build(num_users=2, num_items=2, layer=parts["layer"].factory())
    parts["optimizer"].build(params=list(model.parameters()))
