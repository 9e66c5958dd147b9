from .results import Results, collect
from .run_folder import Run, load_run

__all__ = [
    "Results",
    "Run",
    "collect",
    "load_run",
]
