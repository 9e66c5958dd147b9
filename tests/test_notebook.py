"""What objects show of themselves, to the letter."""

from pathlib import Path

import polars as pl
import pytest
import torch

import ragx
from ragx.evaluation.conventions import LIGHTGCN
from ragx.evaluation.evaluate import EvaluationResult, evaluate
from ragx.notebook import html_table, one_line
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import Constant
from ragx.runs.results import Results


@pytest.fixture(scope="module")
def shop() -> ragx.Dataset:
    return ragx.data.generated_shop(num_users=60, num_items=30, num_days=60, events_per_user=30.0)


def result_of(values: dict[str, float]) -> EvaluationResult:
    ones = ItemLists.from_pairs(torch.tensor([0, 1]), torch.tensor([0, 1]), 2)
    ranking = evaluate(
        Constant(torch.tensor([2.0, 1.0]), 2), ones, None, conventions=ragx.evaluation.Conventions(masked="nothing")
    ).ranking
    intervals: dict[str, dict[str, float | bool]] = {"recall@1": {"low": 0.25, "high": 0.75, "few": True}}
    return EvaluationResult(values, pl.DataFrame(), {"users": 1234}, LIGHTGCN, "0123", ranking, intervals)


def test_numbers_have_thousands_separators_and_four_decimals() -> None:
    assert (
        one_line("Graph", users=1_234_567, share=0.5, whole=True) == "Graph(users=1,234,567, share=0.5000, whole=True)"
    )
    assert one_line("Dataset", "o'hara") == 'Dataset("o\'hara")'


def test_data_in_one_line(shop: ragx.Dataset) -> None:
    count = f"{len(shop.interactions):,}"
    assert "," in count
    assert repr(shop) == f"Dataset('shop', users=60, items=30, interactions={count})"
    assert repr(shop.interactions) == f"Interactions(users=60, items=30, interactions={count})"


def test_a_split_in_one_line_says_how_large_the_sealed_part_is_and_no_more(shop: ragx.Dataset) -> None:
    split = ragx.data.default_split(shop)
    sizes = f"train={len(split.train):,}, validation={len(split.validation):,}, test={len(split.test):,}"
    assert repr(split) == f"Split({split.name!r}, {sizes}, fingerprint={split.fingerprint})"
    assert repr(split.test) == f"SealedTest(interactions={len(split.test):,})"


def test_a_graph_and_a_ranking_in_one_line() -> None:
    users = torch.arange(1200)
    graph = ragx.graph.Graph.from_pairs(users, torch.zeros_like(users), 1200, 3)
    assert repr(graph) == "Graph(users=1,200, items=3, edges=2,400)"
    ranking = ragx.ranking.rank(Constant(torch.tensor([3.0, 2.0, 2.0]), 1200), k=2)
    assert repr(ranking) == "Ranking(users=1,200, k=2, tie_rate=0.5000)"


def test_a_result_in_one_line_names_its_first_metrics() -> None:
    values = {"recall@1": 0.5, "ndcg@1": 0.123456}
    assert repr(result_of(values)) == "EvaluationResult(recall@1=0.5000, ndcg@1=0.1235, users=1,234)"
    many = {f"recall@{k}": 0.5 for k in range(1, 7)}
    shown = "recall@1=0.5000, recall@2=0.5000, recall@3=0.5000, recall@4=0.5000"
    assert repr(result_of(many)) == f"EvaluationResult({shown}, more=2, users=1,234)"


def test_a_result_in_a_notebook_is_a_table() -> None:
    assert result_of({"recall@1": 0.5, "coverage@1": 0.25})._repr_html_() == (
        "<table><caption>1,234 users</caption>"
        "<thead><tr><th>metric</th><th>value</th><th>95 % interval</th></tr></thead>"
        "<tbody><tr><td>recall@1</td><td>0.5000</td><td>0.2500 to 0.7500 few</td></tr>"
        "<tr><td>coverage@1</td><td>0.2500</td><td></td></tr></tbody></table>"
    )


def test_results_of_runs_are_a_table_and_every_text_in_it_is_escaped() -> None:
    row = {"name": "<script>", "dataset": "a & b", "split": "time", "seed": 1, "validation/ndcg@20": 0.25}
    results = Results(pl.DataFrame([row]), ["one"])
    assert repr(results) == "Results(runs=1, warnings=1)"
    assert results._repr_html_() == (
        "<table><caption>1 runs</caption><thead><tr><th>name</th><th>dataset</th><th>split</th><th>seed</th>"
        "<th>validation/ndcg@20</th></tr></thead><tbody><tr><td>&lt;script&gt;</td><td>a &amp; b</td><td>time</td>"
        "<td>1</td><td>0.2500</td></tr></tbody></table>"
    )


def test_no_runs_are_a_table_too(tmp_path: Path) -> None:
    assert "<caption>0 runs</caption>" in ragx.runs.collect(tmp_path)._repr_html_()


def test_headers_and_captions_are_escaped() -> None:
    assert html_table("<b>", ["<i>"], []) == (
        "<table><caption>&lt;b&gt;</caption><thead><tr><th>&lt;i&gt;</th></tr></thead><tbody></tbody></table>"
    )
