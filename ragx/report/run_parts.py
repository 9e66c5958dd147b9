"""The parts of a run, and how they are built from each other."""

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.features import node_features
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.parts import Part
from ragx.typing import Tensor

GIVEN: dict[str, tuple[str, ...]] = {
    "dataset": (),
    "split": ("dataset",),
    "graph": ("interactions",),
    "layer": ("in_channels", "out_channels"),
    "model": ("num_users", "num_items", "layer", "features"),
    "objective": (),
    "sampler": ("train", "batch_size", "seed", "negatives", "rank", "world_size"),
    "optimizer": ("params",),
    "trainer": (),
    "evaluation": (),
    "diagnostics": (),
    "tracker": (),
}
"""The parts of a run, and what each is given when it is built."""


def build_split(parts: dict[str, Part], dataset: Dataset, target_kind: str | None) -> Split:
    """Return the split of a run, for one kind of event where there is a target."""
    split: Split = parts["split"].build(dataset=dataset)
    return split if target_kind is None else split.for_target(target_kind)


def build_model(parts: dict[str, Part], graph: Graph, features: Tensor | None = None) -> RelevanceAwareGraph:
    """Return the untrained model of a run, its weights drawn from torch's generator as it stands."""
    given = {} if features is None else {"features": features}
    model: RelevanceAwareGraph = parts["model"].build(
        num_users=graph.num_users, num_items=graph.num_items, layer=parts["layer"].factory(), **given
    )
    return model


def features_for(dataset: Dataset, train: Interactions, wanted: bool) -> Tensor | None:
    """Return the node features of a dataset where they are wanted.

    Raises:
        ValueError: they are wanted and the dataset has no attributes of users or items.
    """
    if not wanted:
        return None
    features = node_features(dataset, train)
    check(
        features is not None,
        f"model.features: dataset {dataset.name} has no attributes of users or items to make features of.",
    )
    return features
