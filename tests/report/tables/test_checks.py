"""Which runs may stand in one column."""

import json
from typing import Any

import pytest

from ragx.report.tables.checks import check_comparable, split_of


def run_on(fingerprint: str, published: str | None) -> dict[str, Any]:
    rules = json.dumps({"conventions": "lightgcn", "cold_users": "exclude"})
    return {"name": fingerprint, "fingerprint": fingerprint, "published_fingerprint": published, "rules": rules}


def test_a_published_test_part_is_shared_whatever_was_held_out_as_validation() -> None:
    runs = [run_on("one", "benchmark"), run_on("two", "benchmark")]
    assert [split_of(run, "test") for run in runs] == ["benchmark", "benchmark"]
    check_comparable("mine", runs, "test")
    with pytest.raises(ValueError, match=r"runs on 2 splits cannot stand in one column: one \(one\); two \(two\)"):
        check_comparable("mine", runs, "validation")
    for other in (run_on("three", "another"), run_on("three", None)):
        with pytest.raises(ValueError, match="runs on 2 splits cannot stand in one column"):
            check_comparable("mine", [runs[0], other], "test")
