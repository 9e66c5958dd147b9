from .conventions import Conventions
from .diagnostics import Diagnostics, LayerDiagnostics, NoDiagnostics
from .evaluate import EvaluationResult
from .per_unit_run import PerUnitRun, PerUserRun
from .protocol import Protocol
from .result import Result
from .significance import compare, compare_table, holm

__all__ = [
    "Conventions",
    "Diagnostics",
    "EvaluationResult",
    "LayerDiagnostics",
    "NoDiagnostics",
    "PerUnitRun",
    "PerUserRun",
    "Protocol",
    "Result",
    "compare",
    "compare_table",
    "holm",
]
