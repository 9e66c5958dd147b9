"""Tables of text: as many rows as the file has, whatever columns are asked for."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragx.data.files.csv_file import read_csv
from ragx.data.files.csv_form import CsvForm
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.table import table_file

SEPARATORS = [",", ";", "|", "\t", "::", "¦"]
EVERY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LETTERS = st.text(st.sampled_from("ab\",;|:¦'\t \nЖ\x1f"), max_size=5)


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str]) -> tuple[list[list[str]], list[int]]:
    """Return rows of one width, and the numbers of the columns to read."""
    width = draw(st.integers(1, 4))
    row = st.lists(cells, min_size=width, max_size=width).filter(any)  # a last row without letters is a blank line
    return draw(st.lists(row, min_size=1, max_size=6)), draw(st.lists(st.integers(1, width), min_size=1, unique=True))


def read(form: CsvForm, columns: list[int]) -> list[list[str]]:
    names = [f"c{number}" if form.header else str(number) for number in columns]
    return [[cell or "" for cell in row] for row in read_csv(form, names)[0].select(names).rows()]


def chosen(rows: list[list[str]], columns: list[int]) -> list[list[str]]:
    return [[row[number - 1] for number in columns] for row in rows]


@EVERY
@given(
    table=tables(LETTERS),
    separator=st.sampled_from([*SEPARATORS[:4], "¦"]),
    header=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_well_formed_tables_are_read_as_pythons_csv_wrote_them(
    table: tuple[list[list[str]], list[int]], separator: str, header: bool, end: str, tmp_path: Path
) -> None:
    rows, columns = table
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerows([[f"c{number}" for number in range(1, len(rows[0]) + 1)], *rows] if header else rows)
    path = tmp_path / "t.csv"
    path.write_bytes(text.getvalue().encode())
    assert read(CsvForm(path, separator, '"', header), columns) == chosen(rows, columns)


@EVERY
@given(
    table=tables(st.text(st.sampled_from("ab\"'Ж "), max_size=5)),
    separator=st.sampled_from(SEPARATORS),
    header=st.booleans(),
)
def test_plain_tables_have_a_row_a_line(
    table: tuple[list[list[str]], list[int]], separator: str, header: bool, tmp_path: Path
) -> None:
    rows, columns = table
    lines = [[f"c{number}" for number in range(1, len(rows[0]) + 1)], *rows] if header else rows
    path = tmp_path / "t.csv"
    path.write_text("".join(separator.join(line) + "\n" for line in lines))
    assert read(CsvForm(path, separator, None, header), columns) == chosen(rows, columns)


@EVERY
@given(table=tables(st.text(st.sampled_from('ab"c,\n'), max_size=4)))
def test_any_text_is_refused_with_its_line_or_has_the_rows_that_python_sees(
    table: tuple[list[list[str]], list[int]], tmp_path: Path
) -> None:
    rows, columns = table
    path, width = tmp_path / "t.csv", len(rows[0])
    text = "\n".join(",".join(row) for row in [[f"c{number}" for number in range(1, width + 1)], *rows])
    path.write_text(text)
    outcomes: list[str | list[list[str]]] = []
    for asked in (columns, list(range(1, width + 1))):
        try:
            outcomes.append(read(CsvForm(path), asked))
        except ValueError as error:
            outcomes.append(str(error))
    some, everything = outcomes
    if isinstance(some, str) or isinstance(everything, str):
        assert isinstance(some, str)
        assert some == everything
        assert f"{path}, line " in some or "got none" in some
        return
    seen = list(csv.reader(io.StringIO(text)))[1:]
    assert not any("".join(row[width:]) for row in seen)
    expected = [(row + [""] * width)[:width] for row in seen]
    for end in (everything, expected):
        while end and not any(end[-1]):
            end.pop()  # blank lines, of which readers keep those that hold empty quotes
    assert everything == expected
    assert some[: len(expected)] == chosen(expected, columns)


STRAY = 'user,item,title\nu1,i1,TV 12"\nu2,i2,b\nu3,i3,TV 14"\nu4,i4,d\n'
COLUMNS = {"user": "user", "item": "item"}


def test_a_stray_quote_in_a_column_that_is_not_read_is_refused_with_its_line_and_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(STRAY)
    with pytest.raises(ValueError, match=r"t\.csv, line 2: .* got 'u1,i1,TV 12\"'\. .*set dataset\.quote=null"):
        table_file(path=str(path), columns=COLUMNS)
    assert len(table_file(path=str(path), columns=COLUMNS, quote=None).interactions) == 4
    items = {"path": str(path), "id": "item", "columns": {"title": "title"}}
    events = tmp_path / "events.csv"
    events.write_text("user,item\na,i1\nb,i2\n")
    with pytest.raises(ValueError, match=r"t\.csv, line 2: .*set \+\+dataset\.items\.quote=null"):
        table_file(path=str(events), columns=COLUMNS, items=AttributeTable(**items))  # type: ignore[arg-type]
    table = AttributeTable(**items, quote=None)  # type: ignore[arg-type]
    titles = table_file(path=str(events), columns=COLUMNS, items=table).tables["items"]["title"]
    assert titles.to_list() == ['TV 12"', "b", 'TV 14"', "d"]
    with pytest.raises(ValueError, match=r"no column 'sku'; it has user, item, title\.$"):  # it has no option header
        AttributeTable(path=str(path), id="sku", quote=None).read("item")
    path.write_text(STRAY.replace(",", ";"))
    with pytest.raises(ValueError, match=r"""set "\+\+dataset\.items\.separator=';'"\.$"""):
        AttributeTable(**items, quote=None).read("item")  # type: ignore[arg-type]


def test_a_large_table_with_lines_broken_within_quotes_is_read_whole(tmp_path: Path) -> None:
    """Readers part large files between threads at places where a quote may be open."""
    rows = [[f"u{row}", f'a "title",\nof {row} lines' if row % 3 else "plain", f"i{row}"] for row in range(30_000)]
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["c1", "c2", "c3"], *rows])
    assert read(CsvForm(path), [1, 3]) == chosen(rows, [1, 3])


def test_tables_without_a_header_line_and_of_long_separators(tmp_path: Path) -> None:
    path = tmp_path / "ratings.dat"
    path.write_text("1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n")
    columns = {"user": 1, "item": 2, "value": 3, "time": 4}
    some = table_file(path=str(path), columns=columns, separator="::", header=False).interactions
    assert some.users.outside(some.column("user")).to_list() == ["1", "1", "2"]
    assert some.column("value").tolist() == [5, 3, 4]
    assert some.column("timestamp").tolist() == [978_300_760, 978_302_109, 978_298_413]


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (
            {"user": 0, "item": 1},
            {"header": False},
            "line 1: no column '0'; it has 1, 2. .* numbered from 1, as in dat",
        ),
        ({"user": "user", "item": 2}, {"header": False}, "no column 'user'; it has 1, 2. Without a header line"),
        (
            {"user": 1, "item": 2},
            {},
            "no column '1'; it has a, b.* set dataset.header=false",
        ),
        ({"user": True, "item": 2}, {}, "dataset.columns.user: expected the name or number of a column, got True"),
        ({"user": "a", "item": "b"}, {"separator": "::"}, "no column 'a'; it has a,b"),
        ({"user": "a", "item": "b"}, {"quote": "''"}, "quote: expected one ASCII character, or null"),
    ],
)
def test_mappings_that_do_not_fit_say_what_to_do(
    columns: dict[str, str | int | None], options: dict[str, str | bool], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\nc,d\ne,f\n")
    with pytest.raises(ValueError, match=message):
        table_file(path=str(path), columns=columns, **options)  # type: ignore[arg-type]
