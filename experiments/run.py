"""The main job: ``python experiments/run.py [option=value …]``, and with ``-m`` a sweep of it."""

import sys
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from ragx.runner.command_line import attempt, guarded
from ragx.runner.folders import CONF
from ragx.runner.run.single import run_alone
from ragx.runner.sweep.job import run_in_sweep


@hydra.main(config_path=CONF, config_name="run", version_base="1.3")
def job(config: Any) -> float | None:
    """Run one configuration; a sweep calls it once for each."""
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        return run_in_sweep(plain, list(HydraConfig.get().overrides.task))
    return attempt(lambda: run_alone(plain))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(guarded(job, CONF, "run"))
