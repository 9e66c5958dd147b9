"""Few candidates out of many columns: maxima of groups find a threshold, so that almost no score is looked at twice."""

import torch

from ragx.checks import check
from ragx.evaluation.item_lists import ItemLists
from ragx.evaluation.scorers import RoundedScorer, Scorer
from ragx.typing import Float, Int, Tensor

GROUPS, MEMBERS = 128, 16
TILE = GROUPS * MEMBERS


class Panel:
    """A reused block of scores, users × columns, with the maxima of its column groups.

    A tile of 2,048 columns stays in the cache between the product, the mask and the maxima. Group g of a tile holds
    its columns g, g + 128, g + 256 …, so that the maxima are taken over whole vectors.

    Args:
        scorer: what fills the panel.
        seen: items that are masked with −inf, or None.
        rows: most users at a time.
        width: most columns at a time, a multiple of 2,048.
    """

    def __init__(self, scorer: Scorer, seen: ItemLists | None, rows: int, width: int) -> None:
        probe = scorer.scores(torch.zeros(1, dtype=torch.int64), slice(0, 1))
        dtype = probe.dtype if probe.dtype == torch.float64 else torch.float32
        self.device, self.width = probe.device, width
        self._rounded = scorer if isinstance(scorer, RoundedScorer) else None
        self._scorer, self._seen = scorer, seen.to(probe.device) if seen is not None else None
        self._scores = torch.empty(rows, width, dtype=dtype, device=probe.device)
        self._maxima = torch.empty(rows, width // MEMBERS, dtype=dtype, device=probe.device)

    def fill(self, users: Int[Tensor, " B"], start: int) -> Float[Tensor, "B I_panel"]:
        """Score the users for the columns from ``start``, mask what they have seen, and return the panel.

        Columns beyond the catalogue are −inf.

        Raises:
            ValueError: a score is NaN.
        """
        rounded, stop = self._rounded, min(start + self.width, self._scorer.num_items)
        scores, maxima = self._scores[: users.numel()], self._maxima[: users.numel()]
        scores[:, stop - start :] = -torch.inf
        if rounded is None:
            scores[:, : stop - start] = self._scorer.scores(users, slice(start, stop))
        masked = self._masked_by_tile(users, start, stop)
        for tile, (row, column) in enumerate(masked):
            low, high = tile * TILE, min((tile + 1) * TILE, stop - start)
            if rounded is not None:
                rounded.scores_into(users, slice(start + low, start + high), scores[:, low:high])
            scores[row, column] = -torch.inf
            members = scores[:, low : low + TILE].view(-1, MEMBERS, GROUPS)
            torch.amax(members, dim=1, out=maxima[:, tile * GROUPS : (tile + 1) * GROUPS])
        self._groups = len(masked) * GROUPS
        check(
            not bool(maxima[:, : self._groups].isnan().any()),
            "rank: expected scores that are numbers, got NaN; look for a diverged training or a division by zero.",
        )
        return scores[:, : stop - start]

    def best(self, users: Int[Tensor, " B"], start: int, count: int) -> tuple[Tensor, Tensor]:
        """Return the scores of the ``count`` best columns from ``start`` on, and the columns; none other is higher."""
        self.fill(users, start)
        scores, maxima = self._scores[: users.numel()], self._maxima[: users.numel(), : self._groups]
        group = maxima.topk(min(count, self._groups), dim=1, sorted=False).indices
        first = group // GROUPS * TILE + group % GROUPS
        columns = (first[:, :, None] + torch.arange(0, TILE, GROUPS, device=group.device)).flatten(1)
        values, place = scores.gather(1, columns).topk(min(count, columns.shape[1]), dim=1, sorted=False)
        return values, columns.gather(1, place) + start

    def _masked_by_tile(self, users: Tensor, start: int, stop: int) -> list[tuple[Tensor, Tensor]]:
        """Return the seen (row, column) positions of every tile."""
        tiles = -(-(stop - start) // TILE)
        if self._seen is None:
            empty = torch.zeros(0, dtype=torch.int64, device=users.device)
            return [(empty, empty)] * tiles
        row, item = self._seen.pairs(users)
        inside = (item >= start) & (item < stop)
        row, column = row[inside], item[inside] - start
        tile, order = (column // TILE).sort(stable=True)
        sizes = torch.bincount(tile, minlength=tiles).tolist()
        return list(zip(torch.split(row[order], sizes), torch.split(column[order], sizes), strict=True))
