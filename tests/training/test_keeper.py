"""What a training keeps."""

from pathlib import Path

import pytest
import torch
from torch import nn

from ragx.training.keeper import Keeper
from ragx.training.state import Progress


def problem() -> tuple[nn.Linear, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return model, optimizer


def test_model_optimiser_and_progress_come_back(tmp_path: Path) -> None:
    model, optimizer = problem()
    keeper = Keeper(tmp_path, "one")
    assert keeper.resume(model, optimizer) == Progress()
    assert not keeper.resumed
    keeper.log({"epoch": 1, "loss": 0.5})
    keeper.save(model, optimizer, Progress(steps=3, history=[{"epoch": 1, "loss": 0.5}]))
    fresh = nn.Linear(2, 1)
    other = torch.optim.Adam(fresh.parameters())
    reopened = Keeper(tmp_path, "one")
    progress = reopened.resume(fresh, other)
    assert reopened.resumed
    size = (tmp_path / "curve.jsonl").stat().st_size
    assert progress == Progress(steps=3, history=[{"epoch": 1, "loss": 0.5}], log_size=size)
    assert torch.equal(fresh.weight, model.weight)
    expected, restored = optimizer.state_dict()["state"], other.state_dict()["state"]
    assert all(torch.equal(restored[key][name], expected[key][name]) for key in expected for name in expected[key])


def test_the_best_model_is_a_copy_in_memory_or_a_file(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        model, _ = problem()
        keeper, best = Keeper(folder, "one"), model.weight.detach().clone()
        keeper.keep_best(model, Progress(best_epoch=1))
        with torch.no_grad():
            model.weight.zero_()
        state = keeper.best(model, Progress(steps=2, best_epoch=1, best_value=0.5))
        assert torch.equal(state["weight"], best)


def test_where_none_was_chosen_the_present_model_is_the_best(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        model, _ = problem()
        state = Keeper(folder, "one").best(model, Progress(steps=2, best_epoch=2))
        assert torch.equal(state["weight"], model.weight)


@pytest.mark.parametrize("damage", ["gone", "cut off", "of an earlier epoch"])
def test_a_training_whose_best_model_was_lost_begins_anew(tmp_path: Path, damage: str) -> None:
    model, optimizer = problem()
    keeper, progress = Keeper(tmp_path, "one"), Progress(steps=3, best_epoch=2, best_value=0.5)
    keeper.keep_best(model, progress)
    keeper.save(model, optimizer, progress)
    assert Keeper(tmp_path, "one").resume(model, optimizer).steps == 3
    if damage == "gone":
        (tmp_path / "best.pt").unlink()
    elif damage == "cut off":
        (tmp_path / "best.pt").write_bytes((tmp_path / "best.pt").read_bytes()[:100])
    else:
        keeper.keep_best(model, Progress(best_epoch=1))
    fresh, other = problem()
    before = fresh.weight.detach().clone()
    reopened = Keeper(tmp_path, "one")
    assert reopened.resume(fresh, other) == Progress()
    assert not reopened.resumed
    assert torch.equal(fresh.weight, before)


def test_a_best_model_of_an_epoch_that_was_not_run_here_is_refused(tmp_path: Path) -> None:
    model, _ = problem()
    keeper = Keeper(tmp_path, "one")
    keeper.keep_best(model, Progress(best_epoch=5))
    with pytest.raises(ValueError, match=r"best\.pt: expected the model of epoch 3, got that of epoch 5"):
        keeper.best(model, Progress(steps=5, best_epoch=3, best_value=0.5))
