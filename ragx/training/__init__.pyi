from .engine import Engine
from .progress import ProgressView
from .schedule import Schedule
from .state import FitResult
from .stopping import Stopping
from .trackers import NoTracker, Tracker
from .trainer import Trainer
from .wandb_tracker import WandbTracker

__all__ = [
    "Engine",
    "FitResult",
    "NoTracker",
    "ProgressView",
    "Schedule",
    "Stopping",
    "Tracker",
    "Trainer",
    "WandbTracker",
]
