"""One call from a run, a model or a scorer to values on validation."""

import sys

import pytest
import torch

import ragx
from ragx.metrics import metric
from ragx.models.most_popular import MostPopular


@metric(larger_is_better=True)
def hits_at_all(hits: torch.Tensor, counts: torch.Tensor, k: int, conventions: object) -> torch.Tensor:
    """Return the number of hits."""
    return hits[:, :k].sum(1).double()


@pytest.fixture(scope="module")
def shop() -> ragx.Dataset:
    return ragx.datasets.load("shop", num_users=60, num_items=30, num_days=60, events_per_user=30.0)


@pytest.fixture(scope="module")
def split(shop: ragx.Dataset) -> ragx.data.Split:
    return ragx.data.default_split(shop)


def test_a_scorer_gets_the_values_of_the_protocol(shop: ragx.Dataset, split: ragx.data.Split) -> None:
    scorer = MostPopular().fit(split.train)
    result = ragx.evaluate(scorer, split)
    assert list(result.values) == ["recall@20", "ndcg@20"]
    assert (
        result.values
        == ragx.evaluation.Protocol(metrics=["recall", "ndcg"], cutoffs=[20]).validate(scorer, split).values
    )
    assert result.intervals.keys() == result.values.keys()
    assert ragx.evaluate(scorer, shop).values == result.values
    trec = ragx.evaluation.Protocol(conventions="trec")
    assert ragx.evaluate(scorer, split, metrics=["map@5"], protocol=trec).conventions == trec.rules


def test_a_model_is_evaluated_on_its_graph(split: ragx.data.Split) -> None:
    graph = ragx.graph.build_graph(split.train)
    torch.manual_seed(0)
    model = ragx.models.RelevanceAwareGraph(num_users=60, num_items=30, layer=ragx.layers.LightConv, num_layers=1)
    expected = ragx.evaluate(model.scorer(graph), split, metrics=["recall@5"]).values
    assert ragx.evaluate(model, split, graph=graph, metrics=["recall@5"]).values == expected
    with pytest.raises(ValueError, match=r"graph=ragx\.graph\.build_graph\(split\.train\)"):
        ragx.evaluate(model, split)


def test_what_is_missing_or_too_much_is_said(split: ragx.data.Split) -> None:
    scorer = MostPopular().fit(split.train)
    with pytest.raises(ValueError, match="data: expected a split or a dataset"):
        ragx.evaluate(scorer)
    with pytest.raises(ValueError, match="graph: expected none beside a scorer"):
        ragx.evaluate(scorer, split, graph=ragx.graph.build_graph(split.train))
    with pytest.raises(ValueError, match="diversity"):
        ragx.evaluate(scorer, split, metrics=["diversity@5"])


def test_the_test_part_stays_sealed_and_the_advice_opens_it(split: ragx.data.Split) -> None:
    scorer = MostPopular().fit(split.train)
    with pytest.raises(ValueError, match=r"part: expected 'validation', got 'test'.*reason=…, on_open=print"):
        ragx.evaluate(scorer, split, part="test")
    with pytest.raises(ValueError, match="part: expected 'validation', got 'train'"):
        ragx.evaluate(scorer, split, part="train")
    looks: list[str] = []
    results = ragx.evaluation.Protocol().test({"model": scorer}, split, reason="as advised", on_open=looks.append)
    assert looks == ["as advised"]
    assert "ndcg@20" in results["model"].values


def test_a_declared_function_does_as_its_dotted_path_does(
    split: ragx.data.Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "of_this_test", sys.modules[__name__])
    scorer, protocol = MostPopular().fit(split.train), ragx.evaluation.Protocol(cutoffs=[5])
    by_path = ragx.evaluate(scorer, split, metrics=["of_this_test.hits_at_all", "recall@7"], protocol=protocol)
    by_function = ragx.evaluate(scorer, split, metrics=[hits_at_all, "recall@7"], protocol=protocol)
    assert by_function.values == by_path.values
    assert list(by_function.values) == ["hits_at_all@5", "recall@7"]


def test_a_function_that_is_no_metric_or_cannot_be_named_is_refused(split: ragx.data.Split) -> None:
    def undeclared(hits: torch.Tensor, counts: torch.Tensor, k: int, conventions: object) -> torch.Tensor:
        return hits.sum(1).double()

    scorer = MostPopular().fit(split.train)
    with pytest.raises(ValueError, match=r"undeclared: expected a metric that says which value is the better one"):
        ragx.evaluate(scorer, split, metrics=[undeclared])
    with pytest.raises(ValueError, match=r"metrics: expected a function or class at the top of its module, got .*unde"):
        ragx.evaluate(scorer, split, metrics=[metric(larger_is_better=True)(undeclared)])
