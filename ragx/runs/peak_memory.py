"""The most memory that this process held at a time, from a given moment on."""

import re
import resource
from pathlib import Path


def reset_peak(control: Path = Path("/proc/self/clear_refs")) -> None:
    """Forget the peak so far, where Linux lets us: a process that runs many cells has one peak for each."""
    try:
        control.write_text("5")
    except OSError:
        return


def peak_memory_mb(status: Path = Path("/proc/self/status")) -> int:
    """Return the peak since the last reset in MB; elsewhere than on Linux, since the process began."""
    try:
        match = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    except OSError:
        match = None
    kilobytes = int(match[1]) if match else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / 1024)
