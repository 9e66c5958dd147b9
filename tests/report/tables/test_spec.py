"""What a table's YAML may say, and what is said to its mistakes."""

import re
from typing import Any

import pytest

from ragx.report.tables.spec import RowSpec, spec_of


def test_a_config_becomes_a_spec() -> None:
    spec = spec_of(
        {
            "title": "Own",
            "part": "validation",
            "metrics": ["recall@10"],
            "labels": ["model.num_layers", "layer"],
            "rows": [{"label": "A", "where": {"layer": "LightConv"}}],
            "baseline": "A",
            "digits": 3,
        }
    )
    assert spec.rows == [RowSpec("A", {"layer": "LightConv"})]
    assert spec.labels == {"model.num_layers": "num_layers", "layer": "layer"}
    assert (spec.part, spec.metrics, spec.datasets, spec.digits) == ("validation", ["recall@10"], [], 3)
    assert spec_of({"labels": {"model.num_layers": "depth"}}).labels == {"model.num_layers": "depth"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"part": "train"}, "part: expected one of validation, test; got 'train'."),
        ({"metrics": ["recall"]}, "metrics: expected names with a cut-off such as recall@20, got 'recall'."),
        ({"metrics": ["Recall@20"]}, "Did you mean 'recall'?"),
        ({"metrics": "recall@20"}, "metrics: expected a list, got 'recall@20'."),
        ({"digits": 0}, "digits: expected 1 to 10 decimals, got 0."),
        ({"digits": "four"}, "digits: expected a whole number, got 'four'."),
        (
            {"metirc": []},
            "the table: 'metirc' is no option here. Did you mean 'metrics'? Options: title, part, metrics",
        ),
        ({"rows": [{"label": "A"}]}, "rows: expected a label and conditions such as where: {layer: LightConv}, got"),
        ({"rows": [{"label": "A", "were": {}}]}, "rows: 'were' is no option here. Did you mean 'where'?"),
        ({"rows": ["A"]}, "rows: expected a mapping with label, where, got 'A'."),
        ({"rows": [{"label": "A", "where": {"a": 1}}] * 2}, "rows: two rows are called 'A'; every row has a label"),
        ({"labels": 3}, "labels: expected options, each with its heading, got 3."),
    ],
)
def test_a_mistake_is_told(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        spec_of(config)
