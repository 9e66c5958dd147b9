"""ragx: Relevance-Aware Graph models and Transformers for recommendation and marketing research.

Packages and names are imported when they are first asked for, so that importing a part does not import all.
"""

from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("ragx")
