"""C code compiled where it runs, for the very sizes asked for and once for all."""

import contextlib
import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ragx.cache import cache_folder
from ragx.graph.adjacency import Adjacency
from ragx.typing import Tensor

# No -ffast-math: linked in, it would have the whole process take subnormal numbers for 0.
FLAGS = (
    *("-std=gnu11", "-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math"),
    *("-fno-signed-zeros", "-fassociative-math", "-freciprocal-math"),
)
SECONDS, REGISTER = 120, 64  # of a compilation; bytes of the widest vector register
PARTS = 16  # ranges of rows for each thread, so that one held up does not hold up the rest
HERE = Path(__file__).parent
NATIVE: dict[torch.dtype, Any] = {torch.float32: ctypes.c_float, torch.float64: ctypes.c_double}


@functools.cache
def has_compiler() -> bool:
    """Say whether C code can be compiled and loaded here: by ``$CC``, or else ``cc``."""
    try:
        compiled("int one(void) { return 1; }", {})
    except (OSError, RuntimeError):
        return False
    return True


def compiled(code: str, constants: Mapping[str, object]) -> ctypes.CDLL:
    """Return C code as a loaded library, out of the user's cache folder where it was compiled before.

    Args:
        code: the text.
        constants: what the preprocessor is told.

    Raises:
        RuntimeError: there is no compiler, or it refuses the code.
        OSError: the library cannot be written or loaded.
    """
    compiler = os.environ.get("CC", "cc").split()
    arguments = [*FLAGS, *(f"-D{name}={value}" for name, value in constants.items())]
    key = "\0".join([code, *compiler, *arguments, _processor()])
    name = f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.so"
    folder = cache_folder() / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if (folder / name).is_file():
        with contextlib.suppress(OSError):  # damaged: made anew
            return ctypes.CDLL(str(folder / name))
    with tempfile.TemporaryDirectory(dir=folder if writable else None) as place:
        library = Path(place) / name
        _compile([*compiler, *arguments, "-x", "c", "-", "-o", str(library), "-lm"], code)
        if not writable:
            return ctypes.CDLL(str(library))
        library.replace(folder / name)  # at once: other processes may be at the same
    return ctypes.CDLL(str(folder / name))


@functools.cache
def library(name: str, dtype: torch.dtype, heads: int, size: int, **constants: int) -> ctypes.CDLL:
    """Return a C file of this folder, compiled for a type, a number of heads, the size of a head, and constants."""
    lanes = next(lanes for lanes in (16, 8, 4, 2, 1) if size % lanes == 0 and lanes * dtype.itemsize <= REGISTER)
    real = "float" if dtype == torch.float32 else "double"
    sizes = {"REAL": real, "HEADS": heads, "SIZE": size, "LANES": lanes, **constants}
    return compiled("".join((HERE / file).read_text() for file in ("native.h", f"{name}.c")), sizes)


def run_rows(call: Callable[..., object], adjacency: Adjacency, *given: Tensor | float | None) -> None:
    """Call what ``native.h`` describes for all rows of an adjacency, on as many threads as torch uses.

    Args:
        call: a function of a library; after what shares out the rows it is given the row pointer and the sources.
        adjacency: the edges.
        given: what else it is given: numbers, and where tensors lie. They must be contiguous.
    """
    threads = torch.get_num_threads()
    ends = adjacency.row_parts(PARTS * threads)
    rows = threads, ctypes.c_int64(len(ends) - 1), _place(ends), ctypes.c_int64(adjacency.num_edges)
    dtype = next(each.dtype for each in given if isinstance(each, torch.Tensor) and each.is_floating_point())
    numbers = [NATIVE[dtype](each) if isinstance(each, float) else _place(each) for each in given]
    call(*rows, _place(adjacency.row_pointer), _place(adjacency.source), *numbers)


def runs_natively(x: Tensor) -> bool:
    """Say whether values are of a kind that the C code is for."""
    return x.device.type == "cpu" and x.dtype in NATIVE and x.numel() > 0


def _place(x: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if x is None else x.data_ptr())


def _compile(command: Sequence[str], code: str) -> None:
    if shutil.which(command[0]) is None:
        raise RuntimeError(f"C compiler: expected {command[0]} on the PATH or CC naming one; found none.")
    done = subprocess.run(command, input=code, text=True, capture_output=True, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"C compiler: {command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


@functools.cache
def _processor() -> str:
    """Return what tells processors apart: what is compiled for one may be unknown to another that shares a home."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return " ".join(os.uname()) if hasattr(os, "uname") else ""
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
