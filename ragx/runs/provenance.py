"""Where a result comes from: code, versions, machine."""

import hashlib
import json
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from ragx.kernels.forms import FORMS, form_of
from ragx.kernels.native import compiler_version

PACKAGES = ("ragx", "torch", "torch-geometric", "torch-scatter", "hydra-core", "numpy", "polars", "wandb")


def identity_of(decisive: dict[str, Any]) -> str:
    """Return the first 10 hexadecimal digits of a SHA-256 over what decides a run's result."""
    text = json.dumps(decisive, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def provenance(device: str = "cpu") -> dict[str, Any]:
    """Return git commit, dirty flag, versions, machine, threads, and the form that each operation has on a device."""
    return {
        "git": _git(),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "threads": torch.get_num_threads(),
            "compiler": compiler_version(),
        },
        "forms": {operation: form_of(operation, torch.device(device)) for operation in FORMS},
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git() -> dict[str, Any]:
    """Return the commit that ragx lies in; None where it is not a checkout."""
    folder = Path(__file__).parent
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}
    return {"commit": commit.stdout.strip(), "dirty": bool(status.stdout.strip())}
