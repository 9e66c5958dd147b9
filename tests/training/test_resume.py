"""A training that is cut off, wherever it may be, ends as an unbroken one does, bit for bit."""

import functools
import json
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ragx.data.negatives import Negatives
from ragx.data.split import Split
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.sim_gcl import SimGCL
from ragx.training.interruption import Interrupted
from ragx.training.schedule import Schedule
from ragx.training.trackers import NoTracker
from ragx.training.trainer import Trainer

BATCH = 128


def lines_of(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "curve.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "seconds"} for line in lines]


def small(**options: Any) -> Trainer:
    return Trainer(**{"max_epochs": 4, "batch_size": BATCH, "checkpoint_every": 2, **options})


def assert_same(one: nn.Module, other: nn.Module) -> None:
    expected = one.state_dict()
    assert expected.keys() == other.state_dict().keys()
    for name, value in other.state_dict().items():
        assert torch.equal(value, expected[name]), name


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "dropout": {"dropout": 0.3},
    "negatives": {"objective": lambda: BayesianPersonalizedRanking(negatives=Negatives(count=2))},
    "noisy views": {"objective": SimGCL},
    "cosine schedule": {"schedule": Schedule(decay="cosine", warmup=0.2)},
    "shared propagation": {"batches_per_propagation": 2, "batch_size": BATCH // 2},
    "clipped": {"clip_norm": 0.05},
    "validations within epochs": {"validations": 7, "schedule": Schedule(decay="cosine")},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_run_cut_off_within_an_epoch_ends_as_an_unbroken_one(
    name: str,
    fit: Any,
    break_at_step: Callable[[int], type[BaseException]],
    tmp_path: Path,
    ranks_of: Any,
    tiny_split: Split,
) -> None:
    settings = dict(SETTINGS[name])
    dropout, make = settings.pop("dropout", 0.0), settings.pop("objective", InBatchSoftmax)
    run = functools.partial(fit, small(**settings), dropout=dropout, validate=ranks_of)
    whole, expected = run(tmp_path / "whole", objective=make())
    steps = math.ceil(tiny_split.train.pairs().height / BATCH)
    assert steps >= 4, "the test needs epochs of several steps"
    with pytest.raises(break_at_step(steps + 3)):
        run(tmp_path / "broken", objective=make())
    resumed, result = run(tmp_path / "broken", objective=make())
    assert result.resumed_at == steps + 2
    assert expected.resumed_at is None
    assert result.history == expected.history
    assert (result.best, result.best_epoch, result.epochs) == (expected.best, expected.best_epoch, expected.epochs)
    assert_same(whole, resumed)
    assert lines_of(tmp_path / "broken") == lines_of(tmp_path / "whole")
    assert lines_of(tmp_path / "broken")[-1]["epoch"] == 4


def test_a_death_between_log_and_checkpoint_doubles_no_line(
    fit: Any, tmp_path: Path, ranks_of: Any, tiny_split: Split
) -> None:
    class Fatal(NoTracker):
        def log(self, values: dict[str, float], step: int) -> None:
            if step == 2:
                raise KeyboardInterrupt

    run = functools.partial(fit, small(), validate=ranks_of)
    whole, expected = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "broken", tracker=Fatal())
    assert [row["epoch"] for row in lines_of(tmp_path / "broken")] == [1, 2]
    resumed, result = run(tmp_path / "broken")
    steps = math.ceil(tiny_split.train.pairs().height / BATCH)
    assert result.resumed_at is not None
    assert steps < result.resumed_at < 2 * steps
    assert lines_of(tmp_path / "broken") == lines_of(tmp_path / "whole")
    assert result.history == expected.history
    assert_same(whole, resumed)


def test_a_death_in_validation_is_made_good(fit: Any, tmp_path: Path, ranks_of: Any) -> None:
    calls = 0

    def dying(model: nn.Module) -> dict[str, float]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return dict(ranks_of(model))

    whole, expected = fit(small(), tmp_path / "whole", validate=ranks_of)
    with pytest.raises(KeyboardInterrupt):
        fit(small(), tmp_path / "broken", validate=dying)
    resumed, result = fit(small(), tmp_path / "broken", validate=ranks_of)
    assert result.history == expected.history
    assert_same(whole, resumed)


def test_a_finished_training_is_not_trained_again(fit: Any, tmp_path: Path, ranks_of: Any) -> None:
    first, expected = fit(small(), tmp_path, validate=ranks_of)
    second, result = fit(small(), tmp_path, validate=ranks_of)
    assert_same(first, second)
    assert result.seconds == expected.seconds
    assert result.history == expected.history
    assert result.resumed_at is None


def test_a_checkpoint_of_another_run_is_refused(fit: Any, tmp_path: Path) -> None:
    fit(small(max_epochs=1), tmp_path)
    with pytest.raises(ValueError, match="is of run 'one', not of 'two'"):
        fit(small(max_epochs=1), tmp_path, identity="two")


@pytest.mark.parametrize("validation", [1, 4])
def test_a_signal_within_validation_stops_with_the_state_saved(
    validation: int, fit: Any, tmp_path: Path, ranks_of: Any, tiny_split: Split
) -> None:
    """After the last validation too: what comes behind a training has to learn that it was stopped."""
    seen = 0

    def signalled(model: nn.Module) -> dict[str, float]:
        nonlocal seen
        seen += 1
        if seen == validation:
            os.kill(os.getpid(), signal.SIGTERM)
        return dict(ranks_of(model))

    before = signal.getsignal(signal.SIGTERM)
    whole, expected = fit(small(), tmp_path / "whole", validate=ranks_of)
    with pytest.raises(Interrupted, match="stopped by SIGTERM") as caught:
        fit(small(), tmp_path / "broken", validate=signalled)
    assert caught.value.exit_status == 143
    assert signal.getsignal(signal.SIGTERM) is before
    resumed, result = fit(small(), tmp_path / "broken", validate=ranks_of)
    steps = math.ceil(tiny_split.train.pairs().height / BATCH)
    assert result.resumed_at == (validation * steps if validation < 4 else None)
    assert result.history == expected.history
    assert_same(whole, resumed)
