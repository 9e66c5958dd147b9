"""How many users and items are scored at a time, planned from the memory that is free."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch

from ragx.checks import check_positive
from ragx.ranking.candidates import MEMBERS, TILE

DEFAULT_MEMORY = 200 * 2**20
PREFERRED_ROWS = 1024
FEWEST_ROWS = 64
BYTES_PER_SCORE = 4 + 4 / MEMBERS

Result = TypeVar("Result")


class Plan(NamedTuple):
    """A block of scores: users × items."""

    rows: int
    width: int


def plan_blocks(num_users: int, num_items: int, memory: int | None = None, block_users: int | None = None) -> Plan:
    """Return the block that fits ``memory`` bytes: whole rows of 64 to 1,024 users if they fit.

    Args:
        num_users: users to be ranked.
        num_items: items in the catalogue.
        memory: bytes for the scores; if None a quarter of what is free, and 200 MiB at most unless users are given.
        block_users: users at a time, planned if None.
    """
    if memory is None:
        memory = _free_memory() // 4 if block_users else min(DEFAULT_MEMORY, _free_memory() // 4)
    check_positive("memory", memory)
    most = int(memory / BYTES_PER_SCORE)
    rows = block_users or min(max(most // num_items, FEWEST_ROWS), PREFERRED_ROWS)
    rows = max(min(rows, num_users), 1)
    return Plan(rows, min(max(most // rows, TILE), num_items))


def _free_memory(table: Path = Path("/proc/meminfo")) -> int:
    """Return the free bytes that Linux reports; elsewhere a number that plans as if there were enough."""
    free = re.search(r"MemAvailable:\s+(\d+) kB", table.read_text()) if table.exists() else None
    return int(free[1]) * 1024 if free else 4 * DEFAULT_MEMORY


def shrinking(work: Callable[[Plan], Result], plan: Plan) -> Result:
    """Return ``work(plan)``, with ever smaller blocks while memory runs out."""
    while True:
        try:
            return work(plan)
        except (MemoryError, RuntimeError) as error:
            smaller = _smaller(plan)
            if smaller == plan or not _out_of_memory(error):
                raise
        plan = smaller


def _smaller(plan: Plan) -> Plan:
    if plan.rows > FEWEST_ROWS or plan.width <= TILE:
        return Plan(max(plan.rows // 2, 1), plan.width)
    return Plan(plan.rows, max(plan.width // 2, TILE))


def _out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text
