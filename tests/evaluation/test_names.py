import pytest

from ragx.evaluation.names import explain_sampling, needs_item_features, parse_metrics, refuse_sampling


def test_every_metric_at_every_cutoff_once() -> None:
    names = parse_metrics(["recall", "ndcg@50", "recall@20"], [10, 20])
    assert [str(name) for name in names] == ["recall@10", "recall@20", "ndcg@50"]
    assert list(names)[2] == ("ndcg", 50)
    assert {known.name for known in names.values()} == {"recall", "ndcg"}


@pytest.mark.parametrize("name", ["sampled_ndcg", "ndcg_sampled@10", "uni100", "pop100"])
def test_sampled_metrics_are_explained(name: str) -> None:
    with pytest.raises(ValueError, match=r"sampled metrics do not exist here.*Krichene and Rendle, KDD 2020"):
        parse_metrics([name], [20])


def test_unknown_metrics_name_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"metrics: expected one of recall, .* got 'recal'. Did you mean 'recall'"):
        parse_metrics(["recal@20"], [20])


@pytest.mark.parametrize(
    ("name", "meant"),
    [("NDCG", "ndcg"), ("Recall@20", "recall"), ("HitRate", "hit_rate"), ("R-Precision", "r_precision")],
)
def test_another_spelling_names_the_metric_that_is_meant(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        parse_metrics([name], [20])


@pytest.mark.parametrize("option", ["sampled", "num_negatives", "num_candidates", "uni100", "sample_size", "negatives"])
def test_options_of_sampled_metrics_are_explained(option: str) -> None:
    with pytest.raises(ValueError, match=rf"^{option}: sampled metrics do not exist here.*KDD 2020"):
        refuse_sampling([option])
    assert explain_sampling(f"evaluation.{option}").startswith(f"evaluation.{option}: sampled metrics do not exist")
    assert explain_sampling("evaluation.cutofs") == ""
    refuse_sampling(["metrics", "cutoffs", "conventions", "final", "memory", "cold_users", "groups", "intervals"])


def test_diversity_alone_needs_features() -> None:
    assert needs_item_features(["recall", "diversity@10"])
    assert not needs_item_features(["recall", "coverage"])


def test_no_list_is_no_list() -> None:
    with pytest.raises(ValueError, match=r"cutoffs: expected a list of whole numbers such as \[10, 20\], got 20"):
        parse_metrics(["recall"], 20)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"metrics: expected a list of names such as \[recall, ndcg\], got 'ndcg'"):
        parse_metrics("ndcg", [20])
    with pytest.raises(ValueError, match="metrics: expected names such as recall, got 5"):
        parse_metrics([5], [20])  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["recall@0", "recall@", "recall@-5", "recall@ten"])
def test_bad_cutoffs_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected cut-offs from 1, got"):
        parse_metrics([name], [20])


def test_nothing_asked_is_refused() -> None:
    with pytest.raises(ValueError, match="metrics and cutoffs: expected at least one of each"):
        parse_metrics(["recall"], [])
    with pytest.raises(ValueError, match="metrics and cutoffs: expected at least one of each"):
        parse_metrics([], [20])
