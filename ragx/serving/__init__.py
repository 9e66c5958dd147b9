"""Finished runs at work: given back, evaluated, and asked for lists, for new users too."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
