"""The main job, and with ``-m`` a sweep of it."""

from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from ragx.runner.command_line import attempt, guarded
from ragx.runner.folders import CONF


@hydra.main(config_path=CONF, config_name="run", version_base="1.3")
def job(config: Any) -> float | None:
    """Run one configuration; a sweep calls it once for each."""
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        from ragx.runner.sweep.job import run_in_sweep

        return run_in_sweep(plain, list(HydraConfig.get().overrides.task))
    return attempt(lambda: _run(plain))


def _run(config: dict[str, Any]) -> float:
    from ragx.runner.run.single import run_alone

    return run_alone(config)


def main() -> int:
    """Return the exit status of the command line."""
    return guarded(job, CONF, "run")
