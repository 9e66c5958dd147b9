"""Time the exact ranking and all metrics against the bare matrix product, on the sizes of the public LightGCN splits.

Run ``RAGX_DATA=… python scripts/bench_evaluation.py``; all times are medians of alternating repeats in one process.
"""

import argparse
import gzip
import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ragx.evaluation.conventions import TREC
from ragx.evaluation.evaluate import evaluate
from ragx.evaluation.metrics import USER_METRICS
from ragx.evaluation.set_metrics import SET_METRICS
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking, rank
from ragx.ranking.scorers import InnerProduct, Popularity

WIDTH, K = 64, 20
PRODUCT_BLOCKS = (128, 256, 512, 1024, 2048)
METRICS = [*USER_METRICS, *(name for name in SET_METRICS if name != "diversity")]


def read_pairs(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the user and item columns of a file with one user and the user's items a line."""
    users, items = [], []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            row = np.array(line.split(), dtype=np.int64)
            users.append(np.full(len(row) - 1, row[0]))
            items.append(row[1:])
    return np.concatenate(users), np.concatenate(items)


def skewed_vectors(num_users: int, popularity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return normal vectors whose norms, and one coordinate of which, grow with the items' popularity."""
    torch.manual_seed(0)
    logarithm = (popularity + 1).log()
    items = torch.randn(len(popularity), WIDTH) * (1 + logarithm)[:, None] / 4
    items[:, 0] = logarithm
    users = torch.randn(num_users, WIDTH)
    users[:, 0] = 1
    return users, items


def bare_product(users: torch.Tensor, items: torch.Tensor, rows: int, columns: int) -> None:
    """Multiply in blocks, into one buffer."""
    buffer = torch.empty(rows * columns)
    for start in range(0, len(users), rows):
        block = users[start : start + rows]
        for low in range(0, len(items), columns):
            part = items[low : low + columns]
            torch.mm(block, part.T, out=buffer[: len(block) * len(part)].view(len(block), len(part)))


def peak_memory(work: Callable[[], Any]) -> int:
    """Return the most bytes that the process held beyond its start while ``work`` ran."""
    page, done, most = os.sysconf("SC_PAGE_SIZE"), threading.Event(), [0]

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    def watch() -> None:
        while not done.wait(0.002):
            most[0] = max(most[0], resident())

    start, watcher = resident(), threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return most[0] - start


def medians(work: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Return the median seconds of each piece of work, all of them run once before and then in turn."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for repeat in range(repeats + 1):
        for name, call in work.items():
            start = time.perf_counter()
            call()
            if repeat:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def identical_lists(scorer: InnerProduct, seen: ItemLists, expected: Ranking) -> bool:
    """Return whether blocks of 64, 1,000 and all users on one and two threads give the expected lists."""
    before, same = torch.get_num_threads(), True
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for rows in (64, 1000, scorer.num_users):
            lists = rank(scorer, k=K, seen=seen, block_users=rows)
            same &= torch.equal(lists.items, expected.items) and torch.equal(lists.scores, expected.scores)
    torch.set_num_threads(before)
    return same


def against_ranx(ranking: Ranking, relevant: ItemLists, repeats: int) -> dict[str, float]:
    """Return the times of the per-user metrics here and in ranx on the same lists, and the largest difference."""
    from ranx import Qrels, Run
    from ranx import evaluate as ranx_evaluate

    names = {"recall": "recall@20", "precision": "precision@20", "f1": "f1@20", "hit_rate": "hit_rate@20",
             "ndcg": "ndcg@20", "mrr": "mrr@20", "map": "map@20"}  # fmt: skip
    parts = torch.split(relevant.items, relevant.lengths.tolist())
    judged = {str(user): {str(item): 1 for item in parts[user].tolist()} for user in ranking.users.tolist()}
    rows = zip(ranking.users.tolist(), ranking.items.tolist(), strict=True)
    run = {str(user): {str(item): float(K - place) for place, item in enumerate(items)} for user, items in rows}
    qrels, found = Qrels(judged), Run(run)

    def ours() -> dict[str, float]:
        hits, counts = relevant.contains(ranking.users, ranking.items), relevant.lengths[ranking.users]
        return {name: float(USER_METRICS[name](hits, counts, K, TREC).mean()) for name in names}

    def theirs() -> dict[str, float]:
        values = ranx_evaluate(qrels, found, list(names.values()), make_comparable=False)
        return {name: float(values[other]) for name, other in names.items()}

    times = medians({"ours": ours, "ranx": theirs}, repeats)
    difference = max(abs(ours()[name] - theirs()[name]) for name in names)
    return {**times, "ratio": times["ranx"] / times["ours"], "largest_difference": difference}


def measure(folder: Path, repeats: int, check_lists: bool) -> dict[str, Any]:
    """Return what is measured on one dataset."""
    train, test = read_pairs(folder / "train.txt.gz"), read_pairs(folder / "test.txt.gz")
    num_users, num_items = (int(max(train[side].max(), test[side].max())) + 1 for side in (0, 1))
    seen, relevant = (ItemLists.from_pairs(*pairs, num_users) for pairs in (train, test))
    popularity = torch.bincount(seen.items, minlength=num_items)
    users, items = skewed_vectors(num_users, popularity)
    scorer = InnerProduct(users, items)

    def whole() -> Ranking:
        result = evaluate(scorer, relevant, seen, metrics=METRICS, cutoffs=[K], item_popularity=popularity)
        return result.ranking

    found = evaluate(Popularity(popularity, num_users), relevant, seen, cutoffs=[K]).values
    memory, ranking = peak_memory(whole), whole()
    work: dict[str, Callable[[], Any]] = {"evaluate": whole}
    for rows in PRODUCT_BLOCKS:
        work[f"product {rows}"] = partial(bare_product, users, items, rows, num_items)
    work["product 1024, tiles of 2048"] = partial(bare_product, users, items, 1024, 2048)
    work["rank"] = lambda: rank(scorer, k=K, seen=seen)
    seconds = medians(work, repeats)
    fastest = min(seconds[f"product {rows}"] for rows in PRODUCT_BLOCKS)
    result = {
        "users": num_users,
        "items": num_items,
        "seconds": seconds,
        "ratio_to_product": seconds["evaluate"] / fastest,
        "ratio_to_tiled_product": seconds["evaluate"] / seconds["product 1024, tiles of 2048"],
        "extra_memory_mb": memory / 1e6,
        "ranx": against_ranx(ranking, relevant, repeats),
        "popularity": found,
    }
    return {**result, "identical_lists": identical_lists(scorer, seen, ranking)} if check_lists else result


def main() -> None:
    """Print the measurements of the datasets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="*", default=["gowalla", "yelp2018"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--check-lists", action="store_true", help="rank with other blocks and threads, and compare")
    parser.add_argument("--json", type=Path, help="file for the measurements")
    options = parser.parse_args()
    data = Path(os.environ["RAGX_DATA"])
    results = {name: measure(data / name, options.repeats, options.check_lists) for name in options.datasets}
    text = json.dumps(results, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
