"""How many users a number is made of, in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.evaluation.audit import audit
from ragx.evaluation.measured import few_are_measured, measured_sentence
from ragx.evaluation.protocol import Protocol
from ragx.models.most_popular import MostPopular
from ragx.parts import bind

ROOT = Path(__file__).resolve().parents[2]


def test_worked_sentences() -> None:
    many = {"users": 60, "users_held_out": 60, "all_users": 100}
    assert measured_sentence("test", many) == "60 of 100 users make the test values; 60 have items there."
    assert measured_sentence("validation", {"users": 81, "users_held_out": 1301, "all_users": 1943}) == (
        "Fewer than half of the users are measured: 81 of 1,943 users make the validation values: 1,301 have items "
        "there, of whom 1,220 have none in train and are left out."
    )
    assert measured_sentence("test", {"users": 6}) == ""  # as version 0.1.0 counted


@given(users=st.integers(0, 100), more=st.integers(0, 100))
def test_it_is_loud_below_half_of_all_users(users: int, more: int) -> None:
    counts = {"users": users, "users_held_out": users, "all_users": users + more}
    assert few_are_measured(counts) == (users < more)
    assert measured_sentence("test", counts).startswith("Fewer than half") == (users < more)


def test_a_protocol_counts_who_is_measured(tiny_split: Split) -> None:
    counts = Protocol().validate(MostPopular().fit(tiny_split.train), tiny_split).counts
    held_out = set(tiny_split.validation.column("user").tolist())
    known = set(tiny_split.train.column("user").tolist())
    assert counts["users_held_out"] == len(held_out)
    assert counts["users"] == len(held_out & known)
    assert counts["all_users"] == tiny_split.train.num_users


def test_an_audit_says_what_a_protocol_counts(tiny_shop: Dataset, tiny_split: Split) -> None:
    few = tiny_split.validation.filter(tiny_split.validation.column("user") < 20)
    for split in (tiny_split, replace(tiny_split, validation=few)):
        counts = Protocol().validate(MostPopular().fit(split.train), split).counts
        findings = audit(tiny_shop, split, on_open=lambda reason: None).findings
        (finding,) = (candidate for candidate in findings if candidate.question == "users measured in validation")
        assert finding.message == measured_sentence("validation", counts)
        assert (finding.count, finding.verdict == "warn") == (counts["users"], few_are_measured(counts))


def test_few_users_of_ml_100k_by_time_are_measured(real_data: Path) -> None:
    if not (real_data / "ml-100k").is_dir():
        pytest.skip("ml-100k is not among the data")
    written: Any = OmegaConf.to_container(OmegaConf.load(ROOT / "conf" / "dataset" / "ml-100k.yaml"))
    nodes = {"dataset": written, "split": {"_target_": "ragx.data.time_split"}}
    parts = bind(nodes, {"dataset": (), "split": ("dataset",)})
    dataset: Dataset = parts["dataset"].build()
    split: Split = parts["split"].build(dataset=dataset)
    counts = Protocol(metrics=["recall"]).validate(MostPopular().fit(split.train), split).counts
    assert (counts["users"], counts["all_users"]) == (81, 943)
    assert few_are_measured(counts)
