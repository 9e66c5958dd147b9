from .engine import Engine
from .options import FitOptions, Trainee, Training
from .progress import ProgressView
from .schedule import Schedule
from .state import FitResult
from .step import Batches, Sampler, Step
from .stopping import Stopping
from .trackers import NoTracker, Tracker
from .trainer import Trainer
from .wandb_tracker import WandbTracker

__all__ = [
    "Batches",
    "Engine",
    "FitOptions",
    "FitResult",
    "NoTracker",
    "ProgressView",
    "Sampler",
    "Schedule",
    "Step",
    "Stopping",
    "Tracker",
    "Trainee",
    "Trainer",
    "Training",
    "WandbTracker",
]
