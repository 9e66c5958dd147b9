from .evaluated import evaluate
from .lists import ListOptions
from .run import Run, load_run

__all__ = [
    "ListOptions",
    "Run",
    "evaluate",
    "load_run",
]
