from .base import Objective, ViewObjective
from .in_batch_softmax import InBatchSoftmax
from .pairwise import BayesianPersonalizedRanking
from .sampled_softmax import SampledSoftmax
from .views import View, Views

__all__ = [
    "BayesianPersonalizedRanking",
    "InBatchSoftmax",
    "Objective",
    "SampledSoftmax",
    "View",
    "ViewObjective",
    "Views",
]
