"""Keyed randomness."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from ragx.random import derive_seed, generator, numpy_generator, seed_modules

KEYS = st.tuples(
    st.integers(0, 2**40), st.sampled_from(["batches", "negatives"]), st.lists(st.integers(0, 99), max_size=3)
)


def test_seeds_do_not_change_from_release_to_release() -> None:
    """Stored runs are resumed by them."""
    assert derive_seed(0, "batches", 1, 2) == 7_969_907_003_945_694_986


@given(one=KEYS, other=KEYS)
def test_seeds_are_equal_where_keys_are_and_fit_torch(
    one: tuple[int, str, list[int]], other: tuple[int, str, list[int]]
) -> None:
    seeds = [derive_seed(seed, purpose, *key) for seed, purpose, key in (one, other)]
    assert (seeds[0] == seeds[1]) is (one == other)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_keys_do_not_run_into_each_other() -> None:
    assert (
        len({derive_seed(1, "a", 1, 2), derive_seed(1, "a", 12), derive_seed(11, "a", 2), derive_seed(1, "a", 1, 2, 0)})
        == 4
    )


def test_generators_are_fresh_and_keyed() -> None:
    first, same, other = (torch.rand(3, generator=generator(0, "test", key)) for key in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert (numpy_generator(0, "test", 1).random(3) == numpy_generator(0, "test", 1).random(3)).all()
    assert (numpy_generator(0, "test", 1).random(3) != numpy_generator(0, "test", 2).random(3)).all()


def test_seeding_modules_keys_dropout() -> None:
    dropout, x = torch.nn.Dropout(0.5), torch.ones(50)
    outputs = []
    for key in (1, 1, 2):
        seed_modules(0, "modules", key)
        outputs.append(dropout(x))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_the_global_generator_is_keyed_as_torch_keys_it() -> None:
    seed_modules(0, "modules", 3)
    ours = torch.rand(5)
    torch.manual_seed(derive_seed(0, "modules", 3))
    assert torch.equal(ours, torch.rand(5))
