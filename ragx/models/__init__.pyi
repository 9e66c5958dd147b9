from .most_popular import MostPopular
from .relevance_aware_graph import LayerFactory, RelevanceAwareGraph

__all__ = [
    "LayerFactory",
    "MostPopular",
    "RelevanceAwareGraph",
]
