import pytest
import torch

from ragx.kernels.gather_rows import gather_rows, gather_rows_reference


@pytest.mark.parametrize("trailing", [(), (3,), (2, 3)])
@pytest.mark.parametrize("shape", [(0,), (7,), (4, 2)])
def test_rows_and_gradients_equal_plain_indexing(trailing: tuple[int, ...], shape: tuple[int, ...]) -> None:
    x = torch.randn(5, *trailing, dtype=torch.float64, requires_grad=True)
    index = torch.randint(5, shape)
    upstream = torch.randn(*shape, *trailing, dtype=torch.float64)

    rows = gather_rows(x, index)

    assert torch.equal(rows, gather_rows_reference(x, index))
    (gradient,) = torch.autograd.grad(rows, x, upstream)
    (expected,) = torch.autograd.grad(gather_rows_reference(x, index), x, upstream)
    torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-14)


def test_first_and_second_derivatives() -> None:
    x = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    index = torch.tensor([3, 0, 3, 3])
    assert torch.autograd.gradcheck(lambda y: gather_rows(y, index) ** 2, (x,))
    assert torch.autograd.gradgradcheck(lambda y: gather_rows(y, index) ** 2, (x,))


def test_gradient_has_the_same_bits_each_time_and_with_any_number_of_threads() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(50, 64, generator=generator, requires_grad=True)
    index = torch.randint(50, (100_000,), generator=generator)
    upstream = torch.randn(100_000, 64, generator=generator)
    threads = torch.get_num_threads()
    try:
        gradients: list[torch.Tensor] = []
        for count in (1, 2, 2, 4, 4):
            torch.set_num_threads(count)
            gradients += torch.autograd.grad(gather_rows(x, index), x, upstream)
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(gradient, gradients[0]) for gradient in gradients)


@pytest.mark.parametrize("index", [torch.tensor([True, False]), torch.tensor([0.0])])
def test_other_than_row_numbers_are_refused(index: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="index: expected int32 or int64 row numbers, got torch"):
        gather_rows(torch.zeros(2, 3), index)
