"""Parts of any task: a seal that nothing but a stated reason opens, and what a refit learns from."""

import pytest

from ragx.data import Problem, Sealed


class Part(list[int]):
    def concatenate(self, other: "Part") -> "Part":
        return Part([*self, *other])


def test_a_sealed_part_tells_its_size_alone() -> None:
    sealed = Sealed(Part([1, 2, 3]))
    assert len(sealed) == 3
    assert "3" in repr(sealed)
    assert "1, 2" not in repr(sealed)
    with pytest.raises(AttributeError, match=r"sealed, so it has no 'rows': evaluation.final=true opens it once"):
        _ = sealed.rows
    with pytest.raises(TypeError):
        iter(sealed)  # type: ignore[call-overload]


def test_it_opens_for_a_reason_that_is_told_first() -> None:
    reasons: list[str] = []
    sealed = Sealed(Part([1, 2]))
    with pytest.raises(ValueError, match="only for a stated reason"):
        sealed.open(reason=" ", on_open=reasons.append)
    assert reasons == []
    assert sealed.open(reason="the end", on_open=reasons.append) == [1, 2]
    assert reasons == ["the end"]

    def refuse(reason: str) -> None:
        raise RuntimeError(reason)

    with pytest.raises(RuntimeError, match="the end"):
        sealed.open(reason="the end", on_open=refuse)


def test_a_refit_learns_from_train_and_validation() -> None:
    problem = Problem("made", Part([1, 2]), Part([3]), Sealed(Part([4])), "mark")
    assert problem.learned_from(refit=True) == [1, 2, 3]
    assert problem.learned_from(refit=False) == [1, 2]
    assert problem.contents == "4 rows"
    assert problem.test_mark == "mark"
    assert "4" not in repr(problem.test)
