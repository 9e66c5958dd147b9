"""The contract of models that one calculation fits: no optimiser, no epochs, no curve."""

from abc import ABC, abstractmethod
from typing import Any


class ClosedForm(ABC):
    """A model that is fitted by one calculation; a subclass says how in :meth:`fit`.

    It is a part of the config as it stands (``model._target_=my_models.EASE``), and its options are the arguments of
    its constructor. A baseline of a task is one too.
    """

    @abstractmethod
    def fit(self, train: Any) -> Any:
        """Return the predictor that the task asks for, such as a scorer of users for items.

        What the predictor keeps in an attribute ``weights``, a mapping of tensors, is compared where a run is made
        once more. Draws come from torch's generators, which are seeded before. A longer fit calls
        :func:`ragx.models.tell_progress`.

        Args:
            train: what is learned from, such as :class:`ragx.data.Interactions`; in a refit, train and validation.
        """

    def needed_bytes(self, train: Any) -> int:
        """Return about how many bytes a fit takes, asked before anything is calculated; 0 where nobody knows.

        Args:
            train: what is learned from.
        """
        return 0
