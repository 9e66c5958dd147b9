"""A table of results."""

import sys
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from ragx.runner.command_line import attempt, guarded
from ragx.runner.folders import CONF


@hydra.main(config_path=CONF, config_name="table", version_base="1.3")
def job(config: Any) -> None:
    """Make the table that a config describes."""
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    attempt(lambda: _make(plain, HydraConfig.get().runtime.choices.get("table")))


def _make(config: dict[str, Any], choice: str | None) -> None:
    from ragx.runner.commands.table import run_table

    run_table(config, choice)


def main() -> int:
    """Return the exit status of the command line, in which ``sweep`` is the name of one and no choice of conf/sweep."""
    sys.argv = [f"sweeps={argument[6:]}" if argument.startswith("sweep=") else argument for argument in sys.argv]
    return guarded(job, CONF, "table")
