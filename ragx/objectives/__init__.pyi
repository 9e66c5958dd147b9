from .base import Objective, ViewObjective
from .bilateral_softmax import BilateralSoftmax
from .cosine_contrastive import CosineContrastive
from .direct_au import DirectAU
from .in_batch_softmax import InBatchSoftmax
from .info_nce import info_nce
from .pairwise import BayesianPersonalizedRanking
from .sampled_softmax import SampledSoftmax
from .sim_gcl import SimGCL
from .value_loss import ValueLoss
from .views import View, Views
from .x_sim_gcl import XSimGCL

__all__ = [
    "BayesianPersonalizedRanking",
    "BilateralSoftmax",
    "CosineContrastive",
    "DirectAU",
    "InBatchSoftmax",
    "Objective",
    "SampledSoftmax",
    "SimGCL",
    "ValueLoss",
    "View",
    "ViewObjective",
    "Views",
    "XSimGCL",
    "info_nce",
]
