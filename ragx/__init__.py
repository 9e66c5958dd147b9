"""ragx: Relevance-Aware Graph models and Transformers for recommendation and marketing research."""

from importlib.metadata import version

__version__ = version("ragx")


def __getattr__(name: str) -> object:
    """Give ``load_run`` when it is asked for, so that importing a part of ragx does not import all of it."""
    if name == "load_run":
        from ragx.report.run_folder import load_run

        return load_run
    raise AttributeError(f"module 'ragx' has no attribute {name!r}")
