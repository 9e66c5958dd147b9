"""A run that is cut off and taken up, held against an unbroken one: what cannot be resumed is found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ragx.runner.commands import verify_resume as resume_command
from ragx.runner.commands.verify_resume import NotResumedError, verify_resume
from ragx.training.keeper import Keeper

TINY = (
    *("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "trainer.max_epochs=2"),
    *("model.hidden_dim=8", "trainer.batch_size=64", "trainer.checkpoint_every=1"),
)
UNKEYED = """
import torch
from ragx.layers.light_conv import LightConv

GENERATOR = torch.Generator().manual_seed(0)

class UnkeyedConv(LightConv):
    def forward(self, x, edge_index, edge_weight=None):
        noise = torch.rand((), generator=GENERATOR) if self.training else 0
        return super().forward(x, edge_index, edge_weight) * (1 + noise)
"""


class Killed(BaseException):
    """What stands for SIGKILL within one process: nothing may catch it."""


@pytest.fixture
def in_process(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have runs made in this process, and end them with an exception right behind a checkpoint."""

    def finish(runs: Path, options: Sequence[str]) -> None:
        ended = command("run", "tracker=none", *options, f"runs={runs}")
        assert ended.status == 0, ended.err

    def kill_at(runs: Path, options: Sequence[str], step: int) -> int:
        save = Keeper.save

        def save_and_die(self: Keeper, model: Any, optimizer: Any, progress: Any) -> None:
            save(self, model, optimizer, progress)
            if progress.steps >= step:
                raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Keeper, "save", save_and_die)
            finish(runs, options)
        return step

    monkeypatch.setattr(resume_command, "_finish", finish)
    monkeypatch.setattr(resume_command, "_kill_at", kill_at)


@pytest.mark.usefixtures("in_process")
def test_a_run_of_ours_ends_as_an_unbroken_one(capsys: pytest.CaptureFixture[str]) -> None:
    verify_resume([*TINY, "kills=2"])
    out = capsys.readouterr().out
    assert "weights differ by 0, metrics by 0" in out
    assert "The killed run ends as the unbroken one, to the bit." in out


@pytest.mark.usefixtures("in_process")
def test_a_layer_that_draws_from_a_generator_of_its_own_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unkeyed_layer.py").write_text(UNKEYED)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NotResumedError, match="The run that was taken up ended otherwise"):
        verify_resume([*TINY, "layer=custom", "layer._target_=unkeyed_layer.UnkeyedConv"])


@pytest.mark.usefixtures("in_process")
def test_a_run_that_began_anew_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal results alone prove nothing where no checkpoint was taken up."""
    monkeypatch.setattr(resume_command, "_kill_at", lambda runs, options, step: 1)
    with pytest.raises(NotResumedError, match="was not taken up at a step above 0"):
        verify_resume(list(TINY))


def test_a_mistake_is_named_before_anything_is_run() -> None:
    with pytest.raises(ValueError, match="kills: expected a whole number of at least 1, got 'two'"):
        verify_resume(["kills=two"])
