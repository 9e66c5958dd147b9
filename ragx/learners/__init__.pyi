from .closed_form import ByClosedForm
from .learner import Cost, DoesNotFitError, Fitted, Learner, Settings, Stage
from .trained import Trained

__all__ = [
    "ByClosedForm",
    "Cost",
    "DoesNotFitError",
    "Fitted",
    "Learner",
    "Settings",
    "Stage",
    "Trained",
]
