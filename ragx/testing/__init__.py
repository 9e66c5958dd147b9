"""Contracts that users hold layers, models, objectives, metrics and tasks of their own against."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
