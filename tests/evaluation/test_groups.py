import numpy as np
import polars as pl
import pytest
import torch

from ragx.evaluation.evaluate import evaluate
from ragx.evaluation.groups import by_group, by_groups, deciles, recall_by_item_group
from ragx.metrics import Metric
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking
from ragx.ranking.scorers import Constant

ROWS = pl.DataFrame({"user": [4, 7, 9, 2], "recall@5": [0.0, 1.0, 0.5, 0.5]})
RANK = Metric("rank", larger_is_better=False)


def test_deciles_are_even_and_keep_equal_values_together() -> None:
    values = np.random.default_rng(0).permutation(1000)
    assert np.bincount(deciles(values)).tolist() == [100] * 10
    assert np.array_equal(deciles(values), values // 100)
    assert deciles([3, 3, 3, 9], parts=2).tolist() == [0, 0, 0, 1]
    tied = deciles([0] * 60 + list(range(1, 41)))
    assert len(set(tied[:60])) == 1
    assert tied[60:].tolist() == [6 + index // 10 for index in range(40)]


def test_groups_worked_by_hand() -> None:
    report = by_group(ROWS, "recall@5", ["new", "old", "new", "old"])
    assert report.table["group"].to_list() == ["new", "old"]
    assert report.table["users"].to_list() == [2, 2]
    assert report.table["mean"].to_list() == [0.25, 0.75]
    assert (report.best, report.worst) == ("old", "new")
    assert report.gap.value == 0.5
    assert report.gap.low <= 0.5 <= report.gap.high
    assert report.gap.few
    assert report.table["few"].to_list() == [True, True]
    assert report.as_dict()["gap"] == report.gap._asdict()


def test_the_gap_covers_a_true_difference() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 3, 3000)
    rows = pl.DataFrame({"user": np.arange(3000), "ndcg@5": rng.normal(groups * 0.5, 1.0)})
    report = by_group(rows, "ndcg@5", groups)
    assert (report.best, report.worst) == (2, 0)
    assert report.gap.low < 1.0 < report.gap.high
    assert report.contrast is None
    contrast = by_group(rows, "ndcg@5", groups, ordered=True).contrast
    assert contrast is not None
    assert contrast.low < 1.0 < contrast.high
    theory = 2 * 1.96 * np.sqrt(2 / 1000)
    assert contrast.high - contrast.low == pytest.approx(theory, rel=0.15)
    assert report.gap.high - report.gap.low > theory
    assert report.p_value == pytest.approx(1 / 1001)
    assert ((report.table["low"] < report.table["mean"]) & (report.table["mean"] < report.table["high"])).all()


@pytest.mark.parametrize(("num_groups", "true_gap"), [(2, 0.0), (10, 0.0), (10, 0.6)])
def test_gaps_are_honest_though_the_data_picks_best_and_worst(num_groups: int, true_gap: float) -> None:
    """The largest of ten noisy means lies above the smallest even where all groups are equal."""
    covered, called_different, contrasts = [], [], []
    for draw in range(100):
        rng = np.random.default_rng([draw, num_groups])
        groups = rng.integers(0, num_groups, 400)
        values = rng.exponential(1, 400) + true_gap * (groups == num_groups - 1)
        rows = pl.DataFrame({"user": np.arange(400), "ndcg@5": values})
        report = by_group(rows, "ndcg@5", groups, ordered=True, resamples=200)
        covered.append(report.gap.low <= true_gap <= report.gap.high)
        called_different.append(report.p_value < 0.05)
        assert report.contrast is not None
        contrasts.append(report.contrast.low <= true_gap <= report.contrast.high)
    assert np.mean(covered) >= 0.9
    assert np.mean(contrasts) >= 0.85
    assert np.mean(called_different) > 0.4 if true_gap else np.mean(called_different) <= 0.1


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([True, False, True, False], [False, True]),
        ([1.5, float("nan"), 2.5, 1.5], [1.5, 2.5]),
        (["user", "old", "user", None], ["old", "user"]),
        (pl.Series(["b", "a", "b", "a"], dtype=pl.Categorical), ["a", "b"]),
        ([3, 1, 3, 1], [1, 3]),
    ],
)
def test_labels_of_every_kind(labels: list[object] | pl.Series, names: list[object]) -> None:
    """Rows without a label are left out, and no label is taken for a column."""
    groups = labels if isinstance(labels, pl.Series) else pl.Series(labels, strict=False)
    report = by_group(ROWS, "recall@5", groups)
    assert report.table["group"].to_list() == names
    assert report.table["users"].sum() == sum(label in names for label in groups.to_list())
    by_hand = ROWS.with_columns(groups.alias("label")).filter(pl.col("label") == names[0])["recall@5"].mean()
    assert report.table["mean"][0] == by_hand
    assert report.as_dict()["groups"] == [str(name).lower() if isinstance(name, bool) else str(name) for name in names]


def test_several_metrics_share_their_resamples() -> None:
    rows = ROWS.with_columns((pl.col("recall@5") * 2).alias("ndcg@5"))
    reports = by_groups(rows, ["recall@5", "ndcg@5"], ["a", "b", "a", "b"])
    assert reports["recall@5"].gap == by_group(rows, "recall@5", ["a", "b", "a", "b"]).gap
    assert reports["ndcg@5"].gap[:3] == pytest.approx([2 * value for value in reports["recall@5"].gap[:3]])


def test_the_best_group_is_that_of_the_metrics_direction() -> None:
    rows, groups = ROWS.with_columns(pl.Series("rank@5", [1.0, 2.0, 1.0, 4.0])), ["a", "b", "a", "b"]
    plain, own = (by_groups(rows, ["rank@5"], groups, known=known)["rank@5"] for known in ({}, {"rank": RANK}))
    assert (plain.best, plain.worst) == ("b", "a")
    assert (own.best, own.worst) == ("a", "b")


def test_activity_deciles_of_an_evaluation() -> None:
    torch.manual_seed(0)
    seen = ItemLists.from_pairs(torch.randint(0, 200, (3000,)), torch.randint(0, 60, (3000,)), 200)
    relevant = ItemLists.from_pairs(torch.randint(0, 200, (900,)), torch.randint(0, 60, (900,)), 200)
    result = evaluate(Constant(torch.arange(60.0), 200), relevant, seen, cutoffs=[5])
    activity = seen.lengths[torch.tensor(result.per_user["user"].to_list())]
    report = by_group(result.per_user, "recall@5", deciles(activity))
    assert report.table["users"].sum() == len(result.per_user)
    weighted = (report.table["mean"] * report.table["users"]).sum() / len(result.per_user)
    assert weighted == pytest.approx(result.values["recall@5"])


def test_recall_by_item_group_worked_by_hand() -> None:
    ranking = Ranking(torch.tensor([0, 2]), torch.tensor([[3, 1, 0], [2, 4, -1]]), torch.zeros(2, 3), 0.0)
    relevant = ItemLists.from_pairs(torch.tensor([0, 0, 0, 1, 2]), torch.tensor([0, 1, 4, 0, 2]), 3)
    groups = torch.tensor([0, 1, 1, 0, 1])
    rows = recall_by_item_group(ranking, relevant, groups, k=2)
    assert rows.rows() == [(0, 0, 0.0), (0, 1, 0.5), (2, 1, 1.0)]
    report = by_group(rows, "recall@2", rows["group"])
    assert report.table["mean"].to_list() == [0.0, 0.75]
    assert recall_by_item_group(ranking, relevant, groups, k=3).rows()[0] == (0, 0, 1.0)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="metric: expected a column of user, recall@5; got 'ndcg@5'"):
        by_group(ROWS, "ndcg@5", [0, 0, 0, 0])
    with pytest.raises(ValueError, match="groups: expected one for each of 4 rows, got 2"):
        by_group(ROWS, "recall@5", [0, 1])
    with pytest.raises(ValueError, match="groups: expected a group for some of the rows, got none for any"):
        by_group(ROWS, "recall@5", [float("nan")] * 4)
    with pytest.raises(ValueError, match="groups: expected one row for a user in a group, got several"):
        by_group(ROWS.with_columns(user=1), "recall@5", [0, 0, 1, 1])
    with pytest.raises(ValueError, match="deciles: expected numbers, got NaN"):
        deciles([1.0, float("nan")])
    ranking = Ranking(torch.tensor([0]), torch.tensor([[0]]), torch.zeros(1, 1), 0.0)
    relevant = ItemLists.from_pairs(torch.tensor([0]), torch.tensor([0]), 1)
    with pytest.raises(ValueError, match="k: expected 1 to 1, the lists' length; got 2"):
        recall_by_item_group(ranking, relevant, torch.tensor([0]), k=2)
