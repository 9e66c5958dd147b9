"""The one loop: it learns, keeps the best, stops when told and says what went wrong."""

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ragx.data.batches import PairBatches
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.training.interruption import TrainingDivergedError
from ragx.training.schedule import Schedule
from ragx.training.stopping import Stopping
from ragx.training.trackers import NoTracker
from ragx.training.trainer import Trainer

EPOCHS = 4
BATCH = 128


def small(**options: Any) -> Trainer:
    return Trainer(**{"max_epochs": EPOCHS, "batch_size": BATCH, "checkpoint_every": 2, **options})


def assert_same(one: nn.Module, other: nn.Module) -> None:
    expected = one.state_dict()
    assert expected.keys() == other.state_dict().keys()
    for name, value in other.state_dict().items():
        assert torch.equal(value, expected[name]), name


def scripted(*values: float) -> Callable[[nn.Module], dict[str, float]]:
    """Return a validation that says these values, one after the other."""
    left = iter(values)
    return lambda model: {"ndcg@20": next(left), "recall@20": 0.5}


def test_the_loss_falls(fit: Any) -> None:
    _, result = fit(small(max_epochs=10))
    losses = [row["loss"] for row in result.history]
    assert len(losses) == 10
    assert losses[-1] < losses[4] < losses[0] - 0.1


def test_one_step_is_the_gradient_taken_by_hand(fit: Any, tiny_split: Split, tiny_graph: Graph) -> None:
    trainer = Trainer(max_epochs=1, batch_size=10_000)
    start, _ = fit(trainer, optimizer=functools.partial(torch.optim.SGD, lr=0.0))
    trained, result = fit(trainer, optimizer=functools.partial(torch.optim.SGD, lr=0.5))
    batch = PairBatches(tiny_split.train, batch_size=10_000, seed=0).batch(0, 0)
    nodes = start(tiny_graph)
    loss = InBatchSoftmax().loss(nodes[batch.users], nodes[batch.items + tiny_graph.num_users], None, batch)
    (gradient,) = torch.autograd.grad(loss, start.embedding)
    assert result.history[0]["loss"] == pytest.approx(loss.item(), abs=1e-5)
    torch.testing.assert_close(trained.embedding, start.embedding - 0.5 * gradient, atol=1e-6, rtol=1e-5)


def test_one_seed_gives_one_run_and_two_seeds_two(fit: Any) -> None:
    first, second, other = (fit(small(max_epochs=1), dropout=0.3, seed=seed)[0] for seed in (0, 0, 1))
    assert_same(first, second)
    assert not torch.equal(first.embedding, other.embedding)


def test_draws_made_elsewhere_do_not_change_a_run(fit: Any) -> None:
    def drawing(model: nn.Module) -> dict[str, float]:
        values.append(float(torch.rand(7).sum()))
        return {"ndcg@20": float(len(values))}

    values: list[float] = []
    disturbed, result = fit(small(), dropout=0.3, validate=drawing)
    assert result.best_epoch == len(values) == EPOCHS
    assert_same(disturbed, fit(small(), dropout=0.3)[0])


class Poisoned(InBatchSoftmax):
    """Its loss is no number from a step on."""

    def __init__(self, healthy: int) -> None:
        super().__init__()
        self.healthy = healthy

    def loss(self, *arguments: Any) -> torch.Tensor:
        self.healthy -= 1
        return super().loss(*arguments) * (1.0 if self.healthy >= 0 else math.nan)


def test_a_loss_that_is_no_number_names_epoch_step_and_checkpoint(fit: Any, tmp_path: Path, tiny_split: Split) -> None:
    steps = math.ceil(tiny_split.train.pairs().height / BATCH)
    with pytest.raises(TrainingDivergedError, match="nan in epoch 2, step 4") as caught:
        fit(small(), tmp_path, objective=Poisoned(steps + 3))
    assert f"The last good checkpoint is {tmp_path / 'last.pt'}." in str(caught.value)
    healed, result = fit(small(), tmp_path)
    assert result.resumed_at == steps + 2
    assert_same(healed, fit(small())[0])


def test_without_a_folder_divergence_says_that_nothing_was_kept(fit: Any) -> None:
    with pytest.raises(TrainingDivergedError, match=r"epoch 1, step 1\. No checkpoint was written yet\."):
        fit(small(), objective=Poisoned(0))


def test_training_ends_when_validation_is_stale_and_the_best_epoch_is_kept(fit: Any, tmp_path: Path) -> None:
    trainer = small(max_epochs=9, stopping=Stopping(patience=2))
    for folder in (None, tmp_path):
        model, result = fit(trainer, folder, validate=scripted(0.1, 0.3, 0.2, 0.3))
        assert (result.epochs, result.best_epoch) == (4, 2)
        assert result.best == {"ndcg@20": 0.3, "recall@20": 0.5}
        assert_same(model, fit(small(max_epochs=2))[0])


def test_patience_null_never_ends_a_training(fit: Any) -> None:
    trainer = small(stopping=Stopping(patience=None))
    _, result = fit(trainer, validate=scripted(0.4, 0.3, 0.2, 0.1))
    assert (result.epochs, result.best_epoch) == (4, 1)


def test_a_gain_below_min_delta_does_not_count(fit: Any) -> None:
    trainer = small(stopping=Stopping(patience=2, min_delta=0.1))
    _, result = fit(trainer, validate=scripted(0.30, 0.35, 0.45, 0.5))
    assert (result.epochs, result.best_epoch) == (4, 3)


def test_validation_comes_every_few_epochs_and_at_the_end(fit: Any) -> None:
    _, result = fit(small(validate_every=3), validate=scripted(0.1, 0.2))
    assert [row["epoch"] for row in result.history if "ndcg@20" in row] == [3, 4]
    assert result.best_epoch == 4


def test_validation_sees_the_model_in_evaluation_and_training_goes_on_in_training(fit: Any) -> None:
    modes: list[bool] = []

    def watching(model: nn.Module) -> dict[str, float]:
        modes.append(model.training)
        return {"ndcg@20": 1.0}

    fit(small(max_epochs=2), dropout=0.3, validate=watching)
    assert modes == [False, False]


def test_a_metric_that_validation_does_not_give_is_named(fit: Any) -> None:
    with pytest.raises(ValueError, match=r"stopping\.monitor: validation gives ndcg@20, recall@20.*'ndcg@50'"):
        fit(small(stopping=Stopping(monitor="ndcg@50")), validate=scripted(0.1))


def test_max_steps_is_rounded_up_to_whole_epochs(fit: Any, tiny_split: Split) -> None:
    steps = math.ceil(tiny_split.train.pairs().height / BATCH)
    _, result = fit(small(max_epochs=50, max_steps=steps + 1))
    assert (result.epochs, result.planned_epochs) == (2, 2)


def test_validations_are_spread_over_the_steps(fit: Any, tiny_split: Split) -> None:
    steps = math.ceil(tiny_split.train.pairs().height / BATCH)
    trainer = small(max_epochs=50, max_steps=steps + 3, validations=2, stopping=Stopping(patience=None))
    whole, result = fit(trainer, validate=scripted(0.1, 0.2))
    half = (steps + 3) // 2
    assert [row["step"] for row in result.history] == [half, steps + 3]
    assert (result.epochs, result.best_epoch) == (round((steps + 3) / steps, 4),) * 2
    refitted, refit = fit(trainer, epochs=result.best_epoch, planned_epochs=result.planned_epochs)
    assert_same(whole, refitted)
    assert refit.epochs == result.epochs


def test_a_training_shorter_than_its_validations_validates_after_every_step(fit: Any) -> None:
    _, result = fit(small(max_steps=3, validations=20), validate=scripted(0.1, 0.2, 0.3))
    assert [row["step"] for row in result.history] == [1, 2, 3]


def test_a_refit_of_so_many_epochs_takes_the_same_steps(fit: Any) -> None:
    """The schedule keeps its plan: three epochs of four planned are the first three of four."""
    trainer = small(schedule=Schedule(decay="cosine"), stopping=Stopping(patience=None))
    chosen, result = fit(trainer, validate=scripted(0.1, 0.2, 0.3, 0.2))
    assert (result.best_epoch, result.planned_epochs) == (3, 4)
    refitted, refit = fit(trainer, epochs=result.best_epoch, planned_epochs=result.planned_epochs)
    assert refit.epochs == 3
    assert refit.best == {}
    assert_same(chosen, refitted)
    short, _ = fit(trainer, epochs=3, planned_epochs=3)
    assert not torch.equal(short.embedding, refitted.embedding)


def test_the_tracker_hears_every_epoch_once(fit: Any) -> None:
    logged: list[tuple[int, list[str]]] = []

    class Ears(NoTracker):
        def log(self, values: dict[str, float], step: int) -> None:
            logged.append((step, sorted(values)))

    fit(small(max_epochs=2), tracker=Ears(), validate=scripted(0.1, 0.2))
    assert logged == [(1, ["loss", "ndcg@20", "recall@20"]), (2, ["loss", "ndcg@20", "recall@20"])]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validations": 0}, r"trainer\.validations: expected a number greater than 0, got 0\."),
        ({"max_epochs": 0}, r"trainer\.max_epochs: expected at least 1, got 0\."),
        ({"batch_size": 0}, r"trainer\.batch_size: expected at least 1, got 0\."),
        ({"batches_per_propagation": 0}, r"trainer\.batches_per_propagation: expected at least 1, got 0\."),
        ({"validate_every": -1}, r"trainer\.validate_every: expected at least 1, got -1\."),
        ({"checkpoint_every": 0}, r"trainer\.checkpoint_every: expected at least 1, got 0\."),
        ({"max_steps": 0}, r"trainer\.max_steps: expected a number greater than 0, got 0\."),
        ({"clip_norm": -1.0}, r"trainer\.clip_norm: expected a number greater than 0, got -1\.0\."),
    ],
)
def test_settings_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Trainer(**options)
