from .evaluated import evaluate
from .run import Run, load_run

__all__ = [
    "Run",
    "evaluate",
    "load_run",
]
