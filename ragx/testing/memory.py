"""How much memory a call needs."""

from collections.abc import Callable

import torch


def peak_bytes(call: Callable[[], object], device: torch.device | str = "cpu") -> int:
    """Return the most bytes of tensors that a call held at one time, beyond what was held before.

    What lies within operators is counted too. The call should have been made before, so that what is kept for good,
    such as indices, is there already.

    Args:
        call: what is measured.
        device: where its tensors lie.
    """
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    assert profile.profiler is not None
    # The profiler's own list credits memory to operators, in sums; here every allocation stands with its moment.
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most
