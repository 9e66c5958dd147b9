"""The contract of objectives."""

import copy
from collections.abc import Callable
from functools import partial

import torch
from torch.nn import functional

from ragx.data.batches import Batch
from ragx.objectives.base import ViewObjective
from ragx.testing.clauses import equal, expect, hold
from ragx.testing.toy import ITEMS, USERS, Toy
from ragx.typing import Tensor

STEPS, RATE = 60, 0.05
NEAR = 0.2  # share of another direction in the vector of a negative that lies near its user
ENOUGH = 0.9  # of all pairs of a user's item and another that are in the right order; none is learned at 0.5


def check_objective(objective: ViewObjective) -> None:
    """Hold an objective against the contract of :class:`ragx.objectives.ViewObjective`, clause by clause.

    Negatives by its sampler; a finite loss that is one number; gradients of users, items and negatives; repeatable
    draws; the order of a batch; model, graph and batch untouched; and on two groups of users, each of which has items
    of its own, the loss falls and users come to prefer theirs. Torch's generators stay as they were.

    Args:
        objective: the objective.

    Raises:
        AssertionError: a clause does not hold; the message begins with its name and says how it fails.
    """
    toy = Toy(objective)
    clauses = {name: partial(clause, toy) for name, clause in CLAUSES.items()}
    hold("the objective", clauses, toy.seed, torch.device("cpu"))


def _kind(toy: Toy) -> None:
    name = type(toy.objective).__name__
    expect(isinstance(toy.objective, ViewObjective), f"expected a ragx.objectives.ViewObjective, got a {name}.")


def _negatives(toy: Toy) -> None:
    pairs = toy.pairs_with_a_user_of_all
    if toy.objective.negatives is None:
        return
    sampler = toy.objective.negatives.sampler(pairs)
    without = sampler.users_without
    expect(USERS - 1 in without, f"users_without: expected the user who has every item, got {without.tolist()}.")
    users = pairs.users[~torch.isin(pairs.users, without)]
    before = torch.get_rng_state()
    drawn = sampler.draw(users, toy.generator())
    expect(
        torch.equal(torch.get_rng_state(), before), "draw takes from torch's generator, not from the one it is given."
    )
    fits = drawn.dim() == 2 and len(drawn) == len(users) and drawn.dtype == torch.int64
    expect(fits, f"draw: expected item rows [{len(users)}, n], got {list(drawn.shape)} of {drawn.dtype}.")
    low, high = int(drawn.min()), int(drawn.max())
    expect(0 <= low <= high < ITEMS, f"draw: expected rows from 0 to {ITEMS - 1}, got {low} to {high}.")
    theirs = pairs.contains(users.repeat_interleave(drawn.shape[1]), drawn.flatten())
    expect(not bool(theirs.any()), "draw gives items that the user has in train.")
    expect(torch.equal(sampler.draw(users, toy.generator()), drawn), "draw gives two results of one generator.")


def _loss(toy: Toy) -> None:
    loss = toy.loss(toy.model(), toy.batch())
    shown = list(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
    expect(isinstance(loss, Tensor) and loss.dim() == 0, f"expected a loss that is one number, got {shown}.")
    expect(bool(loss.isfinite()), f"expected a finite loss, got {float(loss.detach())}.")
    expect(loss.requires_grad, "expected a loss with a gradient, got one without.")


def _gradients(toy: Toy) -> None:
    """Look at two pairs on a graph without edges, where no row has a gradient for another one's sake.

    Negatives lie near their users, for a loss with a margin looks at none that are far.
    """
    model, batch = toy.model(), toy.two_pairs()
    if batch.negatives is not None:
        with torch.no_grad():
            near = model.embedding[batch.users]
            model.embedding[batch.negatives[:, 0] + USERS] = near + NEAR * near.roll(1, dims=1)
    toy.learn(model, batch, toy.empty)
    gradient = model.embedding.grad
    expect(gradient is not None and bool(gradient.any()), "no gradient reaches the embeddings.")
    assert gradient is not None
    expect(bool(gradient.isfinite().all()), "the gradient is not finite.")
    rows = {"users": batch.users, "items of users": batch.items + USERS}
    if batch.negatives is not None:
        rows["negatives, which it asks for"] = batch.negatives.flatten() + USERS
    for name, of in rows.items():
        expect(bool(gradient[of].any()), f"no gradient reaches the {name}.")


def _repeatable(toy: Toy) -> None:
    losses = [toy.loss(toy.model(), toy.batch()) for _ in range(2)]
    expect(torch.equal(*losses), "the loss has two values under one state of torch's generator.")


def _order(toy: Toy) -> None:
    batch = toy.batch()
    order = torch.randperm(len(batch.users))
    negatives = None if batch.negatives is None else batch.negatives[order]
    moved = Batch(batch.users[order], batch.items[order], negatives, batch.pairs)
    equal(toy.loss(toy.model(), moved), toy.loss(toy.model(), batch), "a batch in another order has another loss")


def _untouched(toy: Toy) -> None:
    model, batch, graph = toy.model(), toy.batch(), toy.graph
    given = {"the graph": graph.edge_weight, "the batch's users": batch.users, "the batch's items": batch.items}
    given |= {f"the model's {name}": value for name, value in model.state_dict().items()}
    if batch.negatives is not None:
        given["the batch's negatives"] = batch.negatives
    before = copy.deepcopy(given)
    toy.learn(model, batch, graph)
    for name, value in given.items():
        expect(torch.equal(value, before[name]), f"it changes {name}.")
    expect(model.training, "it leaves the model in evaluation.")


def _learns(toy: Toy) -> None:
    model = toy.model()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    before = float(toy.loss(model, toy.batch()).detach())
    for step in range(STEPS):
        optimizer.zero_grad()
        toy.learn(model, toy.batch(step), toy.graph)
        optimizer.step()
    after = float(toy.loss(model, toy.batch()).detach())
    expect(after < before, f"the loss does not fall in {STEPS} steps: {before:.4g} before, {after:.4g} after.")
    final = model(toy.graph).detach()
    share = max(_in_order(toy, vectors) for vectors in (final, functional.normalize(final, dim=1)))
    message = (
        f"after {STEPS} steps users prefer their items in {share:.0%} of pairs with another, expected {ENOUGH:.0%}."
    )
    expect(share >= ENOUGH, message)


def _in_order(toy: Toy, vectors: Tensor) -> float:
    """Return how often a user's item has a higher score than an item of the other group."""
    scores = vectors[:USERS] @ vectors[USERS:].T
    own = torch.zeros(USERS, ITEMS, dtype=torch.bool)
    own[toy.pairs.users, toy.pairs.items] = True
    ahead = scores.unsqueeze(2) > scores.unsqueeze(1)
    compared = own.unsqueeze(2) & toy.others.unsqueeze(1)
    return float(ahead[compared].float().mean())


CLAUSES: dict[str, Callable[[Toy], None]] = {
    "kind": _kind,
    "negatives": _negatives,
    "loss": _loss,
    "gradient": _gradients,
    "repeatable draws": _repeatable,
    "order of the batch": _order,
    "model, graph and batch untouched": _untouched,
    "learning": _learns,
}
