"""One closed form of several, by the size of the data."""

from collections.abc import Mapping
from typing import Any

from ragx.checks import check, check_positive
from ragx.models.closed_form import ClosedForm


class FirstThatFits(ClosedForm):
    """The first of several closed forms whose fit takes no more memory than is allowed, and the last where none does.

    What is free on the machine is not asked, so that the same data has the same choice everywhere. As a baseline it
    goes by the name of what was chosen.

    Args:
        choices: the closed forms by name.
        most_bytes: what a fit may take, by the ``needed_bytes`` of the closed form.

    Raises:
        ValueError: there is no choice, or nothing is allowed.
    """

    def __init__(self, *, choices: Mapping[str, ClosedForm], most_bytes: float) -> None:
        check(len(choices) > 0, "choices: expected one closed form at least, got none.")
        check_positive("most_bytes", most_bytes)
        self.choices, self.most_bytes = dict(choices), most_bytes

    def choice(self, train: Any) -> tuple[str, ClosedForm]:
        """Return the name of what is chosen, and the closed form.

        Args:
            train: what is learned from.
        """
        fitting = (name for name, model in self.choices.items() if model.needed_bytes(train) <= self.most_bytes)
        name = next(fitting, [*self.choices][-1])
        return name, self.choices[name]

    def fit(self, train: Any) -> Any:
        """Return the predictor of what is chosen."""
        return self.choice(train)[1].fit(train)

    def needed_bytes(self, train: Any) -> int:
        """Return the bytes that the fit of what is chosen takes."""
        return self.choice(train)[1].needed_bytes(train)
