from .layer import check_layer
from .metric import check_metric
from .model import check_model
from .objective import check_objective
from .task import check_task

__all__ = [
    "check_layer",
    "check_metric",
    "check_model",
    "check_objective",
    "check_task",
]
