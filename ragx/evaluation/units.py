"""What values are of, such as users or customers: its plural, and how many of them there are."""

from collections.abc import Mapping
from typing import NamedTuple


class Counts(NamedTuple):
    """How many units the values of a part are made of, are in the part, and are in the dataset, as far as is known."""

    units: int | None = None
    units_held_out: int | None = None
    all_units: int | None = None

    @classmethod
    def of(cls, counts: Mapping[str, int | None]) -> "Counts":
        """Return what a run counted, under these names or, as rankings write it, with ``users`` for ``units``."""
        return cls(*(counts.get(name, counts.get(name.replace("units", "users"))) for name in cls._fields))


def plural(unit: str) -> str:
    """Return the plural of a unit: users, customers, series, countries."""
    if unit.endswith("s"):
        return unit
    return f"{unit[:-1]}ies" if unit.endswith("y") and unit[-2:-1] not in "aeiou" else f"{unit}s"
