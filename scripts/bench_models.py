"""Fit time, memory, evaluation time and quality of closed forms and of the default model on a public split.

python scripts/bench_models.py                      # every row that the file of results lacks
python scripts/bench_models.py ItemKNN RP3β         # these alone
python scripts/bench_models.py --picture models.png # and quality against time

Every row has a process of its own. As published values do, it learns from all of train, validation included, and looks
at the test part once. Results are appended to a file of JSON lines as they come, so that what was cut off is taken up.
On a busy machine the processor time says what a quiet one would take at most. Rows of ``implicit`` need that package.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench_models_picture import draw

import ragx
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.splitters import published_split
from ragx.evaluation.conventions import preset
from ragx.evaluation.evaluate import evaluate
from ragx.models import EASE, GFCF, ChebyCF, ClosedForm, ImplicitALS, ItemKNN, MostPopular, RP3Beta, TurboCF
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import InnerProduct, Scorer
from ragx.runs.peak_memory import peak_memory_mb

DEFAULT = "default model"
ALPHA, PENALTY = 40.0, 100.0
"""Those of iALS, for implicit too."""
Record = dict[str, Any]


class PeerALS(ClosedForm):
    """The ALS of implicit (Frederickson), by conjugate gradients as its users call it, or exactly.

    Args:
        exact: whether every row is solved for exactly.
    """

    def __init__(self, *, exact: bool) -> None:
        self.exact = exact

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        from implicit.als import AlternatingLeastSquares

        settings = {"factors": 64, "iterations": 15, "alpha": 1 + ALPHA, "regularization": PENALTY}
        threads = torch.get_num_threads()
        model = AlternatingLeastSquares(**settings, use_cg=not self.exact, num_threads=threads, random_state=0)
        model.fit(train.matrix().astype(np.float32).tocsr(), show_progress=False)
        return InnerProduct(torch.from_numpy(model.user_factors), torch.from_numpy(model.item_factors))


ROWS: dict[str, Callable[[], ClosedForm]] = {
    "MostPop": MostPopular,
    "ItemKNN": ItemKNN,
    "RP3β": lambda: RP3Beta(neighbours=777, alpha=0.5663562161452378, beta=0.001085447926739258),
    "RP3β, k = 100": RP3Beta,
    "Turbo-CF": TurboCF,
    "GF-CF": GFCF,
    "ChebyCF": ChebyCF,
    "iALS": lambda: ImplicitALS(alpha=ALPHA, penalty=PENALTY),
    "iALS, ν = 1": lambda: ImplicitALS(alpha=ALPHA, penalty=0.003, frequency_scaling=1.0),
    "implicit ALS": lambda: PeerALS(exact=False),
    "implicit ALS, exact": lambda: PeerALS(exact=True),
    "EASE": lambda: EASE(penalty=80.0),
}
"""Closed forms with the settings of Gowalla where some were published, else with their defaults."""


def measure(name: str, split: Split) -> Record:
    """Return what fitting and evaluating a row takes, and its values on test."""
    model, train = ROWS[name](), split.learned_from(True)
    held_out = split.test.open(reason="benchmark of closed forms", on_open=lambda _: None)
    relevant, seen = (ItemLists.from_pairs(p.column("user"), p.column("item"), p.num_users) for p in (held_out, train))
    torch.manual_seed(0)
    start, processor = time.perf_counter(), time.process_time()
    scorer = model.fit(train)
    fitted, fit_processor = time.perf_counter(), time.process_time()
    result = evaluate(scorer, relevant, seen, conventions=preset("lightgcn"), item_ids=train.items.tie_keys)
    return {
        "fit_seconds": fitted - start,
        "fit_processor_seconds": fit_processor - processor,
        "evaluation_seconds": time.perf_counter() - fitted,
        **result.values,
        "options": {option: value for option, value in vars(model).items() if not option.startswith("_")},
    }


def measure_default(dataset: str, threads: int) -> Record:
    """Return the same of the model that ``ragx run`` trains, its epochs chosen on validation and refitted."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as runs:
        options = [f"dataset={dataset}", "split=published", "evaluation=lightgcn", "trainer.refit=true"]
        options += ["evaluation.final=true", "tracker=none", f"threads={threads}", f"runs={runs}"]
        subprocess.run([sys.executable, "-m", "ragx", "run", *options], check=True, stdout=subprocess.DEVNULL)
        (file,) = Path(runs).glob("*/metrics.json")
        metrics = json.loads(file.read_text())
    values = {name: metrics["test"][name] for name in ("recall@20", "ndcg@20")}
    return {"fit_seconds": time.perf_counter() - start, **values, "options": {}}


def row_in_this_process(name: str, dataset: str, threads: int) -> Record:
    """Return the record of a row, with where it was measured."""
    torch.set_num_threads(threads)
    if name == DEFAULT:
        measured = measure_default(dataset, threads)
    else:
        measured = measure(name, published_split(ragx.datasets.load(dataset)))
    where = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "torch": torch.__version__}
    row = {"row": name, "dataset": dataset, "threads": threads, "peak_mb": peak_memory_mb()}
    return {**row, **measured, **where, "day": time.strftime("%Y-%m-%d")}


def row_in_its_own_process(name: str, dataset: str, threads: int) -> Record | None:
    """Return the record of a row, None where its process failed, whose last line is printed."""
    command = [sys.executable, str(Path(__file__).resolve()), "--only", name, "--dataset", dataset]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [*command, "--threads", str(threads)], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        print(f"{name:24}failed: {(done.stderr.strip().splitlines() or [str(done.returncode)])[-1]}", flush=True)
        return None
    record: Record = json.loads(done.stdout.splitlines()[-1])
    return record


def read_records(output: Path, dataset: str) -> dict[str, Record]:
    """Return the latest record of every row on a dataset."""
    lines = output.read_text().splitlines() if output.is_file() else []
    records = [json.loads(line) for line in lines if line.endswith("}")]
    return {record["row"]: record for record in records if record["dataset"] == dataset}


def show(record: Record) -> str:
    """Return a line of the table."""
    quality = f"{record['recall@20']:.4f} / {record['ndcg@20']:.4f}"
    times = f"{record['fit_seconds']:9.1f} s fit{record.get('evaluation_seconds', 0):8.1f} s evaluation"
    processor = f"{record.get('fit_processor_seconds', 0):9.1f} s of processors"
    return f"{record['row']:24}{quality}{times}{processor}{record['peak_mb']:8,} MB"


def main() -> int:
    """Measure the rows that the file lacks, print all of them, and draw them; return 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", help=f"by default all but the last: {', '.join([*ROWS, DEFAULT])}")
    parser.add_argument("--dataset", default="gowalla", choices=("gowalla", "yelp2018"))
    parser.add_argument("--output", type=Path, default=Path("build/bench_models.jsonl"))
    parser.add_argument("--picture", type=Path, help="file for quality against time, such as models.png")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="measure what the file has too")
    parser.add_argument("--only", help="print the record of one row, measured in this process, and nothing else")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(row_in_this_process(options.only, options.dataset, options.threads)))
        return 0
    names = options.rows or list(ROWS)
    if unknown := [name for name in names if name not in ROWS and name != DEFAULT]:
        parser.error(f"rows: expected some of {', '.join([*ROWS, DEFAULT])}; got {', '.join(unknown)}.")
    records = {} if options.fresh else read_records(options.output, options.dataset)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in names:
        record = records.get(name) or row_in_its_own_process(name, options.dataset, options.threads)
        failed = failed or record is None
        if record and name not in records:
            with options.output.open("a") as lines:
                lines.write(json.dumps(record) + "\n")
        if record:
            print(show(record), flush=True)
    if options.picture:
        draw(list(read_records(options.output, options.dataset).values()), options.picture)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
