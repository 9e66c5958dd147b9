"""Run folders by the beginning of their names."""

from pathlib import Path

import pytest

from ragx.report.find_run import find_run


def finished(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("run.json", "metrics.json"):
        (folder / name).write_text("{}")
    return folder


def test_a_beginning_that_only_one_finished_run_has_is_enough(tmp_path: Path) -> None:
    one = finished(tmp_path / "orders-Model-1a")
    finished(tmp_path / "shop-Model-1a")
    (tmp_path / "orders-Model-2b").mkdir()  # begun, not finished
    assert find_run(tmp_path / "orders") == one
    assert find_run(one) == one


def test_none_and_several_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a finished run, or the beginning of its name; found none"):
        find_run(tmp_path / "orders")
    finished(tmp_path / "orders-a")
    finished(tmp_path / "orders-b")
    with pytest.raises(ValueError, match=r"2 finished runs begin so: orders-a, orders-b\. Write more"):
        find_run(tmp_path / "orders")


def test_a_bare_name_is_looked_for_below_runs_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "runs" / "shop-model-12ab"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert find_run("shop-model-12ab") == find_run("shop-model-1") == Path("runs/shop-model-12ab")
    with pytest.raises(ValueError, match="elsewhere/shop-model: expected a finished run"):
        find_run("elsewhere/shop-model")
