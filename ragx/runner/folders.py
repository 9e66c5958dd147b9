"""Where the configs and the plug-in of Hydra lie."""

import sysconfig
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
CONF = str(next(filter(Path.is_dir, (PACKAGE / "conf", PACKAGE.parent / "conf")), PACKAGE / "conf"))
"""Within the package where it is installed from a wheel, beside it in a checkout."""
PLUGINS = PACKAGE / "runner" / "plugins"


def installed() -> bool:
    """Return whether this package lies among the installed ones, where every interpreter finds it."""
    return str(PACKAGE.parent) in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
