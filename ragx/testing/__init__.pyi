from .layer import check_layer
from .metric import check_metric
from .model import check_model
from .objective import check_objective

__all__ = [
    "check_layer",
    "check_metric",
    "check_model",
    "check_objective",
]
