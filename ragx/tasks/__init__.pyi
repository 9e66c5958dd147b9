from .rank import Rank
from .rows import Rows, RowsProblem, rows_problem
from .task import Part, Task
from .value_task import ValueTask

__all__ = [
    "Part",
    "Rank",
    "Rows",
    "RowsProblem",
    "Task",
    "ValueTask",
    "rows_problem",
]
