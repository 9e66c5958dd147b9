"""What an objective may see of a model within one step: final vectors, outputs of layers, and changed views of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import nn
from torch.nn import functional

from ragx.checks import check, check_fraction, check_positive
from ragx.data.batches import Batch
from ragx.graph.graph import Graph
from ragx.kernels.gather_rows import gather_rows
from ragx.lazy import lazy
from ragx.typing import Float, Int, Tensor


class View(NamedTuple):
    """One pass over the graph.

    Args:
        final: vectors of the nodes after the read-out, users first, [N, D].
        outputs: what the first layer is given and the output of every layer, each [N, width].
    """

    final: Float[Tensor, "N D"]
    outputs: list[Float[Tensor, "N D"]]


class _Own(NamedTuple):
    """What is made for the nodes of a step's batches alone.

    Args:
        nodes: these nodes, ascending.
        position: row of every node among them.
        vectors: their final vectors.
        leaf: the same values, as batches meet them.
    """

    nodes: Int[Tensor, " R"]
    position: Int[Tensor, " N"]
    vectors: Float[Tensor, "R D"]
    leaf: Float[Tensor, "R D"]


Pass = Callable[[nn.Module, Graph], View | Tensor | None]


class Model(Protocol):
    """A model as the engine set it up on its graph: gives final vectors, or what a pass over it gives."""

    graph: Graph

    @property
    def base_embeddings(self) -> Tensor:
        """The embeddings before any layer."""

    def __call__(self, change: Pass | None = None) -> Tensor | View | None:
        """Return the final vectors of all nodes, or what ``change`` makes."""


class Views:
    """The views of a model within one step, each made when it is asked for.

    The batches of a step share :attr:`final`: their gradients gather there and go back through the layers in one pass.
    So do they share the vectors that :meth:`final_rows` gives, which are those of their own nodes alone where the model
    can do without the others. Every other view is a pass of its own, whose gradient goes back with the loss that it
    enters.

    Args:
        model: the model on its graph.
        batches: the batches of the step.
    """

    def __init__(self, model: Model, batches: Sequence[Batch] = ()) -> None:
        self.model, self.graph, self.num_users = model, model.graph, model.graph.num_users
        self.batches = batches

    @lazy
    def _final(self) -> tuple[Tensor, Tensor]:
        nodes = self.model()
        assert isinstance(nodes, Tensor)
        return nodes, nodes.detach().requires_grad_()

    @property
    def final(self) -> Float[Tensor, "N D"]:
        """The final vectors of all nodes, users first."""
        return self._final[1]

    @lazy
    def _own(self) -> _Own | None:
        if not self.batches or "_final" in vars(self):
            return None
        device = self.graph.edge_weight.device
        index = torch.cat([batch_rows(batch, self.num_users)[0] for batch in self.batches]).to(device)
        among = torch.zeros(self.graph.num_nodes, dtype=torch.bool, device=device).index_fill_(0, index, True)
        nodes = among.nonzero().squeeze(1)

        vectors = self.model(lambda model, graph: _vectors_of(model, graph, nodes))
        if not isinstance(vectors, Tensor):
            return None
        return _Own(nodes, among.cumsum(0) - 1, vectors, vectors.detach().requires_grad_())

    @lazy
    def _own_base(self) -> Tensor | None:
        """The base embeddings of these nodes as a leaf, whose gradient :meth:`send_back` adds to the whole one's rows.

        So penalties make no gradient of all nodes. None where the embeddings are no parameter or a hook watches them.
        """
        own: _Own | None = vars(self).get("_own")
        base = self.base_embeddings
        watched = base._backward_hooks or base._post_accumulate_grad_hooks
        if own is None or watched or not (base.is_leaf and base.requires_grad):
            return None
        return base.detach().index_select(0, own.nodes).requires_grad_()

    @property
    def base_embeddings(self) -> Float[Tensor, "N D"]:
        """The embeddings before any layer, which penalties look at."""
        return self.model.base_embeddings

    def plain(self) -> View:
        """Return the model's own pass, with the outputs of its layers."""
        return self._pass(lambda model, graph: _through(model, graph, None))

    def perturbed(self, noise: float) -> View:
        """Return a pass in which every layer's output is shifted: x + ε sign(x) ⊙ u / ‖u‖ with u uniform in [0, 1).

        It is the perturbation of SimGCL (Yu et al., 2022); two calls draw two views. Of a model without layers the
        final vectors are shifted.

        Args:
            noise: length ε of the shift.
        """
        check_positive("noise", noise)

        def shift(x: Tensor) -> Tensor:
            return x + noise * x.sign() * functional.normalize(torch.rand_like(x), dim=-1)

        return self._pass(lambda model, graph: _through(model, graph, shift))

    def dropped(self, share: float) -> View:
        """Return a pass over a graph that lacks some pairs, in both directions, as SGL has it (Wu et al., 2021).

        The weights of the others become those of the smaller degrees, w_ij √(d_i d_j / (d'_i d'_j)).

        Args:
            share: chance of a pair to be left out.
        """
        check_fraction("share", share)
        return self._pass(lambda model, graph: _through(model, thinned(graph, share), None))

    def rows(self, x: Float[Tensor, "N D"], batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return the vectors of a batch's users [B, D], items [B, D] and, where drawn, negatives [B, n, D].

        They are in single precision at least.
        """
        index, sizes = batch_rows(batch, self.num_users)
        return self._parts(x, index.to(x.device), sizes, batch)

    def final_rows(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return :meth:`rows` of the final vectors, which may be made for the nodes of the step's batches alone."""
        own = self._own if any(batch is known for known in self.batches) else None
        if own is None:
            return self.rows(self.final, batch)
        index, sizes = batch_rows(batch, self.num_users)
        return self._parts(own.leaf, own.position[index.to(own.position.device)], sizes, batch)

    def _parts(self, x: Tensor, index: Tensor, sizes: list[int], batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
        single = torch.promote_types(x.dtype, torch.float32)
        users, items, negatives = gather_rows(x, index).to(single).split(sizes)  # type: ignore[no-untyped-call]
        return users, items, None if batch.negatives is None else negatives.view(*batch.negatives.shape, -1)

    def base_rows(self, batch: Batch) -> Float[Tensor, "R D"]:
        """Return the base embeddings of every row that a batch uses: users, items and negatives."""
        base = self.base_embeddings
        index = batch_rows(batch, self.num_users)[0].to(base.device)
        own: _Own | None = vars(self).get("_own")
        if own is None or self._own_base is None or not any(batch is known for known in self.batches):
            return gather_rows(base, index)
        return gather_rows(self._own_base, own.position[index])

    def send_back(self, backward: Callable[..., None]) -> None:
        """Send what gathered at the final vectors back through the layers, by the engine's ``backward``."""
        own: _Own | None = vars(self).get("_own")
        for vectors, leaf in (*([self._final] if "_final" in vars(self) else []), *([own[2:]] if own else [])):
            if leaf.grad is not None:
                backward(vectors, gradient=leaf.grad)
        of_base = vars(self).get("_own_base")
        if own is not None and of_base is not None and of_base.grad is not None:
            base = self.base_embeddings
            base.grad = torch.zeros_like(base) if base.grad is None else base.grad
            base.grad.index_add_(0, own.nodes, of_base.grad)

    def _pass(self, change: Pass) -> View:
        view = self.model(change)
        assert isinstance(view, tuple)
        return View(*view)


def batch_rows(batch: Batch, num_users: int) -> tuple[Int[Tensor, " R"], list[int]]:
    """Return the nodes of users, items and negatives one after the other, and their numbers."""
    parts = [batch.users, batch.items + num_users]
    parts.append(batch.users[:0] if batch.negatives is None else batch.negatives.flatten() + num_users)
    return torch.cat(parts), [len(part) for part in parts]


def thinned(graph: Graph, share: float) -> Graph:
    """Return a graph without some of its pairs, drawn from torch's generator, weighted as its own degrees would be."""
    into_item = graph.adjacency.target >= graph.num_users
    kept = torch.rand(graph.num_edges, device=into_item.device) >= share
    kept = torch.where(into_item, kept, kept[graph.reverse])  # both directions of a pair as the one into its item
    degree = kept.new_zeros(graph.num_nodes, dtype=torch.float64)
    degree.index_add_(0, graph.adjacency.target, kept.double())
    scale = (graph.degree / degree.clamp(min=1)).sqrt().to(graph.edge_weight)
    factor = scale[graph.adjacency.target] * scale[graph.adjacency.source] * kept
    return graph.with_weight(graph.edge_weight * factor)


def _vectors_of(model: nn.Module, graph: Graph, nodes: Tensor) -> Tensor | None:
    written = getattr(type(model), "vectors_of", None)  # of its class: what wraps a model may give all that this has
    vectors: Tensor | None = None if written is None else written(model, graph, nodes)
    return vectors


def _through(model: nn.Module, graph: Graph, after: Callable[[Tensor], Tensor] | None) -> View:
    outputs: list[Tensor] = model.layer_outputs(graph, after) if hasattr(model, "layer_outputs") else []  # type: ignore[operator]
    check(
        len(outputs) == 1 or (len(outputs) > 1 and hasattr(model, "readout")),
        f"objective: it asks for the outputs of layers, which {type(model).__name__} does not give: expected methods "
        "layer_outputs(graph, after) and readout(outputs), as ragx.models.relevance_aware_graph has them.",
    )
    if len(outputs) == 1 and after is not None:  # a model without layers
        outputs = [after(outputs[0])]
    return View(model.readout(outputs) if hasattr(model, "readout") else outputs[0], outputs)  # type: ignore[operator]
