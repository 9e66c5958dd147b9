"""What a metric's name leaves open, written down once: denominators, empty tests and masks."""

from dataclasses import asdict, dataclass

from ragx.checks import check_choice
from ragx.evaluation.cold_users import COLD_USERS, ColdUsers

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
        cold_users: what users without train interactions were given, as ``Protocol.cold_users`` says and fills in; None
            where they were not distinguished.

    Raises:
        ValueError: a choice is unknown.
    """

    recall_denominator: str = "relevant"
    ideal_dcg: str = "min_k"
    average_precision_denominator: str = "min_k"
    users_without_relevant: str = "exclude"
    masked: str = SEEN
    cold_users: ColdUsers | None = None

    def __post_init__(self) -> None:
        check_choice("recall_denominator", self.recall_denominator, ("relevant", "min_k"))
        check_choice("ideal_dcg", self.ideal_dcg, ("min_k", "full"))
        check_choice("average_precision_denominator", self.average_precision_denominator, ("min_k", "relevant"))
        check_choice("users_without_relevant", self.users_without_relevant, ("exclude", "zero"))
        check_choice("masked", self.masked, (SEEN, NOTHING))
        if self.cold_users is not None:
            check_choice("cold_users", self.cold_users, COLD_USERS)

    def spell(self) -> str:
        """Return the choices in one line, such as ``recall_denominator=relevant, ideal_dcg=min_k``."""
        return ", ".join(f"{name}={value}" for name, value in asdict(self).items() if value is not None)

    def differences(self, other: "Conventions") -> str:
        """Return what differs in one line, such as ``masked=seen and masked=nothing``; empty for equal conventions."""
        ours, theirs = asdict(self), asdict(other)
        unequal = [name for name in ours if ours[name] != theirs[name]]
        return "; ".join(f"{name}={ours[name]} and {name}={theirs[name]}" for name in unequal)


LIGHTGCN = Conventions()
"""He et al., SIGIR 2020, and most graph recommenders since: recall over all test items, NDCG over min(n, K), train
items masked, users without test items left out. Average precision, which they do not report, is over min(n, K)."""

RECBOLE = Conventions()
"""Zhao et al., CIKM 2021: the same choices, and the source of average precision over min(n, K)."""

TREC = Conventions(average_precision_denominator="relevant")
"""trec_eval: recall and average precision over all relevant items, NDCG against the best list of K."""

PYG = Conventions()
"""torch_geometric.metrics (``LinkPredRecall`` and its kin): the same choices as RecBole's."""

REPEAT_BUYING = Conventions(masked=NOTHING)
"""Where people buy again: as ``LIGHTGCN``, with the items that a user has among those that are ranked. Splits leave
held-out pairs that an earlier part has out, so such items take ranks in the lists and are never relevant."""

PRESETS = {"lightgcn": LIGHTGCN, "recbole": RECBOLE, "trec": TREC, "pyg": PYG, "repeat_buying": REPEAT_BUYING}


def preset(name: str) -> Conventions:
    """Return the conventions called ``lightgcn``, ``recbole``, ``trec``, ``pyg`` or ``repeat_buying``.

    Raises:
        ValueError: there is no such preset.
    """
    check_choice("conventions", name, PRESETS)
    return PRESETS[name]
