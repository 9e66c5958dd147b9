"""Models of nodes, made of the parts of a config."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.features import node_features
from ragx.data.interactions import Interactions
from ragx.graph.graph import Graph
from ragx.models.node_model import NodeModel
from ragx.parts import Part
from ragx.typing import Tensor

Parts = Mapping[str, Part]


def build_model(parts: Parts, graph: Graph, features: Tensor | None = None) -> NodeModel:
    """Return the untrained model of a run, its weights drawn from torch's generator as it stands."""
    return sized_model(parts, graph.num_users, graph.num_items, features)


def sized_model(parts: Parts, num_users: int, num_items: int, features: Tensor | None = None) -> NodeModel:
    """Return an untrained model of the parts, given a layer and features only where it takes them.

    Raises:
        ValueError: the model refuses an option, or there are features and it takes none.
    """
    given: dict[str, Any] = {"num_users": num_users, "num_items": num_items}
    if takes(parts["model"], "layer"):
        given["layer"] = parts["layer"].factory()
    if features is not None:
        name = parts["model"].name
        check(takes(parts["model"], "features"), f"model.features: {name} takes no features of users and items.")
        given["features"] = features
    model: NodeModel = parts["model"].build(**given)
    return model


def tried_model(parts: Parts, num_users: int, num_items: int, features: bool) -> NodeModel:
    """Return an untrained model before there is data, with three features of every node where it is to have some."""
    nodes = num_users + num_items
    values = torch.linspace(-1, 1, 3 * nodes).view(nodes, 3) if features else None
    return sized_model(parts, num_users, num_items, values)


def takes(part: Part, name: str) -> bool:
    """Say whether a part has an argument, its own or one that it hands on to the class that it derives from."""
    return takes_argument(part.target, name)


def takes_argument(target: Any, name: str) -> bool:
    """Say whether a class or function has an argument, its own or one that it hands on to its base class."""
    if not inspect.isclass(target):
        return _names(target, name) is not False
    for base in target.__mro__:
        if "__init__" in vars(base) and (answer := _names(base, name)) is not None:
            return answer
    return True


def _names(target: Any, name: str) -> bool | None:
    """Return whether a callable has an argument, None where it may hand any on."""
    parameters = inspect.signature(target.__init__ if inspect.isclass(target) else target).parameters
    if name in parameters:
        return True
    return None if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()) else False


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
