"""Code that is compiled where it runs."""

import ctypes
import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from ragx.kernels import native
from ragx.kernels.forms import form_of, use_form
from ragx.kernels.native import compiled, has_compiler, run_rows

NEEDS_COMPILER = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")
CODE = "int answer(void) { return ANSWER; }"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ragx" / "kernels"


@NEEDS_COMPILER
def test_code_is_compiled_once_for_each_constant(cache: Path) -> None:
    assert [compiled(CODE, {"ANSWER": number}).answer() for number in (7, 8, 7)] == [7, 8, 7]
    assert len(list(cache.iterdir())) == 2


@NEEDS_COMPILER
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert compiled(CODE, {"ANSWER": 5}).answer() == 5


@NEEDS_COMPILER
def test_code_that_is_wrong_says_so(cache: Path) -> None:
    with pytest.raises(RuntimeError, match=r"C compiler: [^\n]+ ended with 1: [^\n]*\n[^\n]*ANSWER"):
        compiled(CODE, {})
    assert list(cache.iterdir()) == []


def test_without_a_compiler_the_composed_form_stands_in(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    native.has_compiler.cache_clear()
    try:
        assert not has_compiler()
        assert form_of("edge_attention", torch.device("cpu")) == "composed"
        with (
            pytest.raises(ValueError, match="form of edge_attention: native needs a C compiler"),
            use_form("edge_attention", "native"),
        ):
            pass
    finally:
        native.has_compiler.cache_clear()


@NEEDS_COMPILER
def test_subnormal_numbers_live_on_after_code_was_loaded() -> None:
    """What -ffast-math links in would have them taken for 0."""
    code = (
        "import torch; from ragx.kernels.native import has_compiler; assert has_compiler();"
        "assert torch.tensor(1e-40).mul(0.5).item() != 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_row_is_done_once_whatever_the_threads() -> None:
    before = torch.get_num_threads()
    rows = [(first, first + 1) for first in range(50)]
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            done: list[tuple[int, int]] = []
            run_rows(lambda first, last, done=done: done.append((first, last)), rows)  # type: ignore[misc]
            assert sorted(done) == rows
    finally:
        torch.set_num_threads(before)


def test_an_error_in_a_thread_is_raised() -> None:
    def fail(first: int, last: int) -> None:
        raise RuntimeError(f"rows {first} to {last} in {threading.current_thread().name}")

    with pytest.raises(RuntimeError, match="rows 0 to 1"):
        run_rows(fail, [(0, 1), (1, 2), (2, 3)])


def _rows_in_a_fork(total: "ctypes.c_int") -> None:
    done: list[int] = []
    run_rows(lambda first, last: done.append(first), [(0, 1), (1, 2), (2, 3), (3, 4)])
    total.value = len(done)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    run_rows(lambda first, last: None, [(0, 1), (1, 2)])  # the parent's are there
    context = multiprocessing.get_context("fork")
    total = context.Value("i", 0)
    child = context.Process(target=_rows_in_a_fork, args=(total,))
    child.start()
    child.join(30)
    assert child.exitcode == 0 and total.value == 4
