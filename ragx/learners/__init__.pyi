from .closed_form import ByClosedForm
from .learner import Cost, DoesNotFitError, Fitted, Learner, Settings, Stage
from .node_setup import NodeSetup
from .trained import Trained

__all__ = [
    "ByClosedForm",
    "Cost",
    "DoesNotFitError",
    "Fitted",
    "Learner",
    "NodeSetup",
    "Settings",
    "Stage",
    "Trained",
]
