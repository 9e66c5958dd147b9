"""Whether a training fits into memory, and what to do where it does not."""

import torch

from ragx.learners.learner import DoesNotFitError
from ragx.models.training_setup import TrainingSetup
from ragx.ranking.memory import free_memory, is_out_of_memory


def is_enough(device: str, needed: int) -> bool:
    """Say whether the processor's memory that is free is enough; other devices tell when they are asked for it."""
    return device != "cpu" or needed <= free_memory()


def check_fits(setup: TrainingSetup, device: str) -> None:
    """Raise :class:`DoesNotFitError` where a training on the CPU needs more memory than is free."""
    needed = setup.needed_bytes()
    if not is_enough(device, needed):
        free = free_memory()
        raise DoesNotFitError(
            f"The training needs about {_gib(needed)} of memory, and {_gib(free)} is free. {setup.advice(free)}"
        )


def explain(error: BaseException, setup: TrainingSetup, device: str) -> BaseException:
    """Return what an error of a training means: :class:`DoesNotFitError` where memory ran out, else the error."""
    if not isinstance(error, MemoryError | RuntimeError) or not is_out_of_memory(error):
        return error
    free = torch.cuda.mem_get_info()[0] if device == "cuda" else free_memory()
    return DoesNotFitError(
        f"The training ran out of memory (its tensors take {_gib(setup.needed_bytes())}); {_gib(free)} is free. "
        f"{setup.advice(free)}"
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"
