"""Read-outs, worked by hand."""

import pytest
import torch

from ragx.layers.readout import Readout, ReadoutName

OUTPUTS = [torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), torch.tensor([[8.0, 0.0]])]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("last", [[8.0, 0.0]]),
        ("mean", [[4.0, 2.0]]),
        ("mean_of_layers", [[5.5, 2.0]]),
        ("concat", [[1.0, 2.0, 3.0, 4.0, 8.0, 0.0]]),
        ("learned", [[4.0, 2.0]]),
    ],
)
def test_worked_values(name: ReadoutName, expected: list[list[float]]) -> None:
    readout = Readout(name, [2, 2, 2])
    out = readout(OUTPUTS)
    torch.testing.assert_close(out, torch.tensor(expected))
    assert readout.out_channels == out.shape[1]


def test_learned_weights_are_a_softmax_and_learn() -> None:
    readout = Readout("learned", [2, 2, 2])
    assert readout.logits is not None
    with torch.no_grad():
        readout.logits.copy_(torch.tensor([0.0, 1.0, 2.0]).log() + torch.tensor([-1e9, 0.0, 0.0]).nan_to_num())
    out = readout(OUTPUTS)
    torch.testing.assert_close(out, torch.tensor([[19 / 3, 4 / 3]]))
    out.sum().backward()
    assert readout.logits.grad is not None
    assert readout.logits.grad.abs().sum() > 0


def test_inputs_stay_as_they_are() -> None:
    before = [x.clone() for x in OUTPUTS]
    Readout("mean", [2, 2, 2])(OUTPUTS)
    assert all(torch.equal(x, y) for x, y in zip(before, OUTPUTS, strict=True))


def test_different_widths_join_by_concatenation_or_the_last() -> None:
    outputs = [torch.ones(3, 2), torch.ones(3, 5)]
    assert Readout("concat", [2, 5])(outputs).shape == (3, 7)
    assert Readout("last", [2, 5])(outputs).shape == (3, 5)
    for name in ("mean", "mean_of_layers", "learned"):
        with pytest.raises(
            ValueError, match=rf"readout={name} needs equal widths, got \[2, 5\].*use model.readout=last"
        ):
            Readout(name, [2, 5])


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(
        ValueError, match=r"readout: expected one of last, mean, mean_of_layers, concat, learned; got 'men'.*'mean'"
    ):
        Readout("men", [2])  # type: ignore[arg-type]
