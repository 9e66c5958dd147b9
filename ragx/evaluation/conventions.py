"""What a metric's name leaves open, written down once: denominators, empty tests and masks."""

from dataclasses import dataclass

from ragx.checks import check_choice

SEEN, NOTHING = "seen", "nothing"


@dataclass(frozen=True, kw_only=True)
class Conventions:
    """The choices under which two numbers of one name are the same quantity.

    Args:
        recall_denominator: ``"relevant"`` divides by all relevant items n, ``"min_k"`` by min(n, K).
        ideal_dcg: the best list that NDCG is held against has ``"min_k"`` = min(n, K) hits or ``"full"`` = n hits.
        average_precision_denominator: ``"min_k"`` or ``"relevant"``, as for recall.
        users_without_relevant: ``"exclude"`` leaves users without relevant items out of the mean and counts them,
            ``"zero"`` lets them score 0.
        masked: ``"seen"`` keeps the seen items (train, and validation when testing) off the lists,
            ``"nothing"`` ranks them too, as where people buy again.

    Raises:
        ValueError: a choice is unknown.
    """

    recall_denominator: str = "relevant"
    ideal_dcg: str = "min_k"
    average_precision_denominator: str = "min_k"
    users_without_relevant: str = "exclude"
    masked: str = SEEN

    def __post_init__(self) -> None:
        check_choice("recall_denominator", self.recall_denominator, ("relevant", "min_k"))
        check_choice("ideal_dcg", self.ideal_dcg, ("min_k", "full"))
        check_choice("average_precision_denominator", self.average_precision_denominator, ("min_k", "relevant"))
        check_choice("users_without_relevant", self.users_without_relevant, ("exclude", "zero"))
        check_choice("masked", self.masked, (SEEN, NOTHING))


LIGHTGCN = Conventions()
"""He et al., SIGIR 2020, and most graph recommenders since: recall over all test items, NDCG over min(n, K), train
items masked, users without test items left out. Average precision, which they do not report, is over min(n, K)."""

RECBOLE = Conventions()
"""Zhao et al., CIKM 2021: the same choices, and the source of average precision over min(n, K)."""

TREC = Conventions(average_precision_denominator="relevant")
"""trec_eval: recall and average precision over all relevant items, NDCG against the best list of K."""

PYG = Conventions()
"""torch_geometric.metrics (``LinkPredRecall`` and its kin): the same choices as RecBole's."""

PRESETS = {"lightgcn": LIGHTGCN, "recbole": RECBOLE, "trec": TREC, "pyg": PYG}


def preset(name: str) -> Conventions:
    """Return the conventions called ``lightgcn``, ``recbole``, ``trec`` or ``pyg``.

    Raises:
        ValueError: there is no such preset.
    """
    check_choice("conventions", name, PRESETS)
    return PRESETS[name]
