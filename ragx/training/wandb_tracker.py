"""Weights & Biases; the one file that imports it, when something is recorded."""

import hashlib
import shutil
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from ragx.checks import check_choice
from ragx.metrics.direction import larger_is_better
from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName
from ragx.metrics.recorded import read_record_of
from ragx.training.state import measured


class WandbTracker:
    """Records a run with Weights & Biases; ``offline`` needs no account, no network and never asks.

    The id of a run is its identity, so a run that was cut off keeps one id. Offline, its folder is written anew on a
    resume, because two offline parts of one id overwrite each other when they are synced, and W&B starts beside the
    training, which waits for it at the first record. Online it is waited for: it may refuse.

    Args:
        mode: ``"offline"``, ``"online"`` or ``"disabled"``.
        project: project the run belongs to.
        group: what the run is one seed of; the run's cell by default.
        tags: labels.
    """

    def __init__(
        self, *, mode: str = "offline", project: str = "ragx", group: str | None = None, tags: list[str] | None = None
    ) -> None:
        check_choice("tracker.mode", mode, ("offline", "online", "disabled"))
        self.mode, self.project, self.group, self.tags = mode, project, group, tags
        self._run: Any = None
        self._starting: Future[Any] | None = None
        self._defined: set[str] = set()
        self._own: dict[str, Metric] = {}

    def start(self, folder: Path, run: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Begin the record, with what an earlier part of the run had logged."""
        if self.mode == "offline":
            shutil.rmtree(folder / "wandb", ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        sweep, self._defined, self._own = run.get("sweep"), set(), read_record_of(run.get("metrics"))
        options = {
            "id": run["identity"],
            "name": run["name"],
            "group": self.group or run.get("cell"),
            "tags": [*(self.tags or []), *([sweep] if sweep else [])],
            "config": run,
            "resume": "allow" if self.mode == "online" else None,
        }
        if self.mode == "offline":
            import wandb  # noqa: F401 - in this thread: an import holds the interpreter in any

            thread = ThreadPoolExecutor(max_workers=1)
            self._starting = thread.submit(self._begin, folder, history, **options)
            thread.shutdown(wait=False)
        else:
            self._run = self._begin(folder, history, **options)

    def table(self, folder: Path, name: str, columns: list[str], rows: list[list[Any]]) -> None:
        """Record a table as a run of its own, such as a sweep's means and deviations over seeds.

        Args:
            folder: where the run lies.
            name: name of the run.
            columns: names of the columns.
            rows: one list of plain values for each row.
        """
        import wandb

        if self.mode == "offline":
            shutil.rmtree(folder / "wandb", ignore_errors=True)
        identity = hashlib.sha256(str(name).encode()).hexdigest()[:10]
        run = self._begin(folder, [], id=identity, name=name, tags=[name], config={"sweep": name})
        run.log({"summary": wandb.Table(columns=list[str | int](columns), data=rows)})
        run.finish()

    def _begin(self, folder: Path, history: list[dict[str, Any]], **options: Any) -> Any:
        """Return a run of W&B with its history; a refusal, for want of an account say, is a mistake in what was asked.

        Args:
            folder: where the run lies.
            history: records of earlier epochs.
            options: those of ``wandb.init``.

        Raises:
            ValueError: W&B refuses.
        """
        import wandb

        quiet = wandb.Settings(silent=True, console="off", x_disable_stats=True, x_save_requirements=False)
        try:
            run = wandb.init(
                mode=self.mode,  # type: ignore[arg-type]
                project=self.project,
                dir=str(folder.resolve()),
                reinit="finish_previous",
                settings=quiet,
                **options,
            )
        except wandb.Error as error:
            raise ValueError(f"tracker: W&B refuses ({error}); tracker.mode=offline needs no account.") from None
        for record in history:
            self._log(run, *measured(record))
        return run

    def log(self, values: dict[str, float], step: int) -> None:
        """Record values at the end of a round; the summary of a curve is its best value."""
        self._log(self._started(), values, step)

    def _log(self, run: Any, values: dict[str, float], step: int) -> None:
        for name in values.keys() - self._defined:
            metric = MetricName.read(name).metric
            if known := KNOWN.get(metric) or self._own.get(metric):
                run.define_metric(name, summary="max" if larger_is_better(known) else "min")
            self._defined.add(name)
        run.log(values, step=step)

    def _started(self) -> Any:
        """Return the run once W&B has started, None where there is none; a failure of the start is raised once."""
        if (starting := self._starting) is not None:
            wait([starting])  # which a signal may end: the record is then still to be finished
            self._starting = None
            self._run = starting.result()
        return self._run

    def finish(self, summary: dict[str, Any], failed: bool = False) -> None:
        """Write the final results and end the record."""
        try:
            run = self._started()
        except Exception:
            if failed:  # what the run failed by is what is told
                return
            raise
        if run is not None:
            run.summary.update(summary)
            run.finish(exit_code=int(failed))
            self._run = None
