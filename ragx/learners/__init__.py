"""What learns: the one loop over batches, or a closed form; each gives a predictor that a task evaluates."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
