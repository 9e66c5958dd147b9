from .results import Results, collect

__all__ = [
    "Results",
    "collect",
]
