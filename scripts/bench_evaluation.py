"""Hold the exact ranking with all its metrics against the bare matrix product, on the public LightGCN splits.

Run ``python scripts/bench_evaluation.py``; the data is looked for as everywhere, see ``ragx.data.catalogue.root``.
Times are medians of alternating repeats in one process, extra memory is that of a fresh one. The exit status is 1 where
a claim is not met.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ragx.data.catalogue.root import find_file
from ragx.data.readers.lines import read_lines
from ragx.evaluation.conventions import TREC, preset
from ragx.evaluation.evaluate import EvaluationResult, evaluate
from ragx.evaluation.metrics import USER_METRICS
from ragx.evaluation.names import needs_item_features
from ragx.evaluation.set_metrics import SET_METRICS
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking, rank
from ragx.ranking.scorers import InnerProduct, Popularity

WIDTH, K = 64, 20
PRODUCT_BLOCKS = (128, 256, 512, 1024, 2048)
LIST_BLOCKS, LIST_THREADS = (64, 1000, None), (1, 2)
METRICS = [*USER_METRICS, *(name for name in SET_METRICS if not needs_item_features([name]))]
MOST_RATIO, MOST_MEGABYTES, TOLERANCE = 2.5, 500, 1e-4
PUBLISHED = {"gowalla": (0.0416, 0.0317), "yelp2018": (0.0124, 0.0101)}
"""Recall@20 and NDCG@20 of the most popular items."""


class Data(NamedTuple):
    """A published split with vectors of the sizes that models have."""

    seen: ItemLists
    relevant: ItemLists
    popularity: torch.Tensor
    scorer: InnerProduct

    def evaluate(self) -> EvaluationResult:
        """Return all per-user metrics, and the metrics of the set that need no features."""
        return evaluate(
            self.scorer, self.relevant, self.seen, metrics=METRICS, cutoffs=[K], item_popularity=self.popularity
        )


def load(name: str) -> Data:
    """Return the split of a dataset.

    Raises:
        ValueError: its files are in no folder of data.
    """
    tables = [read_lines(find_file(f"{name}/{part}.txt.gz")) for part in ("train", "test")]
    pairs = [(table["user"].to_numpy(), table["item"].to_numpy()) for table in tables]
    num_users, num_items = (max(int(pair[side].max()) for pair in pairs) + 1 for side in (0, 1))
    seen, relevant = (ItemLists.from_pairs(*pair, num_users) for pair in pairs)
    popularity = torch.bincount(seen.items, minlength=num_items)
    return Data(seen, relevant, popularity, InnerProduct(*skewed_vectors(num_users, popularity)))


def skewed_vectors(num_users: int, popularity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return normal vectors whose norms, and one coordinate of which, grow with the items' popularity."""
    torch.manual_seed(0)
    logarithm = (popularity + 1).log()
    items = torch.randn(len(popularity), WIDTH) * (1 + logarithm)[:, None] / 4
    items[:, 0] = logarithm
    users = torch.randn(num_users, WIDTH)
    users[:, 0] = 1
    return users, items


def bare_product(users: torch.Tensor, items: torch.Tensor, rows: int) -> None:
    """Multiply in blocks of users, into one buffer."""
    buffer = torch.empty(rows, len(items))
    for block in torch.split(users, rows):
        torch.mm(block, items.T, out=buffer[: len(block)])


def extra_memory(work: Callable[[], Any]) -> int:
    """Return the most bytes that this process held beyond its start while ``work`` ran."""
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


def extra_memory_in_a_fresh_process(name: str) -> int:
    """Return the extra memory of one evaluation in a process that has done nothing before it."""
    command = [sys.executable, str(Path(__file__).resolve()), "--memory-of", name]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


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


def identical_lists(data: Data, expected: Ranking) -> bool:
    """Return whether blocks of 64, 1,000 and all users on one and two threads give the expected lists."""
    scorer, seen = data.scorer, data.seen
    before, same = torch.get_num_threads(), True
    for threads in LIST_THREADS:
        torch.set_num_threads(threads)
        for rows in LIST_BLOCKS:
            lists = rank(scorer, k=K, seen=seen, block_users=rows or scorer.num_users)
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
    run = {str(user): {str(item): float(K - index) for index, item in enumerate(items)} for user, items in rows}
    qrels, lists = Qrels(judged), Run(run)

    def ours() -> dict[str, float]:
        hits, counts = relevant.contains(ranking.users, ranking.items), relevant.lengths[ranking.users]
        return {name: float(USER_METRICS[name](hits, counts, K, TREC).mean()) for name in names}

    def theirs() -> dict[str, float]:
        values = ranx_evaluate(qrels, lists, list(names.values()), make_comparable=False)
        return {name: float(values[other]) for name, other in names.items()}

    times = medians({"ours": ours, "ranx": theirs}, repeats)
    difference = max(abs(ours()[name] - theirs()[name]) for name in names)
    return {**times, "ratio": times["ranx"] / times["ours"], "largest_difference": difference}


def measure(name: str, repeats: int, check_lists: bool) -> dict[str, Any]:
    """Return what is measured on one dataset."""
    data, memory = load(name), extra_memory_in_a_fresh_process(name)
    users, items = data.scorer.user_vectors, data.scorer.item_vectors
    popular = Popularity(data.popularity, len(users))
    values = evaluate(popular, data.relevant, data.seen, cutoffs=[K], conventions=preset("lightgcn")).values
    ranking = data.evaluate().ranking
    work: dict[str, Callable[[], Any]] = {"evaluate": data.evaluate}
    for rows in PRODUCT_BLOCKS:
        work[f"product {rows}"] = partial(bare_product, users, items, rows)
    work["rank"] = lambda: rank(data.scorer, k=K, seen=data.seen)
    seconds = medians(work, repeats)
    fastest = min(seconds[f"product {rows}"] for rows in PRODUCT_BLOCKS)
    return {
        "users": len(users),
        "items": len(items),
        "threads": torch.get_num_threads(),
        "seconds": seconds,
        "fastest_product": fastest,
        "ratio_to_product": seconds["evaluate"] / fastest,
        "extra_memory_mb": memory / 1e6,
        "identical_lists": identical_lists(data, ranking) if check_lists else None,
        "popularity": [values[f"recall@{K}"], values[f"ndcg@{K}"]],
        "ranx": against_ranx(ranking, data.relevant, repeats),
    }


def verdicts(name: str, figures: dict[str, Any]) -> list[tuple[bool | None, str]]:
    """Return every claim with whether it is met, None where it was not looked at."""
    whole, ranx, (recall, ndcg) = figures["seconds"]["evaluate"], figures["ranx"], figures["popularity"]
    claims: list[tuple[bool | None, str]] = [
        (
            figures["ratio_to_product"] <= MOST_RATIO,
            f"ranking and all metrics take {whole:.2f} s, {figures['ratio_to_product']:.2f} times the bare product's "
            f"{figures['fastest_product']:.2f} s (at most {MOST_RATIO}; {figures['threads']} threads)",
        ),
        (
            figures["extra_memory_mb"] < MOST_MEGABYTES,
            f"{figures['extra_memory_mb']:.0f} MB of extra memory in a fresh process (below {MOST_MEGABYTES})",
        ),
        (figures["identical_lists"], "identical lists for blocks of 64, 1,000 and all users, 1 and 2 threads"),
        (
            ranx["largest_difference"] < 1e-9,
            f"metrics of the same lists equal ranx's, in {ranx['ours']:.3f} s against {ranx['ranx']:.3f} s "
            f"({ranx['ratio']:.1f} times as fast)",
        ),
    ]
    if name in PUBLISHED:
        far = max(abs(ours - theirs) for ours, theirs in zip((recall, ndcg), PUBLISHED[name], strict=True))
        claim = f"most popular items: {recall:.5f} / {ndcg:.5f}, published {PUBLISHED[name][0]} / {PUBLISHED[name][1]}"
        claims.append((far <= TOLERANCE, f"{claim} (within {TOLERANCE})"))
    return claims


def main() -> int:
    """Print the measurements and verdicts of the datasets; return 1 where a claim is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="*", default=list(PUBLISHED))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-list-checks", action="store_true", help="do not rank again with other blocks and threads")
    parser.add_argument("--json", type=Path, help="file for the measurements")
    parser.add_argument("--memory-of", help="print the extra bytes of one evaluation of a dataset, and nothing else")
    options = parser.parse_args()
    if options.memory_of:
        print(extra_memory(load(options.memory_of).evaluate))
        return 0
    results, met = {}, True
    for name in options.datasets:
        try:
            results[name] = measure(name, options.repeats, not options.no_list_checks)
        except ValueError as error:
            parser.error(str(error))
        print(f"{name}: {results[name]['users']:,} users, {results[name]['items']:,} items, width {WIDTH}, K {K}")
        for verdict, claim in verdicts(name, results[name]):
            print(f"  {'not looked at' if verdict is None else 'met' if verdict else 'NOT MET'}: {claim}", flush=True)
            met = met and verdict is not False
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
