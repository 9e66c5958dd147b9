"""Names of metrics and what is known of each: whether more is better, its unit, whether it takes a cut-off."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
