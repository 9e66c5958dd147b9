"""Published numbers: their source, and on which split they were found."""

import re
from typing import Any

import pytest

from ragx.evaluation.conventions import LIGHTGCN, TREC
from ragx.report.tables.published import published_of

ROW = {"label": "LightGCN", "source": "He et al., SIGIR 2020", "recall@20": 0.183, "ndcg@20": 0.1554}
CONFIG = {"dataset": "gowalla", "fingerprints": ["aaaa"], "conventions": "lightgcn", "rows": [ROW]}


def test_values_come_with_their_source() -> None:
    published = published_of(CONFIG | {"split": "of the paper", "note": "Tuned on test."})
    (row,) = published.rows
    assert (row.label, row.source, dict(row.values)) == (
        "LightGCN",
        "He et al., SIGIR 2020",
        {"recall@20": 0.183, "ndcg@20": 0.1554},
    )
    assert (published.dataset, published.split, published.note) == ("gowalla", "of the paper", "Tuned on test.")


def test_same_split_is_decided_by_fingerprint_conventions_and_part() -> None:
    published = published_of(CONFIG | {"rows": [ROW, ROW | {"label": "PSL", "fingerprints": []}]})
    same, other = published.rows
    assert published.same_split(same, "test", ["aaaa", "pppp"], LIGHTGCN) == "yes"
    assert published.same_split(same, "test", ["bbbb"], LIGHTGCN) == "no"
    assert published.same_split(same, "test", ["aaaa"], TREC) == "no"
    assert published.same_split(same, "validation", ["aaaa"], LIGHTGCN) == "no"
    assert published.same_split(other, "test", ["aaaa", "pppp"], LIGHTGCN) == "no"
    assert published.same_split(same, "test", [], None) == "–"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": [ROW | {"same_split": "yes"}]}, "published, gowalla: 'same_split' is no option here."),
        ({"rows": [ROW | {"recall@20": "high"}]}, "gowalla, LightGCN: recall@20: expected a number, got 'high'."),
        ({"rows": [{"label": "X", "recall@20": 0.1}]}, "published, gowalla: expected label and source in every row"),
        ({"rows": [{"label": "X", "source": "Y"}]}, "published, gowalla, X: expected at least one metric such as"),
        ({"rows": ["X"]}, "published, gowalla: expected rows with label and source, got 'X'."),
        ({"fingerprints": [12]}, "gowalla: fingerprints: expected a list of texts in quotes, got [12]."),
        ({"conventions": "lightgnc"}, "Did you mean 'lightgcn'?"),
        ({"splitt": "own"}, "published: 'splitt' is no option here. Did you mean 'split'?"),
    ],
)
def test_a_mistake_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        published_of(CONFIG | change)


def test_what_is_missing_is_told() -> None:
    with pytest.raises(ValueError, match=r"published: fingerprints is missing; it takes dataset, split, fingerprints"):
        published_of({"dataset": "gowalla", "rows": []})
