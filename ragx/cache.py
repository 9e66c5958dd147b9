"""The folder of what can be made or fetched again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the user's cache folder of ragx: files that were downloaded, code that was compiled."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ragx"
