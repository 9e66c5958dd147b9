"""From axes to cells: the product of all values, each with its seeds, without what cannot be."""

import itertools
from collections.abc import Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from ragx.checks import check, did_you_mean
from ragx.learners.given import GIVEN
from ragx.runner.run.by_source import check_by_source
from ragx.runner.run.settings import check_seed, check_settings, check_sweep
from ragx.runs.sweeps.record import PlannedCell

Axis = tuple[str, list[str]]


def axes_of(loader: ConfigLoader, texts: Sequence[str]) -> list[Axis]:
    """Return the values of every option, the last one of a name counting, in the order in which they are first named.

    Raises:
        ValueError: an option is swept over a range without steps, or over names of which none fits.
    """
    axes: dict[str, list[str]] = {}
    for override in OverridesParser.create(config_loader=loader).parse_overrides(list(texts)):
        key = override.get_key_element()
        if override.is_sweep_override():
            check(override.is_discrete_sweep(), f"{key}: a grid takes a list of values such as {key}=1,2,3.")
            axes[key] = list(dict.fromkeys(f"{key}={value}" for value in override.sweep_string_iterator()))
            check(bool(axes[key]), f"{override.input_line}: no choice fits.")
        else:
            axes[key] = [f"{key}={override.get_value_element_as_str()}"]
    return list(axes.items())


def seeds_of(config: DictConfig, axes: Sequence[Axis]) -> list[int] | None:
    """Return the seeds of every configuration; None where the option ``seed`` says it.

    Raises:
        ValueError: ``seeds`` is neither a number nor a list of numbers, or ``seed`` is given too.
    """
    seeds = OmegaConf.to_container(config)["seeds"]  # type: ignore[call-overload,index]
    if seeds is None:
        return None
    listed: Any = list(range(seeds)) if isinstance(seeds, int) and not isinstance(seeds, bool) else seeds
    whole = isinstance(listed, list) and all(isinstance(seed, int) and not isinstance(seed, bool) for seed in listed)
    check(whole and bool(listed), f"seeds: expected null, a number from 1 or a list of seeds, got {seeds!r}.")
    for seed in listed:
        check_seed("seeds", seed)
    check(all(name != "seed" for name, _ in axes), "seeds and seed: give one of them.")
    return list(dict.fromkeys(listed))


def expand(
    loader: ConfigLoader, config: DictConfig, axes: Sequence[Axis], extra: Sequence[str]
) -> tuple[list[PlannedCell], list[dict[str, str]]]:
    """Return the cells of a grid, and what was dropped since it cannot be, with the reason.

    Args:
        loader: composes configs.
        config: config of the sweep.
        axes: options and their values.
        extra: further options of every cell.

    Raises:
        ValueError: a value is of a wrong kind, a row is no option, or nothing is left.
    """
    check("search" not in config, "-m: a search draws its trials itself; leave -m out.")
    check_sweep(OmegaConf.to_container(config)["sweep"])  # type: ignore[call-overload,index]
    seeds = seeds_of(config, axes)
    rows = list(config.sweep.rows)
    named = [name for name, _ in axes]
    calls = next((len(values) for name, values in axes if name == "name"), 1)
    check(calls == 1, f"name: expected one name for all runs, whose hashes tell them apart, got {calls} names.")
    for row in rows:
        known = row in named or row in GIVEN or OmegaConf.select(config, row) is not None
        check(known, f"sweep.rows: {row!r} is no option of this sweep.{did_you_mean(row, named)}")
    cells, dropped = [], []
    for values in itertools.product(*(values for _, values in axes)):
        options = [*values, *extra]
        plain = compose(loader, config, options)
        reason = _impossible(plain)
        if reason is not None:
            varied = [value for value, (_, among) in zip(values, axes, strict=True) if len(among) > 1]
            dropped.append({"cell": " ".join(varied) or "the only one", "reason": reason})
            continue
        row = ", ".join(_row_label(name, values) for name in rows)
        for seed in [plain["seed"]] if seeds is None else seeds:
            own = tuple(options) if seeds is None else (*options, f"seed={seed}")
            cells.append(PlannedCell(own, seed, row))
    check(bool(cells), f"Nothing is left of the sweep: {dropped[0]['reason'] if dropped else 'it has no cells'}")
    return cells, dropped


def compose(loader: ConfigLoader, config: DictConfig, options: Sequence[str]) -> dict[str, Any]:
    """Return the plain config of one cell."""
    composed = loader.load_sweep_config(config, list(options))
    plain = {name: composed[name] for name in composed if name != "hydra"}
    container = OmegaConf.to_container(OmegaConf.create(plain), resolve=True)
    return container  # type: ignore[return-value]


def _impossible(plain: dict[str, Any]) -> str | None:
    """Return why a combination cannot be; an option that is wrong by itself raises instead.

    Raises:
        ValueError: an option is unknown, of a wrong kind or out of range.
    """
    check_by_source(plain)
    from ragx.learners.trying import try_together  # with torch, whose import takes seconds
    from ragx.runner.run.preflight import bind_parts, try_alone

    parts = bind_parts(plain)
    check_settings(plain)
    try_alone(parts)
    try:
        try_together(parts, plain["features"])
    except ValueError as error:
        return str(error).replace("\n", " ")
    return None


def _row_label(name: str, values: Sequence[str]) -> str:
    chosen = next((value for value in values if value.partition("=")[0] == name), f"{name}=default")
    return chosen.partition("=")[2] if "." not in name else chosen
