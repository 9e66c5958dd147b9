import pytest

from ragx.evaluation.names import parse_metrics


def test_every_metric_at_every_cutoff_once() -> None:
    names = parse_metrics(["recall", "ndcg@50", "recall@20"], [10, 20])
    assert [str(name) for name in names] == ["recall@10", "recall@20", "ndcg@50"]
    assert names[2] == ("ndcg", 50)


@pytest.mark.parametrize("name", ["sampled_ndcg", "ndcg_sampled@10", "uni100", "pop100"])
def test_sampled_metrics_are_explained(name: str) -> None:
    with pytest.raises(ValueError, match=r"sampled metrics do not exist here.*Krichene and Rendle, KDD 2020"):
        parse_metrics([name], [20])


def test_unknown_metrics_name_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"metrics: expected one of recall, .* got 'recal'. Did you mean 'recall'"):
        parse_metrics(["recal@20"], [20])


@pytest.mark.parametrize("name", ["recall@0", "recall@", "recall@-5", "recall@ten"])
def test_bad_cutoffs_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected cut-offs from 1, got"):
        parse_metrics([name], [20])


def test_nothing_asked_is_refused() -> None:
    with pytest.raises(ValueError, match="metrics and cutoffs: expected at least one of each"):
        parse_metrics(["recall"], [])
    with pytest.raises(ValueError, match="metrics and cutoffs: expected at least one of each"):
        parse_metrics([], [20])
