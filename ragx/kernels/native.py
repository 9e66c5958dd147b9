"""C code compiled where it runs, for the very sizes asked for and once for all."""

import ctypes
import functools
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ragx.cache import cache_folder
from ragx.checks import check
from ragx.files import remove_abandoned, write_atomically
from ragx.graph.adjacency import Adjacency
from ragx.typing import Tensor

# Sums keep the order in which they are written. -ffast-math would change it, and have the whole process take subnormal
# numbers for 0 once it is linked in.
FLAGS = (
    *("-std=gnu11", "-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"),
    *("-fno-math-errno", "-fno-trapping-math"),
)
SECONDS, REGISTER = 120, 64  # of a compilation; bytes of the widest vector register
WIDEST = 16_384  # numbers of a row that is summed on a thread's stack
MOST_NODES = 2**31  # as many as int32 has numbers for
PARTS = 16  # ranges of rows for each thread, so that one held up does not hold up the rest
HERE, HEADERS = Path(__file__).parent, ("native.h", "power.h")
NATIVE: dict[torch.dtype, Any] = {torch.float32: ctypes.c_float, torch.float64: ctypes.c_double}


@functools.cache
def has_compiler() -> bool:
    """Say whether the C code can be compiled and loaded here: by ``$CC``, or else ``cc``."""
    command = _compiler()
    return (
        bool(command and shutil.which(command[0])) and _made("weighted_sum", torch.float32, 1, 4, WEIGHTS=1) is not None
    )


def compiler_version() -> str | None:
    """Return what the C compiler calls itself; None where the C code cannot be compiled here."""
    return (_version(tuple(_compiler())) or "unknown") if has_compiler() else None


def compiled(code: str, constants: Mapping[str, object]) -> ctypes.CDLL:
    """Return C code as a loaded library, out of the user's cache folder where it was compiled before.

    Args:
        code: the text.
        constants: macros that the preprocessor defines.

    Raises:
        RuntimeError: there is no compiler, or it refuses the code.
        OSError: the library cannot be written or loaded.
    """
    compiler = _compiler()
    arguments = [*FLAGS, *(f"-D{name}={value}" for name, value in constants.items())]
    key = "\0".join([code, *compiler, *arguments, _processor(), _version(tuple(compiler))])
    name = f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.so"
    folder = cache_folder() / "kernels"
    command = [*compiler, *arguments, "-x", "c", "-", "-lm"]
    if not _is_writable(folder):
        with tempfile.TemporaryDirectory() as own:
            _compile(command, code, Path(own) / name)
            return ctypes.CDLL(str(Path(own) / name))
    remove_abandoned(folder)
    library, checksum = folder / name, folder / f"{name}.sha256"
    if not _is_whole(library, checksum):
        write_atomically(library, functools.partial(_compile, command, code))
        write_atomically(checksum, lambda part: part.write_text(_digest(library)))
    return ctypes.CDLL(str(library))


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _is_whole(library: Path, checksum: Path) -> bool:
    """Say whether a library is what was compiled: to load one that was cut off ends the process with SIGBUS."""
    try:
        return checksum.read_text() == _digest(library)
    except (OSError, ValueError):
        return False


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@functools.cache
def library(name: str, dtype: torch.dtype, heads: int, size: int, **constants: int) -> ctypes.CDLL | None:
    """Return a C file of this folder, compiled for a type, a number of heads, the size of a head, and constants.

    Where that fails though a compiler is there, it warns once and returns None: another form has to do.
    """
    compiled_library = _made(name, dtype, heads, size, **constants)
    if compiled_library is None:
        warnings.warn(f"{name} could not be compiled here: a slower form stands in.", RuntimeWarning, stacklevel=2)
    return compiled_library


def _made(name: str, dtype: torch.dtype, heads: int, size: int, **constants: int) -> ctypes.CDLL | None:
    lanes = next(lanes for lanes in (16, 8, 4, 2, 1) if size % lanes == 0 and lanes * dtype.itemsize <= REGISTER)
    real = "float" if dtype == torch.float32 else "double"
    sizes = {"REAL": real, "HEADS": heads, "SIZE": size, "LANES": lanes, **constants}
    try:
        return compiled("".join((HERE / file).read_text() for file in (*HEADERS, f"{name}.c")), sizes)
    except (OSError, RuntimeError):
        return None


def run_rows(
    call: Callable[..., object], adjacency: Adjacency, *given: Tensor | float | None, ends: Tensor | None = None
) -> None:
    """Call what ``native.h`` describes for all rows of an adjacency, on as many threads as torch uses.

    Args:
        call: a function of a library; after what shares out the rows it is given the row pointer and the sources.
        adjacency: the edges.
        given: what else it is given: numbers, and where tensors lie. They must be contiguous.
        ends: bounds of the ranges that threads share out, where they are not those of all rows.
    """
    tensors = [argument for argument in given if isinstance(argument, torch.Tensor)]
    for tensor in (adjacency.source, *tensors):
        check(
            tensor.device.type == "cpu",
            f"expected all tensors on the CPU, got one on {tensor.device}; move it with .to.",
        )
    threads = torch.get_num_threads()
    ends = adjacency.row_parts(PARTS * threads) if ends is None else ends
    rows = threads, ctypes.c_int64(len(ends) - 1), _place(ends), ctypes.c_int64(adjacency.num_edges)
    dtype = next(tensor.dtype for tensor in tensors if tensor.is_floating_point())
    call(*rows, _place(adjacency.row_pointer), _place(adjacency.narrow_source), *arguments(dtype, *given))


def arguments(dtype: torch.dtype, *given: Tensor | float | None) -> list[Any]:
    """Return numbers in the type that C code was compiled for, and where tensors lie, as C takes them."""
    return [NATIVE[dtype](argument) if isinstance(argument, float) else _place(argument) for argument in given]


def runs_natively(x: Tensor) -> bool:
    """Say whether values are of a kind that the C code is for."""
    return x.device.type == "cpu" and x.dtype in NATIVE and 0 < x[:1].numel() <= WIDEST and len(x) < MOST_NODES


def _place(x: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if x is None else x.data_ptr())


def _compiler() -> list[str]:
    return shlex.split(os.environ.get("CC") or "cc")


def _compile(command: Sequence[str], code: str, library: Path) -> None:
    if shutil.which(command[0]) is None:
        raise RuntimeError(f"C compiler: expected {command[0]} on the PATH or CC naming one; found none.")
    try:
        done = subprocess.run(
            [*command, "-o", str(library)], input=code, text=True, capture_output=True, timeout=SECONDS
        )
    except subprocess.SubprocessError as error:
        raise RuntimeError(f"C compiler: {command[0]} did not end ({error}).") from None
    if done.returncode:
        raise RuntimeError(f"C compiler: {command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


@functools.cache
def _version(compiler: tuple[str, ...]) -> str:
    """Return what tells compilers apart; nothing where there is none."""
    try:
        done = subprocess.run([*compiler, "--version"], capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.partition("\n")[0]


@functools.cache
def _processor() -> str:
    """Return what tells processors apart: what is compiled for one may be unknown to another that shares a home."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return " ".join(os.uname()) if hasattr(os, "uname") else ""
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
