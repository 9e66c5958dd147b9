"""No password gets into a file: configs, options and commands are written into run folders."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from ragx.checks import check

NAMES = r"passw(?:or)?d|passphrase|pwd|secret|api_?key"
IN_TEXT = re.compile(
    rf"""://[^\s@/:]*:[^\s@]+@          # scheme://user:password@host
    | ^[^\s@/=]+:[^\s@/]+@[^\s@]+$      # user:password@host
    | (?:{NAMES})\s*=\s*[^\s&;]      # password=…""",
    re.IGNORECASE | re.VERBOSE,
)
AS_KEY = re.compile(rf"(?:\w*_)?(?:{NAMES})", re.IGNORECASE)
REMEDY = "since configs are written into run folders; set PGPASSWORD or ~/.pgpass, and for W&B WANDB_API_KEY"


def has_password(text: str) -> bool:
    """Say whether a text holds an address with a password, or a parameter that is one, written out or URL-encoded."""
    plain = unquote(text)
    return any(IN_TEXT.search(form) is not None for form in (text, plain, unquote(plain)))


def passwords(path: str, value: Any) -> list[str]:
    """Return a line for every password in a config, which does not show it.

    Args:
        path: path of the value in the config.
        value: texts, lists and mappings of any depth.
    """
    if isinstance(value, str):
        return [f"{path}: expected no password, {REMEDY}."] if has_password(value) else []
    if isinstance(value, Mapping):
        lines = []
        for name, member in value.items():
            named = isinstance(member, str) and bool(member) and AS_KEY.fullmatch(str(name)) is not None
            lines += passwords(f"{path}.{name}", f"password={member}" if named else member)
        return lines
    inner = value if isinstance(value, (list, tuple)) else ()
    return [line for index, member in enumerate(inner) for line in passwords(f"{path}[{index}]", member)]


def check_no_password(options: Iterable[str]) -> None:
    """Raise ``ValueError`` where an option of a command line, ``name=value``, holds a password."""
    for option in options:
        name = option.partition("=")[0]
        check(not has_password(option), f"{name}: expected no password, {REMEDY}.")
