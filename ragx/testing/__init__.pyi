from .contract import check_layer
from .metric import check_metric

__all__ = [
    "check_layer",
    "check_metric",
]
