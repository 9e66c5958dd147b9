from .item_lists import ItemLists
from .item_similarity import ItemSimilarity
from .ranking import Ranking, rank
from .scorers import Constant, Cosine, FunctionScorer, InnerProduct, Scorer

__all__ = [
    "Constant",
    "Cosine",
    "FunctionScorer",
    "InnerProduct",
    "ItemLists",
    "ItemSimilarity",
    "Ranking",
    "Scorer",
    "rank",
]
