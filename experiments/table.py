"""A table of results: ``python experiments/table.py table=… [sweep=…] [part=validation] [results=all.parquet]``."""

import sys
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf
from runner.command_line import guarded
from runner.tabling import run_table

CONF = str(Path(__file__).resolve().parents[1] / "conf")


@hydra.main(config_path=CONF, config_name="table", version_base="1.3")
def job(config: Any) -> None:
    """Make the table that a config describes."""
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    run_table(plain, HydraConfig.get().runtime.choices.get("table"))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(guarded(job, CONF, "table"))
