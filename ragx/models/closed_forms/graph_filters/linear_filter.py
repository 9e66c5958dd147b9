"""The plain linear filter of the graph of items."""

from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.graph_filters.item_graph import ItemGraph, normalized
from ragx.models.closed_forms.graph_filters.scorer import FilteredRows
from ragx.ranking.scorers import Scorer


class LinearFilter(ClosedForm):
    """S = R P with P = R̃ᵀ R̃ and R̃ = D_U^−½ R D_I^−½: what the users who share items with a user have.

    R [U, I] is 1 where a user has an item in train. Nothing of the size of users by items or of items by items is made.

    Source: Shen et al., "How powerful is graph convolution for recommendation?", CIKM 2021.
    """

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        return FilteredRows(train.matrix(), ItemGraph(normalized(train, 0.5, 0.5))).scorer()
