"""How many units a number is made of: it stands beside every number, loudly where it is fewer than half of them."""

from collections.abc import Mapping

from ragx.evaluation.units import Counts, plural

HELD = {"user": "items"}
"""What a unit of the held-out part has there."""


def measured_sentence(part: str, counts: Mapping[str, int | None], unit: str = "user") -> str:
    """Return how many units make the values of a part, or nothing where a run did not count them all.

    Args:
        part: ``"validation"`` or ``"test"``.
        counts: units that make the values (``units``), that are in the part (``units_held_out``), and of the dataset
            (``all_units``); or with ``users`` for ``units``.
        unit: what they are.
    """
    numbers = Counts.of(counts)
    if None in numbers:
        return ""
    units, held_out, everybody = (number or 0 for number in numbers)
    sentence, held = f"{units:,} of {everybody:,} {plural(unit)} make the {part} values", HELD.get(unit, "values")
    if held_out > units:
        sentence += (
            f": {held_out:,} have {held} there, of whom {held_out - units:,} have none in train and are left out"
        )
    else:
        sentence += f"; {held_out:,} have {held} there"
    loud = f"Fewer than half of the {plural(unit)} are measured: "
    return f"{loud if few_are_measured(counts) else ''}{sentence}."


def few_are_measured(counts: Mapping[str, int | None]) -> bool:
    """Say whether fewer than half of the units make the values of a part."""
    units, _, everybody = Counts.of(counts)
    return units is not None and everybody is not None and 2 * units < everybody
