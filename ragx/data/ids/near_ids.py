"""Ids that are spelled nearly alike: how they differ, and which are nearest to one that is unknown."""

from collections.abc import Callable

import polars as pl

from ragx.checks import did_you_mean

SEARCHED = 20_000
DIFFERENCES: dict[str, Callable[[pl.Series], pl.Series]] = {
    "marks that nobody sees": lambda text: text.str.replace_all(r"\p{Cf}", ""),
    "blanks": lambda text: text.str.strip_chars().str.replace_all(r"\s+", " "),
    "case": lambda text: text.str.to_lowercase(),
    "Unicode form": lambda text: text.str.normalize("NFKC"),
    "a trailing .0": lambda text: text.str.replace(r"\.0+$", ""),
    "leading zeros": lambda text: text.str.replace(r"^0+(\d)", "$1"),
    "spelling": lambda text: _without_all(text),
}
"""What may tell two spellings of one thing apart, and text without it; ``spelling`` is several of the others."""


def _without_all(text: pl.Series) -> pl.Series:
    for difference, without in DIFFERENCES.items():
        text = text if difference == "spelling" else without(text)
    return text


def folded(texts: pl.Series) -> pl.Series:
    """Return texts without blanks around them and in lower case, in which careless spellings of one name agree."""
    return texts.str.strip_chars().str.to_lowercase()


def alike(texts: pl.Series, difference: str) -> list[list[str]]:
    """Return the groups of distinct texts that one difference alone tells apart, the largest first.

    Args:
        texts: ids or other names.
        difference: one of ``DIFFERENCES``.
    """
    distinct = texts.drop_nulls().cast(pl.String).unique().sort()
    frame = pl.DataFrame({"text": distinct, "key": DIFFERENCES[difference](distinct)})
    groups = frame.group_by("key", maintain_order=True).agg("text").filter(pl.col("text").list.len() > 1)
    return groups.sort(pl.col("text").list.len(), descending=True, maintain_order=True)["text"].to_list()


def difference_between(texts: pl.Series, others: pl.Series) -> tuple[str, str, str] | None:
    """Return one text, the other that is nearest, and what tells them apart; None where no single difference does."""
    texts, others = texts.drop_nulls().cast(pl.String), others.drop_nulls().cast(pl.String)
    for difference, without in DIFFERENCES.items():
        left = pl.DataFrame({"text": texts, "key": without(texts)})
        right = pl.DataFrame({"other": others, "key": without(others)})
        shared = left.join(right, on="key", how="inner", maintain_order="left").filter(
            pl.col("text") != pl.col("other")
        )
        if shared.height:
            return shared["text"][0], shared["other"][0], difference
    return None


def nearest_id(unknown: str, known: pl.Series) -> str:
    """Return a hint, with a space before it, that names the known id nearest to an unknown one, or an empty text."""
    nearest = difference_between(pl.Series([unknown]), known)
    if nearest is not None:
        return f" Did you mean {nearest[1]!r}? It differs in {nearest[2]}."
    return did_you_mean(unknown, known.head(SEARCHED).cast(pl.String))
