import json
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from ragx.data.ids.id_map import IdMap
from ragx.data.split import Split
from ragx.evaluation.per_user_table import per_user_table, write_per_user
from ragx.evaluation.protocol import Protocol
from ragx.models.most_popular import MostPopular


def test_outside_ids_stand_beside_the_rows(tiny_split: Split) -> None:
    result, users = Protocol().validate(MostPopular().fit(tiny_split.train), tiny_split), tiny_split.train.users
    table = per_user_table(result, users)
    assert table.columns == ["user", "id", *result.per_user.columns[1:]]
    assert table.drop("id").equals(result.per_user)
    assert users.rows(table["id"]).tolist() == table["user"].to_list()


def test_the_file_says_what_it_was_measured_on(tiny_split: Split, tmp_path: Path) -> None:
    result, users = Protocol().validate(MostPopular().fit(tiny_split.train), tiny_split), tiny_split.train.users
    write_per_user(
        result, users, tmp_path / "per_user.parquet", {"split": tiny_split.fingerprint, "part": "validation"}
    )
    assert pl.read_parquet(tmp_path / "per_user.parquet").equals(per_user_table(result, users))
    metadata = pl.read_parquet_metadata(tmp_path / "per_user.parquet")
    assert metadata["ragx.fingerprint"] == result.fingerprint
    assert json.loads(metadata["ragx.conventions"]) == asdict(result.conventions)
    assert (metadata["ragx.split"], metadata["ragx.part"]) == (tiny_split.fingerprint, "validation")


def test_a_map_of_other_users_is_refused(tiny_split: Split) -> None:
    result = Protocol().validate(MostPopular().fit(tiny_split.train), tiny_split)
    with pytest.raises(ValueError, match="users: expected a map of the evaluated users, got 2 ids for rows up to"):
        per_user_table(result, IdMap("user", pl.Series(["a", "b"])))
