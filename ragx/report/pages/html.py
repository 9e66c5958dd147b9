"""HTML that cannot be forgotten to escape: every text is, unless it was made here."""

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number"]
MISSING = "–"


class Html(str):
    """A piece of HTML; any other string is a text."""

    __slots__ = ()


Content = str | int | None


def escape(content: Content) -> Html:
    """Return HTML that shows a text as it is; HTML stays what it is."""
    if isinstance(content, Html):
        return content
    return Html("" if content is None else html.escape(str(content)))


def element(tag: str, *contents: Content, **attributes: str | int | bool | None) -> Html:
    """Return an element, its texts and attributes escaped.

    Args:
        tag: its name.
        contents: texts and HTML within it.
        attributes: ``class_`` is written as ``class`` and ``data_sort`` as ``data-sort``; one that is true stands
            without a value, and one that is None or false is left out.
    """
    written = [
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    ]
    start = f"<{tag}{''.join(written)}>"
    if tag in ("meta", "link", "img", "br"):
        return Html(start)
    return Html(f"{start}{''.join(map(escape, contents))}</{tag}>")


def joined(pieces: Iterable[Content]) -> Html:
    """Return pieces one after the other, texts escaped."""
    return Html("".join(map(escape, pieces)))


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        name: its header.
        kind: what its values are sorted as.
        best_first: whether the first click brings the highest value to the top.
        sorted_: whether the rows come in the order of this column, as the first click would sort them.
        hint: what the header says when it is pointed at.
        long: whether its texts are broken into lines.
    """

    name: str
    kind: Kind = "text"
    best_first: bool = False
    sorted_: bool = False
    hint: str | None = None
    long: bool = False


@dataclass(frozen=True)
class Field:
    """A field of a table.

    Args:
        shown: what is written.
        key: the number it is sorted by, where its text does not say it; NaN and None come last.
    """

    shown: Content
    key: float | None = None


def number(value: float | None, written: str) -> Field:
    """Return a field that shows a number, or a dash where there is none."""
    if value is None:
        return Field(MISSING)
    return Field(written if math.isfinite(value) else str(value), value)


def _order(column: Column) -> str:
    return "none" if not column.sorted_ else "descending" if column.best_first else "ascending"


def sortable_table(name: str, caption: str, columns: list[Column], rows: Iterable[list[Field]]) -> Html:
    """Return a table that is sorted by clicks on its headers, within a region that scrolls by itself.

    Args:
        name: its id.
        caption: what it shows.
        columns: its columns.
        rows: a field for every column.
    """
    headers = [
        element(
            "th",
            element("button", column.name, type="button", title=column.hint),
            scope="col",
            class_=column.kind,
            data_kind=column.kind,
            data_best_first=column.best_first or None,
            aria_sort=_order(column),
        )
        for column in columns
    ]
    body = joined(
        element("tr", *(_field(column, field) for column, field in zip(columns, row, strict=True))) for row in rows
    )
    table = element(
        "table",
        element("caption", element("span", caption)),
        element("thead", element("tr", *headers)),
        element("tbody", body),
        id=name,
        class_="sortable",
    )
    return element("div", table, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _field(column: Column, field: Field) -> Html:
    key = None
    if column.kind == "number":
        finite = field.key is not None and math.isfinite(field.key)
        key = repr(field.key) if finite else ""
    return element("td", field.shown, class_=f"{column.kind} long" if column.long else column.kind, data_sort=key)
