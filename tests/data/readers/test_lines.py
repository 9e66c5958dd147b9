"""LightGCN lines."""

import gzip
from pathlib import Path

import pytest

from ragx.data.readers.lines import line_files, read_lines
from ragx.data.readers.table import table_file


def written(folder: Path, text: str, name: str = "train.txt") -> Path:
    path = folder / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["train.txt", "train.txt.gz"])
def test_plain_and_packed_files(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, "3 10 11\n\n0 7\n5\n", name)
    assert read_lines(path).rows() == [(3, 10), (3, 11), (0, 7)]


def test_spaces_at_the_ends_of_lines_and_a_missing_last_newline_do_no_harm(tmp_path: Path) -> None:
    assert read_lines(written(tmp_path, " 3 10 11 \r\n0 7")).rows() == [(3, 10), (3, 11), (0, 7)]


@pytest.mark.parametrize(
    ("text", "line", "token"),
    [
        ("0 1 2\n1 x\n", 2, "x"),
        ("0 1 2\n\n2 1.5\n", 3, r"1\.5"),
        ("0 -1\n", 1, "-1"),
        ("0 1\n2 3  4\n", 2, ""),
        ("0 1\n2 3\t4\n", 2, r"3\\t4"),
        ("0 99999999999999999999\n", 1, "99999999999999999999"),
        ("0 1\n2 1_000\n", 2, "1_000"),
        ("0 +1\n", 1, r"\+1"),
        ("0 1\n007 2\n", 2, "007"),
        ("7 10 00\n", 1, "00"),
    ],
)
def test_a_bad_token_is_named_with_its_line(text: str, line: int, token: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"train\.txt, line {line}: expected whole numbers .*got '{token}'"):
        read_lines(written(tmp_path, text))


def test_triples_are_no_lines_of_items_and_the_remedy_reads_them(tmp_path: Path) -> None:
    path = written(tmp_path, "1 10 5\n1 11 3\n2 10 4\n")
    with pytest.raises(ValueError, match=r"got 3 numbers in every line and 1 lines of a user .* dataset\.header=false"):
        read_lines(path)
    columns = {"user": 1, "item": 2, "value": 3}
    some = table_file(path=str(path), columns=columns, separator=" ", header=False).interactions
    assert some.items.ids.to_list() == ["10", "11"]
    assert sorted(some.column("value")) == [3, 4, 5]
    assert read_lines(written(tmp_path, "1 10 11\n2 10 11\n")).height == 4
    assert read_lines(written(tmp_path, "1 10\n1 11\n")).height == 2


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no\.txt: expected a file of lines 'user item item …', found none"):
        read_lines(tmp_path / "no.txt")
    with pytest.raises(ValueError, match=r"train\.txt: expected lines .* empty file"):
        read_lines(written(tmp_path, "\n \n"))


def test_published_parts_with_validation_taken_out_of_train(tmp_path: Path) -> None:
    written(tmp_path, "0 5 6\n7 5\n")
    written(tmp_path, "0 8\n", "test.txt")
    written(tmp_path, "0 6\n", "valid.txt")
    options = {"name": "mine", "train": "train.txt", "test": "test.txt", "root": str(tmp_path)}
    dataset = line_files(**options, validation="valid.txt")
    assert dataset.published is not None
    some = dataset.interactions
    users, items = some.users.outside(some.column("user")), some.items.outside(some.column("item"))
    events = set(zip(users, items, dataset.published, strict=True))
    assert events == {(0, 5, "train"), (7, 5, "train"), (0, 6, "validation"), (0, 8, "test")}
    assert some.items.ids.to_list() == [5, 6, 8]
    whole = line_files(**options)
    assert whole.published is not None
    assert sorted(whole.published) == ["test", "train", "train", "train"]


def test_validation_may_have_pairs_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # files are found below the current folder too
    written(tmp_path, "0 5 6\n")
    written(tmp_path, "0 8\n", "test.txt")
    written(tmp_path, "0 9\n", "valid.txt")
    dataset = line_files(name="mine", train="train.txt", test="test.txt", validation="valid.txt")
    assert dataset.published is not None
    assert sorted(dataset.published) == ["test", "train", "train", "validation"]


def test_validation_that_is_partly_in_train_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "0 5 6\n")
    written(tmp_path, "0 8\n", "test.txt")
    written(tmp_path, "0 9 5\n", "valid.txt")
    with pytest.raises(
        ValueError, match=r"valid\.txt: 1 of 2 pairs are in train\.txt too, such as \(0, 5\): expected all"
    ):
        line_files(name="mine", train="train.txt", test="test.txt", validation="valid.txt", root=tmp_path)


def test_gowalla_as_it_was_published(real_data: Path) -> None:
    folder = real_data / "gowalla"
    if not (folder / "train.txt.gz").is_file():
        pytest.skip("RAGX_DATA holds no gowalla")
    train, test = read_lines(folder / "train.txt.gz"), read_lines(folder / "test.txt.gz")
    assert (train.height, test.height) == (810_128, 217_242)
    assert train["user"].n_unique() == 29_858
    assert train["item"].n_unique() == 40_981
