"""Advice on how options are written: the command that is refused, and the commands that its advice makes of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

SHOP = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
TINY = f"{SHOP} tracker=none trainer.max_epochs=1 model.hidden_dim=8 threads=1"
RUN, AUDIT = f"run {TINY}", f"audit {SHOP}"
SEARCH = f"search {TINY} search.rows=null search.trials=1 search.startup=1"
SPACE = "search.space={optimizer.lr:{low:1e-3,high:1e-2}}"
ROWS: dict[str, tuple[str, ...]] = {
    "options do not go on behind a flag; write flags such as --config-dir first": (
        "run seed=1 --config-dir own x=1",
        f"run --config-dir own seed=1 {TINY}",
    ),
    "unknown flag; an option is written name=value, without dashes": (f"{RUN} --layer=light", f"{RUN} layer=light"),
    "Expected options name=value, got one without a name": (f"{AUDIT} =1", AUDIT),
    "…: expected name=value.": (f"{AUDIT} seed", f"{AUDIT} split.validation=0.2"),
    "put it in quotes, and these in others for the shell": (
        "audit dataset=csv 'dataset.path=a(b).csv' split=random",
        "audit dataset=csv \"dataset.path='a(b).csv'\" split=random",
    ),
    " If the target takes it, write +…=…": (
        "audit split=published dataset=csv dataset.path=published.csv dataset.columns.part=part split.validate=0.1",
        "audit split=published dataset=csv dataset.path=published.csv dataset.columns.part=part split.validation=0.1",
    ),
    "write search.space={…: …}, with a + before it to add one": (
        f"{SEARCH} search.space.optimizer.lr=1e-3",
        f"{SEARCH} '{SPACE}'",
    ),
    "-m: a search draws its trials itself; leave -m out": (f"{SEARCH} '{SPACE}' -m", f"{SEARCH} '{SPACE}'"),
    "seeds: the seeds of a search are those of every trial; write search.seeds=…": (
        f"{SEARCH} '{SPACE}' seeds=2",
        f"{SEARCH} '{SPACE}' search.seeds=2",
    ),
    "a search does not know its trials before it runs; leave it out": (
        f"{SEARCH} '{SPACE}' dry_run=true",
        f"{SEARCH} '{SPACE}'",
    ),
    "seeds are no setting to choose; write search.seeds=…": (
        f"{SEARCH} '+search.space={{seed:[0,1]}}'",
        f"{SEARCH} '{SPACE}' search.seeds=2",
    ),
    "seeds and seed: give one of them": (f"{RUN} seeds=2 seed=0,1 -m", f"{RUN} seeds=2 -m", f"{RUN} seed=0,1 -m"),
    "there is no such folder; name the one that run folders lie in": (
        "table runs=nowhere results=all.parquet",
        "table runs=runs results=all.parquet",
    ),
    "Expected table=…, sweep=… or results=all.parquet: there is nothing to make": (
        "table",
        "table results=all.parquet",
    ),
    "give this one a name of its own with search.name=…": (
        f"{SEARCH} 'search.space={{optimizer.lr:{{low:1e-4,high:1e-1}}}}' search.name=mine",
        f"{SEARCH} 'search.space={{optimizer.lr:{{low:1e-4,high:1e-1}}}}' search.name=other",
    ),
    "what is to be set in it is not there yet; write +…=… to add it": (
        f"search {TINY} search.trials=1 search.startup=1 'search.rows={{a:[\"layer=light\"]}}'",
        f"search {TINY} search.trials=1 search.startup=1 '+search.rows={{a:[\"layer=light\"]}}'",
    ),
    "such as {deep: [model.num_layers=3]}": (
        f"{SEARCH} '{SPACE}' '+search.rows={{deep:3}}'",
        f"{SEARCH} '{SPACE}' '+search.rows={{deep:[\"model.num_layers=3\"]}}'",
    ),
    "infinite or NaN …. … Try a smaller learning rate or trainer.clip_norm=1": (
        f"{RUN} optimizer.lr=1e38",
        f"{RUN} optimizer.lr=1e-3",
    ),
    "set trainer.stopping.patience=null to train to the end": (
        f"{RUN} trainer.stopping=null",
        f"{RUN} trainer.stopping.patience=null",
    ),
    "Try a smaller learning rate, trainer.clip_norm=1 or a larger temperature": (
        f"{RUN} trainer.batch_size=16 objective.similarity=inner_product optimizer.lr=1e25",
        f"{RUN} trainer.batch_size=16 objective.similarity=inner_product optimizer.lr=1e-3",
    ),
    "a list cannot take the place of a range in it; write the whole space anew": (
        f"{SEARCH} 'search.space={{optimizer.lr:[0.1,0.2]}}'",
        f"{SEARCH} '~search.space' '+search.space={{optimizer.lr:[0.1,0.2]}}'",
    ),
    "set PGPASSWORD or ~/.pgpass, and for W&B WANDB_API_KEY": (
        f"{RUN} runs=postgresql://me:secret@host/shop",
        RUN,
    ),
}


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(
    advice: str, shop: Path, command: Callable[..., tuple[int, str, str]], follow_lines: Callable[..., None]
) -> None:
    (shop / "own").mkdir()
    (shop / "a(b).csv").write_text((shop / "orders.csv").read_text())
    if "run folders" in advice or "nothing to make" in advice:
        command(*RUN.split())
    if "search.name" in advice:
        command(*SEARCH.split(), SPACE, "search.name=mine")
    follow_lines(advice, *ROWS[advice])
