"""How objects show themselves in a console and in a notebook."""

import html
from collections.abc import Iterable, Sequence


def one_line(kind: object, *names: str, **values: object) -> str:
    """Return an object in one line: ``Graph(users=943, items=1,682, edges=200,000)``.

    Args:
        kind: the object, or the name of its class.
        names: texts that tell it from others, shown first and in quotes.
        values: what else is shown; whole numbers get thousands separators, others four decimals.
    """
    title = kind if isinstance(kind, str) else type(kind).__name__
    shown = [*(repr(name) for name in names), *(f"{name}={_written(value)}" for name, value in values.items())]
    return f"{title}({', '.join(shown)})"


def html_table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table whose texts are all escaped; numbers are written as in :func:`one_line`.

    Args:
        caption: what it shows.
        headers: names of its columns.
        rows: a value for every column; None leaves a cell empty.
    """
    head = _row("th", headers)
    body = "".join(_row("td", ["" if value is None else _written(value) for value in row]) for row in rows)
    title = f"<caption>{html.escape(caption)}</caption>"
    return f"<table>{title}<thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(tag: str, texts: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts) + "</tr>"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
