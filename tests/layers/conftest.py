"""The memory that a call holds."""

from collections.abc import Callable

import pytest

from ragx.testing.memory import peak_bytes


@pytest.fixture(scope="session")
def peak() -> Callable[[Callable[[], object]], int]:
    """Return a meter of the most bytes that a call holds, after a first call that makes what is kept."""

    def measure(call: Callable[[], object]) -> int:
        call()
        return peak_bytes(call)

    return measure
