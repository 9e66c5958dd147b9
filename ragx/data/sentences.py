"""What is told of data before anything is learned from it."""

from typing import Any

from ragx.data.dataset import Dataset
from ragx.data.problem import Problem

STEP = ("name", "users", "items", "interactions")


def steps_of(dataset: Dataset, problem: Problem[Any]) -> list[dict[str, Any]]:
    """Return what was left after each step of reading and cleaning, as records that a run keeps."""
    return [dict(zip(STEP, step, strict=True)) for step in (*dataset.steps, *problem.steps)]


def step_sentences(dataset: Dataset, problem: Problem[Any]) -> list[str]:
    """Say what was left after each step of reading and cleaning."""
    return [
        f"{step['name']}: {step['users']:,} users, {step['items']:,} items, {step['interactions']:,} interactions"
        for step in steps_of(dataset, problem)
    ]


def kinds_sentence(dataset: Dataset) -> str:
    """Say how many events there are of each kind, or nothing where events have no kinds."""
    if not dataset.interactions.has("kind"):
        return ""
    kinds = dataset.interactions.table["kind"].value_counts(sort=True).rows()
    return f"kinds of event: {', '.join(f'{count:,} {kind}' for kind, count in kinds)}"
