"""Somebody's run folder is read as data by every command; passwords and odd seeds are refused before anything is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragx.runner.commands.compare import compare_runs
from ragx.runner.commands.evaluate import evaluate_run
from ragx.runner.commands.options import trusted
from ragx.runner.commands.reproduce import reproduce
from ragx.serving.run import load_run

OWN = "from ragx.layers.light_conv import LightConv\nclass MyConv(LightConv):\n    pass\n"
URI = "postgresql://me:hunter2@host/shop"
SQL = ("dataset=sql", "dataset.query='SELECT 1'", "dataset.columns.user=u", "dataset.columns.item=i")
Change = Callable[..., Path]


@pytest.fixture
def changed(trained_folder: Path, tmp_path: Path) -> Change:
    """Return a function that copies a trained run and changes its record: values by the path of their key."""

    def make(**values: Any) -> Path:
        folder = tmp_path / "runs" / trained_folder.name
        shutil.copytree(trained_folder, folder)
        record = json.loads((folder / "run.json").read_text())
        for path, value in values.items():
            *outer, last = path.split("__")
            node = record
            for name in outer:
                node = node[name]
            node[last] = value
        (folder / "run.json").write_text(json.dumps(record))
        return folder

    return make


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("part", ["dataset", "split", "graph", "layer", "model"])
def test_no_command_runs_what_a_run_folder_names(part: str, changed: Change, command: Any, tmp_path: Path) -> None:
    touch = {"_target_": "os.system", "command": f"touch {tmp_path / 'ran'}"}
    folder = changed(**{f"config__{part}": touch})
    status, _, err = command("recommend", f"run={folder}", "users=all")
    assert status == 2
    assert err.startswith(f"error: {part}._target_: the run folder names os.system, code of the module os")
    for call in (load_run, lambda path: reproduce([f"run={path}"])):
        with pytest.raises(ValueError, match="Where you know and trust that module, name it"):
            call(folder)
    assert not (tmp_path / "ran").exists()


def test_the_remedy_works(changed: Change, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_layers.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = changed(config__layer___target_="my_own_layers.MyConv")
    status, _, err = command("recommend", f"run={folder}", "users=all")
    assert status == 2
    remedy = err.rpartition("name it: ")[2].strip().rstrip(".")
    assert remedy == "trust=[my_own_layers]"
    assert command("recommend", f"run={folder}", "users=all", remedy).status == 0
    assert load_run(folder, trust=["my_own_layers"]).recommend(k=1).height > 0
    assert trusted("trust", "[a, b.c]").modules == ("a", "b.c")


@pytest.mark.parametrize("name", ["..", "../..", "/etc", "a/b", "", 7, None])
def test_a_name_that_leads_elsewhere_deletes_nothing(name: object, changed: Change, tmp_path: Path) -> None:
    folder = changed(name=name)
    before = files(tmp_path)
    for call in (lambda: reproduce([f"run={folder}"]), lambda: load_run(folder)):
        with pytest.raises(ValueError, match=r"run\.json: name: expected a name"):
            call()
    assert files(tmp_path) == before


@pytest.mark.parametrize("threads", [10**9, -1, "many", [2]])
def test_threads_of_a_run_folder_are_those_of_a_machine(threads: object, changed: Change) -> None:
    folder = changed(provenance__machine__threads=threads)
    for call in (evaluate_run, reproduce):
        with pytest.raises(ValueError, match="threads: expected null or a whole number from 1 to 4,096, got"):
            call([f"run={folder}"])


def test_a_provenance_that_is_none_is_damage(changed: Change) -> None:
    folder = changed(provenance__machine=["x"])
    for call in (evaluate_run, reproduce):
        with pytest.raises(ValueError, match=r"run\.json: expected provenance to hold mappings"):
            call([f"run={folder}"])


def test_a_reproduction_is_made_in_a_folder_of_its_own(changed: Change, tmp_path: Path) -> None:
    folder = changed()
    (tmp_path / "thesis" / folder.name).mkdir(parents=True)
    (tmp_path / "thesis" / folder.name / "run.json").write_text("mine")
    (folder.parent / "reproduced").symlink_to(tmp_path / "thesis")
    with pytest.raises(ValueError, match="expected a folder of reproductions, got a link"):
        reproduce([f"run={folder}"])
    (folder.parent / "reproduced").unlink()
    (folder.parent / "reproduced" / folder.name).mkdir(parents=True)
    (folder.parent / "reproduced" / folder.name / "thesis.tex").write_text("mine")
    with pytest.raises(ValueError, match="expected an earlier reproduction, got a folder of something else"):
        reproduce([f"run={folder}"])
    assert (tmp_path / "thesis" / folder.name / "run.json").read_text() == "mine"


def test_compare_runs_no_protocol_of_others(changed: Change) -> None:
    folder = changed()
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["evaluation"] = {"_target_": "os.system", "command": "true"}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(ValueError, match=r"evaluation\._target_: the run folder names os\.system"):
        compare_runs([f"runs=[{folder}]", "baseline=most_popular", "part=validation"])


@pytest.mark.parametrize(
    "options",
    [
        (*SQL, f"dataset.uri={URI}"),
        (*SQL, "dataset.uri='postgresql://host/shop?password=hunter2'"),
        (*SQL, "dataset.uri=postgresql%3A%2F%2Fme%3Ahunter2%40host%2Fshop"),
        (*SQL, "dataset.uri=${oc.env:SHOP_URI}"),
        (*SQL, "dataset.uri=sqlite:shop.db", f'dataset.query="SELECT dblink({URI})"'),
        ("tracker=wandb", f"tracker.project={URI}"),
        ("tracker=wandb", "+tracker.api_key=hunter2"),
        ("-m", *SQL, f"dataset.uri={URI}"),
        ("-m", *SQL, "dataset.uri=${oc.env:SHOP_URI}"),
        ("-m", "tracker=none", "+hydra.job.env_set.PGPASSWORD=hunter2"),
    ],
)
def test_a_password_is_refused_before_anything_is_written(
    options: tuple[str, ...], command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URI", URI)
    status, out, err = command("run", *options)
    assert status == 2, out
    assert "expected no password, since configs are written into run folders" in err, err
    assert "hunter2" not in out + err
    assert files(tmp_path) == set()


@pytest.mark.parametrize("seed", ["1" * 23, str(2**63), str(-(2**63) - 1)])
def test_a_seed_that_no_table_takes_is_refused(seed: str, command: Any, tmp_path: Path) -> None:
    for options in ((f"seed={seed}",), ("-m", f"seeds=[0,{seed}]")):
        status, _, err = command("run", *options, "tracker=none")
        assert status == 2
        assert "expected a whole number from -2^63 to 2^63 - 1" in err
    assert files(tmp_path) == set()


@pytest.mark.parametrize("seed", [10**23, -(10**23), "1", 1.5, True])
def test_an_edited_seed_is_named_by_every_command(seed: object, changed: Change) -> None:
    folder = changed(seed=seed)
    for call in (load_run, lambda path: reproduce([f"run={path}"]), lambda path: evaluate_run([f"run={path}"])):
        with pytest.raises(ValueError, match=r"run\.json: expected seed to be a whole number from -2\^63 to 2\^63 - 1"):
            call(folder)
