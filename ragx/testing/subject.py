"""What layers and models are checked on: small graphs and vectors."""

from dataclasses import dataclass

import torch
from torch import nn

from ragx.data.seconds import DAY
from ragx.graph.graph import Graph
from ragx.models.relevance_aware_graph import LayerFactory
from ragx.random import derive_seed, generator
from ragx.typing import Bool, Int, Tensor

USERS, ITEMS, WIDTH, NARROW = 5, 4, 8, 4
KINDS = ("view", "cart", "buy")


@dataclass(frozen=True)
class Subject:
    """The layer that is checked, and what it is called on."""

    factory: LayerFactory
    device: torch.device

    def seed(self) -> None:
        """Key the generators that layers draw from, on the device alone."""
        seed = derive_seed(0, "check_layer")
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def made(self, width: int = WIDTH) -> nn.Module:
        """Return a fresh layer."""
        return self.factory(in_channels=WIDTH, out_channels=width).to(self.device)

    def layer(self) -> nn.Module:
        """Return a layer in evaluation, with parameters moved off kinks such as a bias of zero before a ReLU."""
        layer = self.made().eval()
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        return layer

    def x(self) -> Tensor:
        """Return the vectors of the nodes."""
        return torch.randn(USERS + ITEMS, WIDTH, generator=generator(0, "check_layer")).to(self.device)

    def graph(self, users: Int[Tensor, " U"] | None = None, items: Int[Tensor, " I"] | None = None) -> Graph:
        """Return two thirds of all pairs, the same whatever numbers the users and items go by."""
        return small_graph(USERS, ITEMS, users, items).to(self.device)


def small_graph(
    num_users: int, num_items: int, users: Int[Tensor, " U"] | None = None, items: Int[Tensor, " I"] | None = None
) -> Graph:
    """Return two thirds of all pairs, with weights, counts, values, times, and counts and times of kinds of event.

    Args:
        num_users: number of users.
        num_items: number of items.
        users: the number that each user goes by, its own by default.
        items: likewise of items.
    """
    user, item = (torch.arange(num_users * num_items) // num_items, torch.arange(num_users * num_items) % num_items)
    kept = (user + 2 * item) % 3 != 1
    user, item = user[kept], item[kept]
    edge = torch.arange(len(user))
    attributes = {"count": 1 + edge % 3, "value": 0.5 + edge % 5, "time": DAY * (edge * 7 % 11)}
    for number, kind in enumerate(KINDS):
        attributes[f"count_of_{kind}"] = (edge + number) % 3  # every pair lacks one of the kinds
        attributes[f"time_of_{kind}"] = attributes["time"] - 43_200 * ((edge + number) % 2)
    user = user if users is None else users[user]
    item = item if items is None else items[item]
    weight = 0.2 + 0.1 * (edge * 5 % 7)
    return Graph.from_pairs(user, item, num_users, num_items, weight=weight, attributes=attributes)


def without(graph: Graph, left_out: Bool[Tensor, " E"]) -> Graph:
    """Return the graph without some edges, a pair being left out with the edge into its item."""
    kept = ~left_out & (graph.adjacency.target >= graph.num_users)
    users, items = graph.adjacency.source[kept], graph.adjacency.target[kept] - graph.num_users
    attributes = {name: value[kept] for name, value in graph.edge_attributes.items()}
    weight = graph.edge_weight[kept]
    return Graph.from_pairs(users, items, graph.num_users, graph.num_items, weight=weight, attributes=attributes)
