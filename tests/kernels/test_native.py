"""Code that is compiled where it runs."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ragx.graph.adjacency import Adjacency
from ragx.kernels import native
from ragx.kernels.edge_attention import edge_attention
from ragx.kernels.forms import form_of, use_form
from ragx.kernels.native import compiled, has_compiler

NEEDS_COMPILER = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")
CODE = "int answer(void) { return ANSWER; }"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ragx" / "kernels"


@NEEDS_COMPILER
def test_code_is_compiled_once_for_each_constant(cache: Path) -> None:
    assert [compiled(CODE, {"ANSWER": number}).answer() for number in (7, 8, 7)] == [7, 8, 7]
    assert len(list(cache.glob("*.so"))) == 2
    assert len(list(cache.iterdir())) == 4  # a checksum beside each


@NEEDS_COMPILER
@pytest.mark.parametrize("damage", ["cut off", "other bytes", "no checksum", "torn checksum"])
def test_damaged_code_is_compiled_anew(cache: Path, damage: str) -> None:
    """To load a library that was cut off ends the process with SIGBUS, and every later one too."""
    assert compiled(CODE, {"ANSWER": 7}).answer() == 7
    (library,), (checksum,) = cache.glob("*.so"), cache.glob("*.sha256")
    whole = library.read_bytes()
    library.unlink()  # what was loaded stays whole
    library.write_bytes({"cut off": whole[: len(whole) // 3], "other bytes": b"no library"}.get(damage, whole))
    if damage == "no checksum":
        checksum.unlink()
    elif damage == "torn checksum":
        checksum.write_bytes(b"\xff\xfe")
    assert compiled(CODE, {"ANSWER": 7}).answer() == 7
    assert checksum.read_text() == hashlib.sha256(library.read_bytes()).hexdigest()
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


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false", "/bin/sh -c 'echo no' --"])
def test_without_a_compiler_other_forms_stand_in(cache: Path, monkeypatch: pytest.MonkeyPatch, compiler: str) -> None:
    monkeypatch.setenv("CC", compiler)
    native.has_compiler.cache_clear()
    try:
        assert not has_compiler()
        assert form_of("edge_attention", torch.device("cpu")) == "composed"
        assert form_of("weighted_sum", torch.device("cpu")) == "embedding_bag"
        with (
            pytest.raises(ValueError, match="form of edge_attention: native needs a C compiler"),
            use_form("edge_attention", "native"),
        ):
            pass
    finally:
        native.has_compiler.cache_clear()


@NEEDS_COMPILER
def test_a_compiler_that_is_lost_on_the_way_is_warned_of(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_compiler()
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), 2, 3)
    x = torch.randn(2, 3, 7)
    monkeypatch.setenv("CC", "no-such-compiler")
    native.library.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"\w+ could not be compiled here: a slower form stands in"):
        out = edge_attention(torch.randn(3, 3, 7), x, x, adjacency)
    assert out.shape == (3, 3, 7)
    native.library.cache_clear()


@NEEDS_COMPILER
def test_an_empty_name_of_a_compiler_is_none(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "")
    assert compiled(CODE, {"ANSWER": 3}).answer() == 3


@NEEDS_COMPILER
def test_subnormal_numbers_live_on_after_code_was_loaded() -> None:
    """What -ffast-math links in would have them taken for 0."""
    code = (
        "import torch; from ragx.kernels.native import has_compiler; assert has_compiler();"
        "assert torch.tensor(1e-40).mul(0.5).item() != 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
