"""How many users a number is made of: it stands beside every number, loudly where it is fewer than half of them."""

from collections.abc import Mapping

NEEDED = ("users", "users_held_out", "all_users")


def measured_sentence(part: str, counts: Mapping[str, int | None]) -> str:
    """Return how many users make the values of a part, or nothing where a run of version 0.1.0 did not count.

    Args:
        part: ``"validation"`` or ``"test"``.
        counts: users who make the values (``users``), who have items in the part (``users_held_out``), and of the
            dataset (``all_users``).
    """
    numbers = [counts.get(name) for name in NEEDED]
    if None in numbers:
        return ""
    users, held_out, everybody = (number or 0 for number in numbers)
    sentence = f"{users:,} of {everybody:,} users make the {part} values"
    if held_out > users:
        sentence += f": {held_out:,} have items there, of whom {held_out - users:,} have none in train and are left out"
    else:
        sentence += f"; {held_out:,} have items there"
    return f"{sentence}." if not few_are_measured(counts) else f"Fewer than half of the users are measured: {sentence}."


def few_are_measured(counts: Mapping[str, int | None]) -> bool:
    """Say whether fewer than half of the users make the values of a part."""
    users, everybody = counts.get("users"), counts.get("all_users")
    return users is not None and everybody is not None and 2 * users < everybody
