"""Time and memory of reading and splitting a large table of events with text ids, stage by stage.

python scripts/bench_data.py --rows 20000000

Times are told, beside what Polars alone takes to read the columns and number their ids, and are no verdict: a machine
decides them. The limit is 6 GB at 20 million rows; each line says whether it was met, and the exit status is 1 where it
was not. On a busy machine the processor time says what a quiet one would take at most. The table is generated in a
temporary folder, which is removed afterwards, and read by a process of its own, so that its memory is not that of the
generator.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ragx.data.dataset import Dataset
from ragx.data.readers.table import parquet_file, table_file
from ragx.data.split import Split
from ragx.data.splits.splitters import random_split, time_split

COLUMNS = {"user": "customer", "item": "sku", "time": "ordered_at", "value": "amount"}
PAGE = resource.getpagesize()
MOST_GIGABYTES = 6.0


def generate(path: Path, rows: int) -> None:
    """Write events of rows/20 customers and rows/200 products, popular ones more often, in pieces."""
    random = np.random.default_rng(0)
    num_users, num_items = max(2, rows // 20), max(2, rows // 200)
    popularity = np.cumsum(1 / np.arange(10, num_items + 10))
    pieces = []
    for begin in range(0, rows, 2_000_000):
        count = min(2_000_000, rows - begin)
        user = random.integers(0, num_users, count)
        item = np.searchsorted(popularity, random.random(count) * popularity[-1])
        table = pl.DataFrame({"user": user, "item": item}).select(
            customer=pl.format("customer-{}", "user"),
            sku=pl.format("SKU{}", "item"),
            ordered_at=pl.Series(1_600_000_000 + random.integers(0, 31_536_000, count)),
            amount=pl.Series(np.round(random.lognormal(2, 1, count), 2)),
        )
        pieces.append(path.with_name(f"piece-{begin}.parquet"))
        table.write_parquet(pieces[-1])
    whole = pl.scan_parquet(pieces)
    if path.suffix == ".parquet":
        whole.sink_parquet(path)
    else:
        whole.sink_csv(path)
    for piece in pieces:
        piece.unlink()


def measure(path: Path, split: str, threads: int) -> None:
    """Read and split the table once, with time and memory of each stage, and exit with 1 where the limit is not met."""
    read = parquet_file if path.suffix == ".parquet" else table_file
    began, busy = time.perf_counter(), time.process_time()
    dataset: Dataset = stage("read", lambda: read(path=str(path), columns=COLUMNS))
    chosen: Split = stage(f"{split} split", lambda: (random_split if split == "random" else time_split)(dataset))
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"  {path.name}, {split}: {len(dataset.interactions):,} rows, {dataset.interactions.num_users:,} users, "
        f"{dataset.interactions.num_items:,} items; train {len(chosen.train):,}; {seconds:.1f} s ({busy:.1f} s of "
        f"processor time) and {peak:.2f} GB at most on {threads} cores; {verdict(peak)}",
        flush=True,
    )
    del dataset, chosen
    began = time.perf_counter()
    stage("Polars alone", lambda: numbered(path))
    print(f"  {seconds / (time.perf_counter() - began):.1f} times what Polars alone takes to read and number the ids")
    sys.exit(not within(peak))


def numbered(path: Path) -> pl.DataFrame:
    """Return the columns with ids as numbers by rank, in order of time: the least that a reader has to do."""
    scan = pl.scan_parquet(path) if path.suffix == ".parquet" else pl.scan_csv(path)
    ids = [pl.col(COLUMNS[side]).rank("dense") for side in ("user", "item")]
    return scan.select(*ids, COLUMNS["time"], COLUMNS["value"]).sort(COLUMNS["time"]).collect()


def within(gigabytes: float) -> bool:
    """Say whether the limit is met."""
    return gigabytes <= MOST_GIGABYTES


def verdict(gigabytes: float) -> str:
    """Return the limit in words, and whether it is met."""
    return f"limit of {MOST_GIGABYTES:.0f} GB: {'met' if within(gigabytes) else 'NOT met'}"


def stage(name: str, work: Callable[[], Any]) -> Any:
    """Do one piece of work, and print its time and the most memory that the process held during it."""
    highest = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            highest[0] = max(highest[0], int(Path("/proc/self/statm").read_text().split()[1]) * PAGE)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    began, busy = time.perf_counter(), time.process_time()
    try:
        return work()
    finally:
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        done.set()
        watcher.join()
        print(f"  {name:<14}{seconds:6.1f} s ({busy:5.1f} s of processor time){highest[0] / 2**30:7.2f} GB", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, and measure each form and split in a process of its own; return 1 where one fails or takes too much."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--forms", nargs="+", choices=["csv", "parquet"], default=["csv", "parquet"])
    parser.add_argument("--splits", nargs="+", choices=["random", "time"], default=["random", "time"])
    chosen = parser.parse_args(arguments)
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        for form in chosen.forms:
            path = Path(folder) / f"events.{form}"
            generate(path, chosen.rows)
            print(f"{path.name}: {path.stat().st_size / 2**30:.2f} GB", flush=True)
            for split in chosen.splits:
                process = multiprocessing.get_context("spawn").Process(
                    target=measure, args=(path, split, pl.thread_pool_size())
                )
                process.start()
                process.join()
                status |= bool(process.exitcode)
            path.unlink()
    return status


if __name__ == "__main__":
    sys.exit(main())
