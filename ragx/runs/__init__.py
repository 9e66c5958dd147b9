"""Run folders: what a run leaves behind, where it comes from, and all results as one table."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
