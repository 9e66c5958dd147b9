from . import (
    data,
    datasets,
    evaluation,
    graph,
    kernels,
    layers,
    learners,
    metrics,
    models,
    objectives,
    ranking,
    report,
    runs,
    serving,
    tasks,
    testing,
    training,
)
from .data.dataset import Dataset
from .serving.evaluated import evaluate
from .serving.run import Run, load_run

__version__: str

__all__ = [
    "Dataset",
    "Run",
    "data",
    "datasets",
    "evaluate",
    "evaluation",
    "graph",
    "kernels",
    "layers",
    "learners",
    "load_run",
    "metrics",
    "models",
    "objectives",
    "ranking",
    "report",
    "runs",
    "serving",
    "tasks",
    "testing",
    "training",
]
