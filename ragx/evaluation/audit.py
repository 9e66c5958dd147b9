"""The audit of a dataset and its split: what leaks, what is missing, what is out of line."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from ragx.checks import check
from ragx.data.cleaning.part_rules import PartRules
from ragx.data.dataset import Dataset, check_dataset
from ragx.data.interactions import Interactions
from ragx.data.negatives import Negatives, TrainPairs
from ragx.data.split import Split
from ragx.evaluation import audit_data, audit_ids, audit_parts, audit_shares, audit_times, audit_values
from ragx.evaluation.audit_parts import Draw
from ragx.evaluation.findings import Audit
from ragx.random import generator

REASON = "audit of the split"


def audit(
    dataset: Dataset, split: Split, *, on_open: Callable[[str], None], draw_negatives: Draw | None = None
) -> Audit:
    """Return the findings on a dataset and its split.

    The test part is opened for the reason ``"audit of the split"``; no model is evaluated, so it is no look at results.

    Args:
        dataset: the data.
        split: its split.
        on_open: called with the reason before the test part is read.
        draw_negatives: negatives [B, n] of B user rows; by default the sampler that objectives use, uniform.

    Raises:
        ValueError: what is given is no dataset or no split.
    """
    check_dataset(dataset)
    check(
        isinstance(split, Split),
        f"split: expected a function that returns a ragx.data.Split, got a {type(split).__name__} from it: "
        "change split._target_.",
    )
    test = split.test.open(reason=REASON, on_open=on_open)
    parts = {"train": split.train, "validation": split.validation, "test": test}
    left = _left_by_rules(dataset, parts)
    draw = draw_negatives or _usual_negatives(split)
    interactions, published = dataset.interactions, dataset.published is not None
    findings = [
        *audit_data.steps(dataset, split),
        *audit_parts.before_split(split),
        *audit_parts.published_overlap(dataset),
        *audit_parts.overlap(parts),
        *audit_parts.left_out(split),
        *audit_times.times(interactions),
        *audit_parts.future(parts, published),
        *audit_parts.ties_of_time(split, parts),
        *audit_parts.measured(parts, published),
        *audit_parts.cold(parts),
        *audit_parts.saturated(split.train),
        *audit_parts.negatives(parts, draw),
        *audit_values.values(interactions, split.train, test),
        *audit_ids.spellings(interactions),
        *audit_ids.nothings(interactions),
        *audit_ids.without_attributes(dataset),
        *audit_data.repeats(left.interactions),
        *audit_shares.crowds(left.interactions),
        *audit_shares.outsize(left.interactions),
        *audit_shares.bots(left.interactions),
        *audit_data.near_duplicates(left),
        *audit_data.constant_columns(left),
    ]
    return Audit(dataset.name, split.name, split.fingerprint, tuple(findings), REASON)


def _left_by_rules(dataset: Dataset, parts: Mapping[str, Interactions]) -> Dataset:
    """Return the dataset with the events that are left once its rules were applied to the parts."""
    if not dataset.part_rules.waiting:
        return dataset
    together = parts["train"].concatenate(parts["validation"]).concatenate(parts["test"])
    return replace(dataset, interactions=together, published=None, part_rules=PartRules())


def _usual_negatives(split: Split) -> Draw:
    sampler = Negatives().sampler(TrainPairs.of(split.train))
    served = torch.ones(split.train.num_users, dtype=torch.bool)
    served[sampler.users_without] = False
    return lambda rows: sampler.draw(rows[served[rows]], generator(0, "audit"))
