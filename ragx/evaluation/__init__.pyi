from .conventions import Conventions
from .diagnostics import Diagnostics, LayerDiagnostics, NoDiagnostics
from .evaluate import EvaluationResult
from .per_user_run import PerUserRun
from .protocol import Protocol
from .result import Result
from .significance import compare, compare_table, holm

__all__ = [
    "Conventions",
    "Diagnostics",
    "EvaluationResult",
    "LayerDiagnostics",
    "NoDiagnostics",
    "PerUserRun",
    "Protocol",
    "Result",
    "compare",
    "compare_table",
    "holm",
]
