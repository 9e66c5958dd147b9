"""What is asked of data: a problem made of it, an evaluation, baselines, and what a run leaves behind."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
