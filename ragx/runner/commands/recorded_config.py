"""The config that a finished run was made with, from the record it left."""

import json
from pathlib import Path
from typing import Any

from ragx.runs.files import read_run


def config_of(folder: Path, *, final: bool, refit: bool | None = None, reuse: str = "same") -> dict[str, Any]:
    """Return the config that a finished run was made with.

    Args:
        folder: the run.
        final: whether the test part is opened.
        refit: whether the model is trained anew on train + validation; as it was by default.
        reuse: see ``conf/run.yaml``.

    Raises:
        ValueError: the folder holds no finished run.
    """
    record, _ = read_run(folder)
    config: dict[str, Any] = json.loads(json.dumps(record["config"]))
    config["model"]["features"] = record.get("features", False)
    config.setdefault("evaluation", {})["final"] = final
    config.setdefault("trainer", {})["refit"] = record["refit"] if refit is None else refit
    settings = {"seed": record["seed"], "target_kind": record.get("target_kind"), "runs": str(folder.parent)}
    settings["name"] = record.get("given_name")
    threads = record.get("provenance", {}).get("machine", {}).get("threads", record.get("threads"))
    settings |= {"threads": threads, "reuse": reuse, "resume": "same", "sweep": {"name": record.get("sweep")}}
    return config | settings
