"""The public data as their configs read them; skipped where RAGX_DATA names no folder."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ragx.data.dataset import Dataset
from ragx.data.features import node_features
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.splitters import published_split, time_split
from ragx.parts import bind

CONFIGS = Path(__file__).parents[3] / "conf" / "dataset"


def dataset(name: str) -> Dataset:
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    made = bind({"dataset": config}, {"dataset": ()})["dataset"].build()
    assert isinstance(made, Dataset)
    return made


def test_ml_100k_by_time_reports_its_counts(real_data: Path) -> None:
    films = dataset("ml-100k")
    assert films.steps == (("read", 943, 1682, 100_000),)
    split = time_split(films)
    assert (len(split.train), len(split.validation), len(split.test)) == (79_999, 10_001, 10_000)
    assert split.periods["train"][1] <= split.periods["validation"][0]
    assert split.periods["validation"][1] <= split.periods["test"][0]
    assert split.notes == {
        "validation_repeats_left_out": 0,
        "validation_users_without_train": 116,
        "validation_items_without_train": 21,
        "test_repeats_left_out": 0,
        "test_users_without_train": 97,
        "test_items_without_train": 48,
    }


def test_ml_100k_has_features_of_a_user_who_is_not_in_train(real_data: Path) -> None:
    films = dataset("ml-100k")
    split = time_split(films)
    features = node_features(films, split.train)
    assert features is not None
    raw = pl.read_csv(real_data / "ml-100k/ml-100k.user.gz", separator="\t", infer_schema=False)
    by_id = {row[0]: row for row in raw.rows()}
    ids = films.interactions.users.ids.to_list()
    train = np.unique(split.train.column("user"))
    ages = np.array([float(by_id[ids[row]][1]) for row in train])
    cold = int(np.setdiff1d(np.arange(len(ids)), train)[0])
    id, age, gender, occupation, _ = by_id[ids[cold]]
    assert features[cold, 0].item() == pytest.approx((float(age) - ages.mean()) / ages.std(), rel=1e-5)
    assert features[cold, 1:].sum().item() == 2  # one gender, one occupation
    same = [row for row in train.tolist() if by_id[ids[row]][2:4] == (gender, occupation)]
    assert (features[same, 1:] == features[cold, 1:]).all()
    assert len(same) >= 1
    assert id == ids[cold]


def test_retailrocket_has_three_kinds_of_event(real_data: Path) -> None:
    shop = dataset("retailrocket")
    assert shop.steps == (("read", 2174, 29_905, 97_381),)
    kinds = dict(shop.interactions.table["kind"].value_counts().rows())
    assert kinds == {"view": 75_374, "cart": 12_456, "buy": 9_551}
    split = time_split(shop)
    assert split.events is not None
    assert split.events.train.table["kind"].n_unique() == 3
    bought = split.for_target("buy")
    assert (len(bought.train), len(bought.validation), len(bought.test)) == (7_507, 1_123, 921)
    assert bought.notes["train_events_of_evidence"] == len(split.train) == 77_904


@pytest.mark.parametrize(("name", "users", "events"), [("beauty", 22_363, 198_502), ("sports", 35_598, 296_337)])
def test_sequences_are_split_by_their_order(name: str, users: int, events: int, real_data: Path) -> None:
    split = leave_last_out_split(dataset(name))
    assert len(split.validation) == len(split.test) == users
    assert len(split.train) == events - 2 * users


def test_own_lines_are_split_as_they_were_published(real_data: Path) -> None:
    config = yaml.safe_load((CONFIGS / "lines.yaml").read_text())
    files = {"train": "train", "validation": "valid_lightgcnpp", "test": "test"}
    config |= {part: str(real_data / "gowalla" / f"{file}.txt.gz") for part, file in files.items()}
    split = published_split(bind({"dataset": config}, {"dataset": ()})["dataset"].build())
    assert (len(split.train), len(split.validation), len(split.test)) == (719_081, 91_047, 217_242)
    assert (split.train.num_users, split.train.num_items) == (29_858, 40_981)
