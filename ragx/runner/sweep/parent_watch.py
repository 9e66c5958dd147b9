"""Workers that end with their parent, whatever it died of: those of joblib would live on."""

import os
import threading
import time
from functools import partial

POLL = 0.5


def have_workers_watch() -> None:
    """Have the workers that joblib starts from now on, where it is installed, watch this process from the first."""
    try:
        from joblib.parallel import BACKENDS, register_parallel_backend
    except ImportError:
        return
    register_parallel_backend("loky", partial(BACKENDS["loky"], initializer=watch_parent, initargs=(os.getpid(),)))


def watch_parent(parent: int) -> None:
    """End this process once its parent is gone, and at once where it died before this was called.

    Args:
        parent: number of the process that started this one.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL)
        os._exit(1)

    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()
