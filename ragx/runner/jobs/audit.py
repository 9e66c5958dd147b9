"""The audit of a dataset and its split."""

from typing import Any

import hydra
from omegaconf import OmegaConf

from ragx.evaluation.findings import Verdict
from ragx.runner.command_line import attempt, guarded
from ragx.runner.folders import CONF


def main() -> int:
    """Return the exit status: 0 where nothing failed, 1 where the audit failed, 2 for a mistake in what was asked."""
    verdicts: list[Verdict] = []

    @hydra.main(config_path=CONF, config_name="audit", version_base="1.3")
    def job(config: Any) -> None:
        def audit() -> None:
            from ragx.runner.commands.audit import run_audit

            plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
            verdicts.append(run_audit(plain))

        attempt(audit)

    status = guarded(job, CONF, "audit")
    return status or int("fail" in verdicts)
