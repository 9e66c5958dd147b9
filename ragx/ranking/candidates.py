"""Few candidates out of many columns: maxima of groups find a threshold, so that almost no score is looked at twice."""

import torch

from ragx.checks import check
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import RoundedScorer, Scorer
from ragx.typing import Bool, Float, Int, Tensor

TILE, MEMBERS, LANES = 2048, 16, 8


def score_type(scorer: Scorer) -> tuple[torch.dtype, torch.device]:
    """Return the type in which a scorer's scores are held, float32 or float64, and where they lie."""
    probe = scorer.scores(torch.zeros(1, dtype=torch.int64), slice(0, 1))
    short = probe.dtype in (torch.float32, torch.float16, torch.bfloat16)
    return torch.float32 if short else torch.float64, probe.device


class Panel:
    """A reused block of scores, users × columns, with the maxima of its column groups.

    A tile of about 2,048 columns stays in the cache between the product, the mask and the maxima. Group g of a tile of
    G groups holds its columns g, g + G, g + 2 G …, so that the maxima are taken over whole vectors.

    Args:
        scorer: what fills the panel.
        seen: items that are masked with −inf, or None.
        rows: most users at a time.
        width: most columns at a time.
    """

    def __init__(self, scorer: Scorer, seen: ItemLists | None, rows: int, width: int) -> None:
        dtype, self.device = score_type(scorer)
        self.width = min(width, scorer.num_items)
        self._rounded = scorer if isinstance(scorer, RoundedScorer) else None
        self._scorer, self._seen = scorer, seen.to(self.device) if seen is not None else None
        groups = -(-self.width // (MEMBERS * max(self.width // TILE, 1)))
        self._groups = -(-groups // LANES) * LANES
        self._tile = self._groups * MEMBERS
        tiles = -(-self.width // self._tile)
        self._scores = torch.empty(rows, tiles * self._tile, dtype=dtype, device=self.device)
        self._maxima = torch.empty(rows, tiles * self._groups, dtype=dtype, device=self.device)

    def fill(self, users: Int[Tensor, " B"], start: int) -> Float[Tensor, "B I_panel"]:
        """Score the users for the columns from ``start``, mask what they have seen, and return the panel.

        Raises:
            ValueError: the score of a seen item is NaN, which the mask would hide.
        """
        rounded, stop = self._rounded, min(start + self.width, self._scorer.num_items)
        scores, maxima = self._scores[: users.numel()], self._maxima[: users.numel()]
        scores[:, stop - start :] = -torch.inf
        hidden: list[Tensor] = []
        if rounded is None:
            scores[:, : stop - start] = self._scorer.scores(users, slice(start, stop))
        for tile, (row, column) in enumerate(self._masked_by_tile(users, start, stop)):
            low, high = tile * self._tile, min((tile + 1) * self._tile, stop - start)
            if rounded is not None and low < high:
                rounded.scores_into(users, slice(start + low, start + high), scores[:, low:high])
            hidden.append(scores[row, column].isnan().any())
            scores[row, column] = -torch.inf
            members = scores[:, low : low + self._tile].view(-1, MEMBERS, self._groups)
            torch.amax(members, dim=1, out=maxima[:, tile * self._groups : (tile + 1) * self._groups])
        _refuse_nan(torch.stack(hidden))
        return scores[:, : stop - start]

    def best(self, users: Int[Tensor, " B"], start: int, count: int) -> tuple[Tensor, Tensor]:
        """Return the scores of the ``count`` best columns from ``start`` on, and the columns; none other is higher.

        Raises:
            ValueError: a score is NaN.
        """
        self.fill(users, start)
        scores, maxima = self._scores[: users.numel()], self._maxima[: users.numel()]
        group = maxima.topk(min(count, maxima.shape[1]), dim=1, sorted=False).indices
        first = group + group // self._groups * (self._tile - self._groups)
        columns = (first[:, :, None] + torch.arange(0, self._tile, self._groups, device=group.device)).flatten(1)
        values, chosen = scores.gather(1, columns).topk(min(count, columns.shape[1]), dim=1, sorted=False)
        _refuse_nan(values.isnan())  # a maximum over a NaN is NaN, and NaN counts as highest
        return values, columns.gather(1, chosen) + start

    def _masked_by_tile(self, users: Tensor, start: int, stop: int) -> list[tuple[Tensor, Tensor]]:
        """Return the seen (row, column) positions of every tile."""
        tiles = self._scores.shape[1] // self._tile
        if self._seen is None:
            empty = torch.zeros(0, dtype=torch.int64, device=users.device)
            return [(empty, empty)] * tiles
        row, item = self._seen.pairs(users)
        inside = (item >= start) & (item < stop)
        row, column = row[inside], item[inside] - start
        tile, order = (column // self._tile).sort(stable=True)
        sizes = torch.bincount(tile, minlength=tiles).tolist()
        return list(zip(torch.split(row[order], sizes), torch.split(column[order], sizes), strict=True))


def _refuse_nan(is_nan: Bool[Tensor, " *shape"]) -> None:
    check(
        not bool(is_nan.any()),
        "rank: expected scores that are numbers, got NaN; look for a diverged training or a division by zero.",
    )
