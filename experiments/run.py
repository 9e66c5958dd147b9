"""The main job: ``python experiments/run.py [option=value …]``."""

import sys
from pathlib import Path
from typing import Any

import hydra
from omegaconf import OmegaConf
from runner.command_line import attempt, guarded
from runner.execute import execute

CONF = str(Path(__file__).resolve().parents[1] / "conf")


@hydra.main(config_path=CONF, config_name="run", version_base="1.3")
def job(config: Any) -> float:
    """Run one configuration; a sweep calls it once for each."""
    return attempt(lambda: execute(OmegaConf.to_container(config, resolve=True)))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(guarded(job, CONF, "run"))
