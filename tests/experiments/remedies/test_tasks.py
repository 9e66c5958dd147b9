"""Advice of tasks, closed forms, and runs whose task is another than ranking."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import ragx
from ragx.data.problem import Problem, Sealed
from ragx.learners import ByClosedForm, Settings, Stage, Trained
from ragx.parts import bind
from ragx.tasks import Rows, rows_problem
from ragx.training.progress import NoProgress

TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "tracker=none", "trainer.max_epochs=1")
MODULE = """
import numpy as np
from ragx.models import ClosedForm
from ragx.tasks import Rows, ValueTask, rows_problem

class Spent(ValueTask):
    unit = "customer"

    def problem(self, dataset):
        ids = dataset.interactions.users.ids
        x = np.arange(len(ids), dtype=float)[:, None]
        parts = [Rows(ids, x, x[:, 0] * rise) for rise in (1.0, 1.1, 1.2)]
        return rows_problem(
            name="made", train=parts[0], validation=parts[1], test=parts[2], dataset=dataset, unit=self.unit
        )

class Same(ClosedForm):
    def fit(self, train: Rows):
        return lambda x: x[:, 0]
"""
SPENT = ("task=custom", "task._target_=spent.Spent", "model=custom", "model._target_=spent.Same")
Follow = Callable[..., None]
Command = Callable[..., Any]


@pytest.fixture
def spent(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run that predicts what customers spend."""
    (tmp_path / "spent.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "spent", raising=False)
    ended = command("run", *TINY, *SPENT)
    assert ended.status == 0, ended.err
    (path,) = tmp_path.glob("runs/*/metrics.json")
    return path.parent


def rows(values: Any) -> Rows:
    """Return one row for each value."""
    y = np.asarray(values, dtype=float)
    return Rows(pl.Series([f"c{number}" for number in range(len(y))]), y[:, None], y)


def value_problem(dataset: Any) -> Problem[Any]:
    """Return a problem of rows."""
    part = rows([1, 2, 3])
    return rows_problem(name="made", train=part, validation=part, test=part, dataset=dataset)


def stage(folder: Path) -> Stage:
    """Return a first fit without validation."""
    return Stage(
        folder=folder, identity="", validate=None, chosen=None, tracker=None, view=NoProgress(), say=lambda text: None
    )


def closed(**model: Any) -> ByClosedForm:
    """Return what fits EASE."""
    return ByClosedForm(bind({"model": {"_target_": "ragx.models.EASE", **model}}, {"model": ()}), Settings())


def test_numbers_that_are_not_finite_are_filled_or_left_out(follow: Follow) -> None:
    follow(
        "that are not; fill or leave out what is missing",
        lambda: rows([1.0, np.nan]),
        lambda: rows(np.nan_to_num([1.0, np.nan])),
        lambda: rows([1.0]),
    )


def test_parts_that_cannot_be_joined_are_not_refitted_on(follow: Follow) -> None:
    problem = Problem("listed", [1], [2], Sealed([3]), "mark")
    follow(
        "which has no concatenate; leave trainer.refit=false",
        lambda: problem.learned_from(refit=True),
        lambda: problem.learned_from(refit=False),
    )


def test_a_closed_form_and_a_task_are_chosen_for_each_other(follow: Follow, tiny_shop: Any, tmp_path: Path) -> None:
    split = ragx.data.default_split(tiny_shop)
    follow(
        "choose a model or a task that fits the other",
        lambda: closed().fit(value_problem(tiny_shop), stage(tmp_path)),
        lambda: closed().fit(split, stage(tmp_path)),
    )


def test_a_trained_model_of_users_and_items_gives_way_to_a_closed_form(
    follow: Follow, config_of: Callable[..., Any], command: Command, spent: Path
) -> None:
    from ragx.runner.run.cell import load_cell

    def fit() -> None:
        cell = load_cell(config_of(*TINY, *SPENT[:2], "trainer.stopping.monitor=mae"))
        assert isinstance(cell.learner, Trained)
        cell.learner.fit(cell.problem, stage(spent))

    follow("choose a model that learns from those, such as a closed form", fit, lambda: command("run", *TINY, *SPENT))


def test_fewer_items_fit_into_memory(
    follow: Follow, tiny_shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = ragx.data.default_split(tiny_shop)
    fewer = ragx.data.default_split(ragx.datasets.load("shop", num_users=60, num_items=20, num_days=60))
    learner = closed()
    needed = learner.model.needed_bytes(split.train)
    monkeypatch.setattr("ragx.learners.closed_form.free_memory", lambda: needed - 1)
    follow(
        "Fewer items, as by dataset.rules.filters, would fit",
        lambda: learner.fit(split, stage(tmp_path)),
        lambda: learner.fit(fewer, stage(tmp_path)),
    )


def test_a_run_that_ranks_nothing_is_asked_for_what_it_has(follow: Follow, follow_lines: Follow, spent: Path) -> None:
    run = ragx.load_run(spent, trust=["spent"])
    follow(
        "run.predictor gives what it predicts by",
        lambda: run.recommend(["u1"]),
        lambda: run.predictor(np.ones((2, 1))),
    )
    with pytest.raises(ValueError, match=f"`ragx evaluate run={spent.name}` its values"):
        ragx.evaluate(run)
    line = f"evaluate run={spent} trust=[spent]"
    follow_lines("expected no option of a ranking's evaluation", f"{line} metrics=[recall]", line)


def test_a_new_user_needs_a_model_with_layers(follow: Follow, command: Command, tmp_path: Path) -> None:
    def run(*options: str) -> ragx.Run:
        folder = options[0].removeprefix("model=")
        ended = command("run", *TINY, *options, f"runs={folder}")
        assert ended.status == 0, ended.err
        (path,) = (tmp_path / folder).glob("*/metrics.json")
        return ragx.load_run(path.parent)

    ease, layered = run("model=ease"), run("model=relevance_aware_graph")
    items = ease.split.train.items.ids.to_list()[:2]
    follow(
        "a closed form takes no new users; run a model with layers, such as model=relevance_aware_graph",
        lambda: ease.fold_in(items),
        lambda: layered.fold_in(items),
    )


def test_configurations_of_two_splits_are_rows_of_their_own(follow_lines: Follow, command: Command) -> None:
    """Else the choice would fall on the easier split, and the look would be spent on it."""
    sweep = f"sweep {' '.join(TINY)} model=ease split=random,time"
    ended = command(*f"{sweep} sweep.name=mixed".split())
    assert ended.status == 0, ended.err
    follow_lines(
        "make a row of each: sweep.rows=[",
        "final sweep=mixed",
        f"{sweep} sweep.name=apart sweep.rows=[split]",
        "final sweep=apart",
    )
    assert not Path("runs/sweeps/mixed/final.json").exists()
