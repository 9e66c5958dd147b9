"""The softmax loss over the items of a batch, with both gradients, from logits that become them in place."""

import ctypes
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from ragx.kernels.forms import form_of
from ragx.kernels.gather_rows import gather_rows
from ragx.kernels.native import arguments, library, runs_natively
from ragx.rows import row_pointer_of
from ragx.typing import Float, Int, Tensor

BLOCK = 2**19  # logits of a block: those that stay in the cache make a product up to twice as fast
Gradients = tuple[Tensor, Tensor, Tensor]  # the loss, and its gradients of users and items
Form = Callable[[Tensor, Tensor, "BatchItems", float, bool], Gradients]


class Silent(NamedTuple):
    """The items that are no negatives of a row: those that its user has in train.

    Args:
        user: user of every row, [R].
        row_pointer: where the items of every user begin and end, [U + 1].
        items: the train items of all users, [P].
        column_of: column of every item, -1 for one that has none, [I], int32.
    """

    user: Int[Tensor, " R"]
    row_pointer: Int[Tensor, " U_plus_1"]
    items: Int[Tensor, " P"]
    column_of: Int[Tensor, " I"]


class BatchItems(NamedTuple):
    """What the rows and columns of logits stand for: users and items.

    Args:
        row: row of every positive, [B], where the positives of a user share one; None where each has one of its own.
        column: column of every positive, [B].
        log_weight: log w of every column as a negative, such as log count, [C].
        log_own: log of its weight beside the negatives of which it is the positive, -∞ for none, [C].
        silent: what is no negative beside the positive itself; None stands for nothing.
    """

    row: Int[Tensor, " B"] | None
    column: Int[Tensor, " B"]
    log_weight: Float[Tensor, " C"]
    log_own: Float[Tensor, " C"]
    silent: Silent | None


def shares_rows(users: Float[Tensor, "R D"]) -> bool:
    """Say whether the form in force gains by one row for all positives of a user."""
    return _compiled(users) is not None


def batch_softmax(
    users: Float[Tensor, "R D"],
    items: Float[Tensor, "C D"],
    batch: BatchItems,
    *,
    spread: float = 1.0,
    bfloat16: bool = False,
) -> Float[Tensor, ""]:
    """Return the mean over the positives of ``ρ log( w_own e^{s_ui} + Σ_j w_j e^{s_uj} ) - s_ui``, with s = ⟨u, i⟩.

    The sum goes over the columns j that are not silent in the positive's row; a positive with nothing to sum costs
    nothing. Loss and gradients are made at once. On a CPU with a C compiler the logits are made and turned into
    gradients block by block, with the same bits for any number of threads; torch's operations hold all of them.

    Args:
        users: vectors of the rows, over the temperature, [R, D].
        items: vectors of the columns, [C, D].
        batch: what they stand for.
        spread: ρ; 1 is the softmax loss.
        bfloat16: whether the three matrix products are made in bfloat16.
    """
    compiled = _compiled(users)
    if compiled is None and form_of("batch_softmax", users.device) == "reference":
        return batch_softmax_reference(users, items, batch, spread=spread)
    form: Form = _at_once if compiled is None else partial(_in_blocks, compiled)
    if compiled is None:
        users, batch = _apart(users, batch)
    loss: Tensor = _BatchSoftmax.apply(users, items, form, batch, spread, bfloat16)  # type: ignore[no-untyped-call]
    return loss


def batch_softmax_reference(
    users: Float[Tensor, "R D"], items: Float[Tensor, "C D"], batch: BatchItems, *, spread: float = 1.0
) -> Float[Tensor, ""]:
    """Return the loss as it is written, from B × (C + 1) logits that autograd follows."""
    users, batch = _apart(users, batch)
    logits, column = users @ items.T, batch.column.unsqueeze(1)
    positive = logits.gather(1, column)
    silent = torch.zeros_like(logits, dtype=torch.bool).scatter_(1, column, True)
    if batch.silent is not None:
        silent[_positions(batch.silent, logits.device)] = True
    negatives = (logits + batch.log_weight.to(logits)).masked_fill(silent, -torch.inf)
    summed = torch.cat([negatives, positive + batch.log_own.to(logits)[column]], dim=1)
    alone = summed.isneginf().all(dim=1, keepdim=True)
    spreads = summed.masked_fill(alone, 0).logsumexp(dim=1, keepdim=True)
    return (spread * spreads - positive).masked_fill(alone, 0).mean()


class _BatchSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, users: Tensor, items: Tensor, form: Form, *given: Any) -> Tensor:
        loss, *gradients = form(users.detach(), items.detach(), *given)
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        of_users, of_items = ctx.saved_tensors
        return of_users * gradients[0], of_items * gradients[0], None, None, None, None


def _apart(users: Tensor, batch: BatchItems) -> tuple[Tensor, BatchItems]:
    """Return the same with a row for every positive."""
    if batch.row is None:
        return users, batch
    silent = batch.silent and batch.silent._replace(user=batch.silent.user[batch.row.to(batch.silent.user.device)])
    return gather_rows(users, batch.row), batch._replace(row=None, silent=silent)


def _positions(silent: Silent, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return row and column of all that is silent."""
    start = silent.row_pointer[silent.user]
    length = silent.row_pointer[silent.user + 1] - start
    row = torch.repeat_interleave(torch.arange(len(start)), length)
    offset = torch.arange(len(row)) - torch.repeat_interleave(length.cumsum(0) - length, length)
    column = silent.column_of[silent.items[start[row] + offset]].long()
    hit = (column >= 0).nonzero().squeeze(1)
    return row[hit].to(device), column[hit].to(device)


def _at_once(users: Tensor, items: Tensor, batch: BatchItems, spread: float, bfloat16: bool) -> Gradients:
    """Return loss and gradients by torch's operations on all logits in place."""
    single = torch.bfloat16 if bfloat16 else users.dtype
    wide, users, items = users.dtype, users.to(single), items.to(single)
    logits, column = (users @ items.T).to(wide), batch.column.unsqueeze(1)
    positive = logits.gather(1, column)
    logits += batch.log_weight.to(logits)
    if batch.silent is not None:
        logits[_positions(batch.silent, logits.device)] = -torch.inf
    logits.scatter_(1, column, positive + batch.log_own.to(logits)[column])
    peak = logits.amax(dim=1, keepdim=True)
    alone = peak.isneginf()
    total = logits.sub_(peak.masked_fill_(alone, 0)).exp_().sum(dim=1, keepdim=True).masked_fill_(alone, 1)
    loss = (spread * (peak + total.log()) - positive).masked_fill_(alone, 0).mean()
    logits.div_(total * (len(users) / spread))
    share = torch.full_like(positive, -1 / len(users)).masked_fill_(alone, 0)
    logits = logits.scatter_add_(1, column, share).to(single)
    return loss, (logits @ items).to(wide), (logits.T @ users).to(wide)


def _in_blocks(
    compiled: ctypes.CDLL, users: Tensor, items: Tensor, batch: BatchItems, spread: float, bfloat16: bool
) -> Gradients:
    """Return loss and gradients from blocks of rows: a product, one pass over every row in C, two products."""
    (rows, columns), narrow = (len(users), len(items)), torch.bfloat16 if bfloat16 else users.dtype
    row = torch.arange(rows) if batch.row is None else batch.row
    order = torch.argsort(row, stable=True)
    pairs, column = row_pointer_of(row[order], rows), batch.column[order]
    weight, own = (log.exp().to(users) for log in (batch.log_weight, batch.log_own))
    positive, loss = users.new_empty(len(row)), torch.empty(len(row), dtype=torch.float64)
    user, *silent = batch.silent or (None, None, None, None)
    of_users, of_items = torch.zeros_like(users), torch.zeros_like(items)
    size, (left, right) = max(1, BLOCK // columns), (users.to(narrow), items.to(narrow))
    space, exposed = users.new_empty(min(size, rows), columns), 0
    for first in range(0, rows, size):
        mine = left[first : first + size]
        logits = _product(mine, right.T, space[: len(mine)])
        of_rows = None if user is None else user[first:]
        given = logits, weight, own, pairs[first:], column, positive, loss, of_rows, *silent
        shape = ctypes.c_int64(len(mine)), ctypes.c_int64(columns)
        numbers = arguments(users.dtype, spread, 1 / len(row), *given)
        exposed += compiled.batch_softmax(torch.get_num_threads(), *shape, *numbers)
        gradient = logits.to(narrow)
        _add_product(gradient, right, of_users[first : first + size])
        _add_product(gradient.T, mine, of_items)
    if exposed:  # positives of one user that are negatives of each other need a row each
        apart, batch = _apart(users, batch)
        mean, of_positives, of_items = _in_blocks(compiled, apart, items, batch, spread, bfloat16)
        return mean, torch.zeros_like(users).index_add_(0, row, of_positives), of_items
    return users.new_tensor(loss.numpy().mean()), of_users, of_items


def _product(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    return torch.mm(a, b, out=out) if a.dtype == out.dtype else out.copy_(a @ b)


def _add_product(a: Tensor, b: Tensor, out: Tensor) -> None:
    out.addmm_(a, b) if a.dtype == out.dtype else out.add_(a @ b)


def _compiled(users: Tensor) -> ctypes.CDLL | None:
    """Return the C code where it is what runs on these vectors."""
    if form_of("batch_softmax", users.device) != "native" or not runs_natively(users):
        return None
    return library("batch_softmax", users.dtype, heads=1, size=1)
