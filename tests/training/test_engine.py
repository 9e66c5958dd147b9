"""The engine: where and how exactly a run computes."""

from typing import Any

import pytest
import torch

from ragx.training.engine import PRECISIONS, Engine, deterministic_algorithms
from ragx.training.trainer import Trainer

settings: Any = torch.utils.deterministic


@pytest.mark.parametrize("before", [(False, False), (True, True), (True, False)])
def test_deterministic_algorithms_are_on_within_and_as_they_were_afterwards(before: tuple[bool, bool]) -> None:
    def now() -> tuple[bool, bool, bool]:
        warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
        fill = bool(settings.fill_uninitialized_memory)
        return torch.are_deterministic_algorithms_enabled(), warn_only, fill

    try:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        with pytest.raises(KeyError), deterministic_algorithms(torch.device("cpu")):
            assert now() == (True, False, False)
            raise KeyError
        assert now() == (*before, True)
    finally:
        torch.use_deterministic_algorithms(False)


def test_elsewhere_than_on_a_cpu_nothing_is_switched() -> None:
    with deterministic_algorithms(torch.device("cuda")):
        assert not torch.are_deterministic_algorithms_enabled()


def test_auto_is_the_device_that_is_there() -> None:
    assert Engine(device="cpu").device_kind == "cpu"
    assert Engine(device="auto").device_kind == ("cuda" if torch.cuda.is_available() else "cpu")


def test_training_puts_torch_s_settings_back(fit: Any) -> None:
    fit(Trainer(max_epochs=1, batch_size=512))
    assert not torch.are_deterministic_algorithms_enabled()
    assert settings.fill_uninitialized_memory
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_model_trains_in_every_precision(precision: Any, fit: Any) -> None:
    trainer = Trainer(max_epochs=3, batch_size=256, engine=Engine(device="cpu", precision=precision))
    model, result = fit(trainer)
    losses = [row["loss"] for row in result.history]
    assert losses[-1] < losses[0]
    expected = {"64-true": torch.float64, "bf16-true": torch.bfloat16}.get(precision, torch.float32)
    assert model.embedding.dtype == expected


def test_a_bad_choice_gives_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"engine\.device: expected one of auto, cpu, cuda; got 'gpu'"):
        Engine(device="gpu")
    with pytest.raises(ValueError, match=r"engine\.precision: .*got '32-tru'.*Did you mean '32-true'\?"):
        Engine(precision="32-tru")
