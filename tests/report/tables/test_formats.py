"""Printed forms of a table: what stands in which cell, and that signs mean themselves."""

import math
from html.parser import HTMLParser

import polars as pl
import pytest

from ragx.report.tables.cells import Cell, Column, PublishedCells, Table, TableRow
from ragx.report.tables.formats import csv_table, html_page, markdown
from ragx.report.tables.grid import Shown, grid_of
from ragx.report.tables.rows import Name
from ragx.report.tables.spec import TableSpec
from ragx.runs.sweeps.spread import Spread

NDCG, FAR = Column("shop", "ndcg@20"), Column("far", "ndcg@20")
VOID = {"meta"}


def example(columns: tuple[Column, ...] = (NDCG,)) -> Table:
    """Return a table with every kind of cell."""
    popular = TableRow((Name("", "MostPop"),), "most_popular", cells={NDCG: Cell(Spread(0.1, math.nan, 1))})
    best = Cell(Spread(0.2222222, 0.0123456, 3), "best", 1.222222, 0.001)
    first = TableRow((Name("", "A_1|*<b>"),), cells={NDCG: best}, budget={"shop": 6}, other_code=True)
    first.published = PublishedCells({NDCG: 0.25}, {"shop": "Doe & Roe, 50 %"}, {"shop": "yes"})
    second = TableRow((Name("", "B"),), cells={NDCG: Cell(Spread(0.05, 0.001, 2), "second", -0.5, 0.04)})
    third = TableRow((Name("", "C"),))
    other = TableRow((Name("", "RP3β"),), "published")
    other.published = PublishedCells({NDCG: 0.26, FAR: 0.3}, {"shop": "X", "far": "Y"}, {"shop": "no", "far": "yes"})
    rows = [popular, first, second, third, other]
    return Table(TableSpec(title="All # kinds"), ("",), columns, rows, "MostPop", ["p < .05 & more"], ["x > y"])


def test_every_kind_of_cell_has_its_place() -> None:
    grid = grid_of(example())
    names = [heading.name for heading in grid.headings]
    assert names == ["", "ndcg@20", "gain", "published", "tried", "source", "same split"]
    measured, published = grid.sections
    assert measured[0][1:4] == [Shown("0.1000"), Shown(), Shown()]
    assert measured[1] == [
        *(Shown("A_1|*<b>", mark="‡"), Shown("0.2222", "± 0.0123", "**", "best"), Shown("+122.2 %"), Shown("0.2500")),
        *(Shown("6"), Shown("Doe & Roe, 50 %"), Shown("yes")),
    ]
    assert measured[2][1:3] == [Shown("0.0500", "± 0.0010", "↓", "second"), Shown("-50.0 %")]
    assert measured[3][1] == Shown("–")
    assert [cell.text for cell in published[0]] == ["RP3β", "", "", "0.2600", "", "X; Y", "shop: no, far: yes"]
    assert "gain" not in [heading.name for heading in grid_of(example(), gains=False).headings]


def test_groups_of_columns_are_their_datasets() -> None:
    assert list(grid_of(example((NDCG, FAR))).groups()) == [("", 1), ("shop", 3), ("far", 3), ("", 3)]


def test_markdown_shows_ranks_marks_and_foot() -> None:
    lines = markdown(grid_of(example())).splitlines()
    assert lines[0] == r"**All \# kinds**"
    assert lines[2] == "|  | ndcg@20 | gain | published | tried | source | same split |"
    assert lines[3] == "| --- | ---: | ---: | ---: | ---: | --- | --- |"
    assert lines[5] == (r"| A_1\|\*\<b\>‡ | **0.2222** ± 0.0123\*\* | +122.2 % | 0.2500 | 6 | Doe & Roe, 50 % | yes |")
    assert lines[6] == "| B | <u>0.0500</u> ± 0.0010↓ | -50.0 % |  |  |  |  |"
    assert lines[-5:] == [r"- p \< .05 & more", "", "Warnings:", "", r"- x \> y"]
    several = markdown(grid_of(example((NDCG, FAR)))).splitlines()[2]
    assert several.startswith("|  | ndcg@20 (shop) | gain (shop) | published (shop) | ndcg@20 (far) |")


class Balanced(HTMLParser):
    """Reads a page, and fails where an element is not closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & {name for name, _ in attrs}, "something is loaded from elsewhere"
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & {*self.open}:
            self.rows[-1][-1] += data


def test_the_page_is_well_formed_and_stands_alone() -> None:
    text = html_page(grid_of(example()))
    page = Balanced()
    page.feed(text)
    assert page.open == []
    assert page.rows[3] == ["A_1|*<b>‡", "0.2222 ± 0.0123**", "+122.2 %", "0.2500", "6", "Doe & Roe, 50 %", "yes"]
    assert "<strong>0.2222</strong>" in text
    assert '<span class="second">0.0500</span>' in text
    assert "<script" not in text
    assert "<li>p &lt; .05 &amp; more</li>" in text


def test_csv_has_every_digit_and_columns_for_mean_and_std() -> None:
    rows = csv_table(example()).to_dicts()
    assert rows[1] | {"shop/ndcg@20 mean": 0.2222222, "shop/ndcg@20 std": 0.0123456} == rows[1]
    assert {
        name: rows[1][f"shop/ndcg@20 {name}"] for name in ("seeds", "rank", "gain", "p after Holm", "published")
    } == {**{"seeds": 3, "rank": "best", "gain": 1.222222, "p after Holm": 0.001, "published": 0.25}}
    assert (rows[0]["shop/ndcg@20 std"], rows[3]["shop/ndcg@20 mean"]) == (None, None)
    assert [row["kind"] for row in rows] == ["most_popular", "measured", "measured", "measured", "published"]
    assert (rows[1]["tried"], rows[1]["other code"], rows[4]["same split"]) == ("6", True, "shop: no, far: yes")


def test_csv_keeps_what_a_double_holds(tmp_path: object) -> None:
    third = TableRow((Name("", "A"),), cells={NDCG: Cell(Spread(1 / 3, math.nan, 1))})
    table = csv_table(Table(TableSpec(), ("",), (NDCG,), [third], "A", [], []))
    assert pl.read_csv(table.write_csv().encode())["shop/ndcg@20 mean"][0] == pytest.approx(1 / 3, abs=0)
