"""Advice about run folders: damaged, ambiguous, of other ground or other code."""

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ragx.parts import bind
from ragx.runner.commands.reproduce import reproduce
from ragx.runs.trusted import Trusted
from ragx.serving.run import load_run

SHOP = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
RUN = f"run {SHOP} tracker=none trainer.max_epochs=1 model.hidden_dim=8 evaluation.final=false"
Change = Callable[[Path], object]


def nothing(folder: Path) -> None:
    """Leave the folder as it is."""


def edit(name: str, change: Callable[[dict[str, Any]], object]) -> Change:
    def run(folder: Path) -> None:
        record = json.loads((folder / name).read_text())
        change(record)
        (folder / name).write_text(json.dumps(record))

    return run


def twice(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name(folder.name + "-b"))


def link(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "reproduced").symlink_to(folder.parent / "elsewhere")


def thesis(folder: Path) -> None:
    (folder.parent / "reproduced" / folder.name).mkdir(parents=True)
    (folder.parent / "reproduced" / folder.name / "thesis.tex").write_text("mine")


def away(folder: Path) -> None:
    folder.rename(folder.parents[1] / "away")


def ids(header: str) -> Change:
    return lambda folder: (folder.parents[1] / "ids.csv").write_text(f"{header}\nsome,customer-00003\n")


RECOMMEND = "recommend run={} users=all"
ROWS: dict[str, tuple[Change, str, Change, str]] = {
    "Expected either users=[…], users=all or users=file.csv, or, for a new user, items=[…]": (
        nothing,
        "recommend run={}",
        nothing,
        RECOMMEND,
    ),
    "Name the column of those ids, or another run": (
        ids("user,customer"),
        "recommend run={} users=ids.csv",
        ids("segment,user"),
        "recommend run={} users=ids.csv",
    ),
    "expected name=value with one of the options": (nothing, f"{RECOMMEND} =5", nothing, f"{RECOMMEND} k=5"),
    "; each is name=value": (nothing, f"{RECOMMEND} kk=5", nothing, f"{RECOMMEND} k=5"),
    "…: a value is required; write …=…": (nothing, "recommend users=all", nothing, RECOMMEND),
    "finished runs begin so: …. Write more of the name": (
        twice,
        "recommend run=runs/shop users=all",
        nothing,
        "recommend run={}-b users=all",
    ),
    "Move the folder away to run it again": (
        edit("run.json", lambda record: record.pop("config")),
        RECOMMEND,
        away,
        RUN,
    ),
    "got a link to another; remove the link": (
        link,
        "reproduce",
        lambda folder: (folder.parent / "reproduced").unlink(),
        "reproduce",
    ),
    "got a folder of something else; move it away": (
        thesis,
        "reproduce",
        lambda folder: (folder.parent / "reproduced" / folder.name).rename(folder.parents[1] / "thesis"),
        "reproduce",
    ),
}


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(
    advice: str,
    command: Callable[..., tuple[int, str, str]],
    trained_folder: Path,
    tmp_path: Path,
    follow: Callable[..., None],
) -> None:
    spoil, wrong, mend, right = ROWS[advice]
    folder = Path(shutil.copytree(trained_folder, tmp_path / "runs" / trained_folder.name))

    def call(line: str) -> None:
        if line.startswith("reproduce"):
            reproduce([f"run={folder}"])
            return
        ended = command(*line.format(folder.relative_to(tmp_path)).split())
        if ended[0]:
            raise ValueError(ended[2])

    def followed() -> None:
        mend(folder)
        call(right)

    spoil(folder)
    follow(advice, lambda: call(wrong), followed)


MODEL_ROWS = {
    "train a model that has some, such as model=relevance_aware_graph model.num_layers=1": (
        "model=mf",
        "model.num_layers=0",
    )
}


@pytest.mark.parametrize("advice", MODEL_ROWS)
def test_a_model_without_layers_serves_no_new_user(
    advice: str, command: Callable[..., tuple[int, str, str]], tmp_path: Path, follow: Callable[..., None]
) -> None:
    def recommend(options: str) -> None:
        runs = re.sub(r"\W", "-", options)
        assert command(*RUN.split(), *options.split(), f"runs={runs}")[0] == 0
        (folder,) = (path.parent for path in tmp_path.glob(f"{runs}/*/metrics.json"))
        run = load_run(folder)
        run.fold_in(run.dataset.interactions.items.ids[:2].to_list(), k=3)

    advised = advice.partition("such as ")[2]
    for without in MODEL_ROWS[advice]:
        follow(advice, partial(recommend, without), partial(recommend, advised))


TRUST_ROWS = {"Where you trust whoever made the run folder, … takes it": "ragx"}


@pytest.mark.parametrize("advice", TRUST_ROWS)
def test_a_part_of_another_kind(advice: str, follow: Callable[..., None]) -> None:
    config = {"tracker": {"_target_": "ragx.data.KCore", "users": 1, "items": 1}}
    follow(
        advice,
        lambda: bind(config, {"tracker": ()}, Trusted()),
        lambda: bind(config, {"tracker": ()}, Trusted([TRUST_ROWS[advice]])),
    )
