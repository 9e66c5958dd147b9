"""Run folders by the beginning of their names."""

from pathlib import Path

import pytest

from ragx.runs.find import find_run


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
    with pytest.raises(
        ValueError, match="expected a finished run, or the beginning of its name or identity; found none"
    ):
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


def test_the_beginning_of_an_identity_is_enough_too(tmp_path: Path) -> None:
    one = finished(tmp_path / "ml-100k-lightgcn-3l-bpr-9a9bfc1234")
    other = finished(tmp_path / "my-run-9a00000000")
    finished(tmp_path / "my-run-9a00000000.code-9a9bfc5678")
    finished(tmp_path / "9a-data-light-1l-softmax-ffff000000")
    assert find_run(tmp_path / "9a9") == find_run(tmp_path / "9a9bfc1234") == one
    assert find_run(tmp_path / "9a0") == other
    assert find_run(tmp_path / "9a").name == "9a-data-light-1l-softmax-ffff000000"  # names come first
    (tmp_path / "9a-data-light-1l-softmax-ffff000000" / "metrics.json").unlink()
    with pytest.raises(ValueError, match="2 finished runs begin so: ml-100k-lightgcn-3l-bpr-9a9bfc1234, my-run-9a0"):
        find_run(tmp_path / "9a")
    with pytest.raises(ValueError, match="or the beginning of its name or identity; found none"):
        find_run(tmp_path / "bfc1234")  # the end of one
