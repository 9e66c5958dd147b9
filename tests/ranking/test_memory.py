from pathlib import Path

import pytest
import torch

from ragx.ranking import memory
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.memory import Plan, plan_blocks, shrinking
from ragx.ranking.ranking import rank


@pytest.mark.parametrize("num_items", [1, 2048, 40_981, 10_000_000])
@pytest.mark.parametrize("megabytes", [2, 50, 400])
def test_blocks_fit_the_memory(num_items: int, megabytes: int) -> None:
    plan = plan_blocks(100_000, num_items, megabytes * 2**20)
    assert plan.width <= num_items
    assert plan.rows * plan.width * 4.25 <= megabytes * 2**20
    assert plan.rows >= 64


def test_given_rows_are_kept_and_never_exceed_the_users() -> None:
    assert plan_blocks(100_000, 100, block_users=7).rows == 7
    assert plan_blocks(5, 100).rows == 5
    assert plan_blocks(5, 100).width == 100
    assert plan_blocks(5, 10**9, memory=1000) == (5, 2048)


def test_free_memory_is_read(tmp_path: Path) -> None:
    table = tmp_path / "meminfo"
    table.write_text("MemTotal:       999 kB\nMemAvailable:      8 kB\n")
    assert memory.free_memory(table) == 8192
    assert memory.free_memory(tmp_path / "absent") == 4 * memory.DEFAULT_MEMORY


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), torch.OutOfMemoryError("full")]
)
def test_blocks_shrink_until_they_fit(error: Exception) -> None:
    tried: list[Plan] = []

    def work(plan: Plan) -> Plan:
        tried.append(plan)
        if plan.rows * plan.width > 64 * 4096:
            raise error
        return plan

    assert shrinking(work, Plan(1024, 8192)) == Plan(64, 4096)
    assert tried[:2] == [Plan(1024, 8192), Plan(512, 8192)]


def test_other_errors_and_the_smallest_block_are_raised() -> None:
    def fail(plan: Plan) -> None:
        raise RuntimeError("CUDA out of memory" if plan.rows <= 64 else "shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        shrinking(fail, Plan(128, 2048))
    with pytest.raises(RuntimeError, match="out of memory"):
        shrinking(fail, Plan(64, 4096))


class Greedy:
    """Scores whose making takes memory that is there for 100 users alone."""

    num_users, num_items = 300, 100

    def scores(self, users: torch.Tensor, items: slice) -> torch.Tensor:
        if users.numel() > 100:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return (users[:, None] * 37 + torch.arange(items.start, items.stop) * 11) % 101.0


def test_a_ranking_survives_running_out_of_memory() -> None:
    seen = ItemLists.from_pairs(torch.arange(300), torch.arange(300) % 100, 300)
    lists = rank(Greedy(), k=5, seen=seen)
    assert torch.equal(lists.items, rank(Greedy(), k=5, seen=seen, block_users=50).items)


@pytest.mark.parametrize(("dtype", "k"), [(torch.float32, 20), (torch.float64, 20), (torch.float64, 1500)])
def test_a_panel_and_its_candidates_stay_within_the_memory(dtype: torch.dtype, k: int) -> None:
    memory, num_items, size = 30 * 2**20, 200_000, dtype.itemsize
    plan = plan_blocks(100_000, num_items, memory, count=k, score_bytes=size)
    candidates = plan.rows * k * 16 * (8 + size)
    assert plan.rows * plan.width * size * (1 + 1 / 16) + candidates <= memory
    assert plan.width % 2048 == 0
    assert plan.rows >= (64 if k == 20 else 1)
