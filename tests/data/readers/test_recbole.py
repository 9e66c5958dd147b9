"""RecBole's atomic files."""

import gzip
import os
from pathlib import Path

import polars as pl
import pytest

from ragx.data.catalogue import root
from ragx.data.catalogue.entry import CatalogueFile
from ragx.data.readers.recbole import recbole_files

INTER = 'user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\tx\t3\t100\n2\ty "z\t4.5\t50\n'
ITEM_HEADER = "item_id:token\tname:token_seq\tgenre:token_seq\tprice:float\tplace:float_seq\n"
ITEM = ITEM_HEADER + "x\tThe Tea\ta b\t2\t1 2\nq\t\t\t\t3 4\n"


def files(folder: Path, inter: str = INTER, item: str = ITEM) -> str:
    (folder / "shop.inter").write_text(inter)
    (folder / "shop.item.gz").write_bytes(gzip.compress(item.encode()))
    return str(folder / "shop")


def test_headers_give_types_and_roles_can_differ(tmp_path: Path) -> None:
    dataset = recbole_files(path=files(tmp_path), roles={"name": "title"})
    some = dataset.interactions
    assert dataset.name == "shop"
    assert some.items.ids.to_list() == ["x", 'y "z']
    assert some.column("value").tolist() == [3, 4.5]
    assert some.column("timestamp").tolist() == [100, 50]
    table = dataset.tables["items"]
    assert table.columns == ["item", "title", "genre", "price", "place"]
    assert table.row(0) == ("x", "The Tea", ["a", "b"], 2.0, [1, 2])
    assert table.row(1) == ("q", None, None, None, [3, 4])
    assert table.schema["place"] == pl.Array(pl.Float32, 2)
    assert "users" not in dataset.tables


def test_new_items_and_left_out_attributes(tmp_path: Path) -> None:
    roles = {"name": None, "genre": None, "place": None}
    dataset = recbole_files(path=files(tmp_path), roles=roles, include_new=True)
    assert dataset.tables["items"].columns == ["item", "price"]
    assert dataset.interactions.items.ids.to_list() == ["q", "x", 'y "z']


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    dataset = recbole_files(path=files(tmp_path, "user_id:token\titem_id:token\n1\tx\n1\ty\n"))
    assert dataset.interactions.table.columns == ["user", "item"]
    with pytest.raises(ValueError, match=r"no column 'usr_id' for user.*Did you mean 'user_id'"):
        recbole_files(path=files(tmp_path), columns={"user": "usr_id", "item": "item_id"})


@pytest.mark.parametrize(
    ("inter", "message"),
    [
        ("", "an empty one"),
        ("user_id\titem_id\n1\tx\n", "line 1: expected headers such as user_id:token, got 'user_id'"),
        ("user_id:tokn\titem_id:token\n1\tx\n", "Did you mean 'token'"),
        ("user_id:token\titem_id:token\n1\tx\n2\ty\tz\n", "line 3: expected 2 cells as in the header, got 3"),
        (
            "user_id:token\tuser_id:token\titem_id:token\n1\t2\t3\n",
            "line 1: expected each name once, got 'user_id' again",
        ),
        (
            "user_id:token\tuser_id:float\titem_id:token\n1\t2\t3\n",
            "line 1: expected each name once, got 'user_id' again",
        ),
        (
            INTER.replace("4.5", "many"),
            "line 3: expected a finite number in column 'rating' \\(value\\), got 'many'\\.$",
        ),
        (INTER.replace("4.5", "4,5"), "got '4,5'\\. Numbers are read with a decimal point and no mark"),
    ],
)
def test_bad_files_are_named_with_their_line(inter: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"shop\.inter.*{message}"):
        recbole_files(path=files(tmp_path, inter))


def test_bad_attributes_are_named_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"shop\.item\.gz, line 3: expected 2 finite numbers parted by a space"):
        recbole_files(path=files(tmp_path, item=ITEM.replace("3 4", "3")))
    with pytest.raises(ValueError, match=r"line 3: expected each item once in column 'item_id' \(item\), got 'x'"):
        recbole_files(path=files(tmp_path, item=ITEM.replace("\nq", "\nx")))
    for bad in ("nan 4", "3 inf", "3 1e300"):
        with pytest.raises(ValueError, match=rf"line 3: expected 2 finite numbers .* column 'place', got '{bad}'"):
            recbole_files(path=files(tmp_path, item=ITEM.replace("3 4", bad)))
    with pytest.raises(ValueError, match=r"shop\.item\.gz: expected one title, got columns 'name' and 'genre'"):
        recbole_files(path=files(tmp_path), roles={"name": "title", "genre": "title"})
    with pytest.raises(ValueError, match=r"shop\.item\.gz: an attribute cannot be named 'item'"):
        recbole_files(path=files(tmp_path, item=ITEM.replace("price:", "item:")))
    assert recbole_files(path=files(tmp_path, item=ITEM.replace("price:", "item:")), roles={"item": None})
    with pytest.raises(ValueError, match=r"role of name: expected one of number.*Did you mean 'text'"):
        recbole_files(path=files(tmp_path), roles={"name": "txt"})


def test_a_role_of_an_attribute_that_no_file_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"roles: no attribute 'pric' in .*there are genre, name, place, price\. Did you mean 'price'"
    ):
        recbole_files(path=files(tmp_path), roles={"pric": "number"})
    (tmp_path / "shop.item.gz").unlink()
    with pytest.raises(ValueError, match=r"roles: no attribute 'price' in .*there are none\."):
        recbole_files(path=str(tmp_path / "shop"), roles={"price": "number"})


def test_attributes_of_the_catalogue_that_cannot_be_had_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever chose ``model.features`` would otherwise get fewer features without a word."""
    monkeypatch.setenv("RAGX_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def unreachable(file: CatalogueFile, folder: Path) -> Path:
        raise ValueError(f"{file.path} could not be downloaded: no network. Fetch it elsewhere.")

    monkeypatch.setattr(root, "fetch", unreachable)
    (tmp_path / "ml-100k").mkdir()
    (tmp_path / "ml-100k" / "ml-100k.inter").write_text(INTER)
    with pytest.raises(ValueError, match=r"ml-100k/ml-100k\.user\.gz could not be downloaded: no network"):
        recbole_files(path="ml-100k/ml-100k")
    with pytest.raises(ValueError, match=r"ml-100k\.user\.gz was not found. Looked for .*scripts/download\.py"):
        recbole_files(path="ml-100k/ml-100k", root=str(tmp_path))
    (tmp_path / "ml-100k").rename(tmp_path / "own")
    (tmp_path / "own" / "ml-100k.inter").rename(tmp_path / "own" / "shop.inter")
    assert recbole_files(path="own/shop").tables == {}  # no data of the catalogue: there simply are no attributes


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.inter\.gz"):
        recbole_files(path=str(tmp_path / "none"))


@pytest.mark.skipif("RAGX_DATA" not in os.environ, reason="needs the public data: set RAGX_DATA")
def test_movielens_has_its_published_counts() -> None:
    dataset = recbole_files(path="ml-100k/ml-100k", roles={"movie_title": "title", "age": "number"})
    some = dataset.interactions
    assert (some.num_users, some.num_items, len(some)) == (943, 1682, 100_000)
    assert dataset.tables["items"].filter(item="1")["title"].item() == "Toy Story"
    assert dataset.tables["users"].filter(user="1")["age"].item() == 24
