"""What a run says: on the terminal, and in the log that stays in its folder."""

import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console

LOG_WIDTH = 140


class Speaker:
    """Prints to standard output and, from :meth:`log_to` on, to a file too.

    Args:
        quiet: whether standard output hears nothing, as within a sweep.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._loud = [] if quiet else [Console(file=sys.stdout)]
        self._kept: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self._log: Console | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_log()

    def close_log(self) -> None:
        """Write to the file no more."""
        if self._log is not None:
            self._log.file.close()
            self._log = None

    def log_to(self, path: Path) -> None:
        """Append to ``path`` from now on, what was said before first."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._log = Console(file=path.open("a", encoding="utf-8"), width=LOG_WIDTH, no_color=True)
        for arguments, options in self._kept:
            self._log.print(*arguments, **options)
        self._kept.clear()

    def print(self, *arguments: Any, **options: Any) -> None:
        """Print as :meth:`rich.console.Console.print` does, but take brackets in text for what they are."""
        options.setdefault("markup", False)
        for console in self._loud:
            console.print(*arguments, **options)
        if self._log is None:
            self._kept.append((arguments, options))
        else:
            self._log.print(*arguments, **options)
            self._log.file.flush()

    @property
    def progress_console(self) -> Console | None:
        """Where a training shows how far it is: None for standard error, within a sweep the log."""
        return self._log if self.quiet else None
