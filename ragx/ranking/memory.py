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
FLOAT32 = 4
POSITION = 8

Result = TypeVar("Result")


class Plan(NamedTuple):
    """A block of scores: users × items."""

    rows: int
    width: int


def plan_blocks(
    num_users: int,
    num_items: int,
    memory: int | None = None,
    block_users: int | None = None,
    *,
    count: int = 0,
    score_bytes: int = FLOAT32,
) -> Plan:
    """Return the block that fits ``memory`` bytes: whole rows of 64 to 1,024 users if they fit.

    A score takes its own size and a sixteenth of it for the maxima of groups; each of a user's candidates brings its
    group of 16, every one a score and a position. Fewer than 64 users are taken where the candidates alone fill half.

    Args:
        num_users: users to be ranked.
        num_items: items in the catalogue.
        memory: bytes for the scores; if None a quarter of what is free, and 200 MiB at most unless users are given.
        block_users: users at a time, planned if None.
        count: candidates taken for each user.
        score_bytes: size of a score.
    """
    if memory is None:
        memory = free_memory() // 4 if block_users else min(DEFAULT_MEMORY, free_memory() // 4)
    check_positive("memory", memory)
    score = score_bytes * (1 + 1 / MEMBERS)
    candidates = min(count * MEMBERS, max(num_items, TILE)) * (score_bytes + POSITION)
    fewest = min(FEWEST_ROWS, int(memory / 2 / candidates)) if candidates else FEWEST_ROWS
    most = int(memory / (num_items * score + candidates))
    rows = block_users or min(max(most, fewest), PREFERRED_ROWS)
    rows = max(min(rows, num_users), 1)
    width = int((memory / rows - candidates) / score) // TILE * TILE
    return Plan(rows, min(max(width, TILE), num_items))


def free_memory(table: Path = Path("/proc/meminfo")) -> int:
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
            if smaller == plan or not is_out_of_memory(error):
                raise
        plan = smaller


def _smaller(plan: Plan) -> Plan:
    if plan.rows > FEWEST_ROWS or plan.width <= TILE:
        return Plan(max(plan.rows // 2, 1), plan.width)
    return Plan(plan.rows, max(plan.width // 2 // TILE * TILE, TILE))


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error of torch or of Python means that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text
