"""What runs are called: labels that tell them apart, names that were given, and folders found by identity alone."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.checks import check_file_name
from ragx.evaluation.conventions import Conventions
from ragx.runner.commands.compared_runs import Compared, baseline_cell, by_label
from ragx.runner.run.cell import load_cell
from ragx.runner.run.execute import execute
from ragx.runner.run.label import LONGEST_LABEL, check_given_name, configuration_label, run_label
from ragx.runner.run.preflight import bind_parts
from ragx.runner.run.single import run_cell
from ragx.runner.run.speaker import Speaker
from ragx.runs.find import find_run, folders_of
from ragx.runs.trusted import Trusted

TINY = ("dataset.num_users=40", "dataset.num_items=30", "dataset.num_days=30", "dataset.events_per_user=10")
QUICK = (*TINY, "tracker=none", "trainer.max_epochs=1", "model.hidden_dim=4", "evaluation.intervals=false", "runs=runs")
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def config(config_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return a function that gives the config of a quick run in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *options: config_of(*QUICK, *options)


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ("", "shop-light-1l-softmax"),
        ("model=lightgcn objective=bpr", "shop-lightgcn-3l-bpr"),
        ("model=lightgcn model.readout=last", "shop-light-3l-bpr"),
        ("model=lightgcn graph=row", "shop-light-3l-bpr-row_norm"),
        ("layer=relevance_attention model.num_layers=2 seed=3", "shop-relevance_attention-2l-softmax-seed3"),
        ("layer=ngcf objective=sampled_softmax graph=recency", "shop-ngcf-1l-sampled_softmax-recency"),
        ("layer=gatv2 trainer.refit=true target_kind=buy", "shop-gatv2-1l-softmax-buy-refit"),
        ("layer=time_decay model.features=true", "shop-time_decay-1l-softmax-features"),
        ("model=mf", "shop-mf-bpr"),
        ("model=mf objective=bsl", "shop-mf-bsl"),
        ("model=lightgcn objective=xsimgcl", "shop-lightgcn-3l-xsimgcl"),
        ("model=ease", "shop-ease"),
        ("model=gf_cf", "shop-gfcf"),
        ("model=recently_popular", "shop-recently_popular"),
        ("model.num_layers=0", "shop-mf-softmax"),
        ("model=ngcf", "shop-ngcf-3l-bpr"),
        ("model=relevance_attention model.num_layers=1", "shop-relevance_attention-1l-softmax"),
        ("\"target_kind='add to cart'\"", "shop-light-1l-softmax-add_to_cart"),
        ("layer=custom layer._target_=torch_geometric.nn.LGConv", "shop-lg-1l-softmax"),
        ("name=my-run seed=1", "my-run"),
    ],
)
def test_a_label_says_what_a_run_is(options: str, label: str, config_of: Make) -> None:
    config = config_of(*shlex.split(options))
    plain = {name: part.as_dict() for name, part in bind_parts(config).items()}
    assert run_label(plain, "shop", config) == label


def test_parts_of_ones_own_are_called_by_their_class() -> None:
    parts = {"model": "my_models.DeepNet", "objective": "my_losses.Margin", "graph": "my_graphs.build"}
    config: dict[str, Any] = {name: {"_target_": path} for name, path in parts.items()}
    assert run_label(config, "my data", {}) == "my_data-DeepNet-Margin-build"
    of_task = {"task": {"_target_": "my_tasks.Spending"}, "model": {"_target_": "my_tasks.Ridge"}}
    assert configuration_label(of_task, {}) == "Spending-Ridge"
    config["model"] = {"_target_": "ragx.models.RelevanceAwareGraph", "num_layers": 2}
    config["layer"] = {"_target_": "my_layers.GatedConv"}
    assert configuration_label(config, {}) == "GatedConv-2l-Margin-build"
    assert configuration_label({"model": {"_target_": "ragx.models.MostPopular"}}, {}) == "most_popular"


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300)
PART = st.dictionaries(st.sampled_from(["_target_", "num_layers", "conv", "weight", "refit", "readout"]), VALUES)
PARTS = st.dictionaries(st.sampled_from(["model", "layer", "objective", "graph", "trainer"]), PART | VALUES)
SETTINGS = st.fixed_dictionaries({"seed": st.integers(-(2**63), 2**63 - 1), "features": VALUES, "target_kind": VALUES})


@given(PARTS, st.text(min_size=1, max_size=300), SETTINGS)
def test_a_label_can_be_the_name_of_a_folder_whatever_the_config_says(
    config: dict[str, Any], dataset: str, settings: dict[str, Any]
) -> None:
    label = run_label(config, dataset, settings)
    name = check_file_name("folder", f"{label}-0123456789")
    assert 0 < len(label.encode()) <= LONGEST_LABEL
    assert not {*" .:*?[]'\"\\/\n"} & {*name}
    assert label == run_label(config, dataset, settings)


@pytest.mark.parametrize("name", ["my-run", "run_2", "2024-run", "x" * 100, None])
def test_plain_names_are_taken(name: str | None) -> None:
    check_given_name(name)


@pytest.mark.parametrize("name", ["", "a/b", "..", "v1.2", "-x", "two words", "ünï", 7, True, "x" * 101, "a\n"])
def test_other_names_are_refused_before_anything_is_written(name: Any, config: Make, tmp_path: Path) -> None:
    expected = "name: expected null or at most 100 letters, digits, '_' and '-', no number alone"
    with pytest.raises(ValueError, match=expected):
        run_cell(config() | {"name": name}, quiet=True)
    assert not list(tmp_path.iterdir())


def test_the_folders_of_runs_tell_what_is_what(config: Make) -> None:
    for options in (["model=lightgcn", "objective=bpr"], ["layer=ngcf", "seed=1"], ["name=mine", "seed=2"]):
        run_cell(config(*options), quiet=True)
    names = sorted(path.name for path in Path("runs").iterdir())
    assert [name.rpartition("-")[0] for name in names] == ["mine", "shop-lightgcn-3l-bpr", "shop-ngcf-1l-softmax-seed1"]
    for name in names:
        record = json.loads(Path("runs", name, "run.json").read_text())
        assert (record["name"], record["identity"]) == (name, name.rpartition("-")[2])


def test_a_run_under_another_name_is_the_same_run(config: Make, capsys: pytest.CaptureFixture[str]) -> None:
    first = run_cell(config("name=one"), quiet=True)
    for options in (["name=two"], []):
        with Speaker(quiet=False) as speaker:
            cell = load_cell(config(*options))
            assert (cell.identity, cell.folder, cell.name) == (first.identity, first.folder, first.name)
            assert execute(cell, speaker) == "skipped"
        output = capsys.readouterr().out
        assert ("This run has a folder already and keeps it" in output) is bool(options)
    assert len(list(Path("runs").iterdir())) == 1


def test_an_unfinished_run_in_a_folder_of_an_earlier_version_is_taken_up(config: Make) -> None:
    folder = run_cell(config("trainer.max_epochs=2"), quiet=True).folder
    earlier = folder.rename(folder.with_name(f"shop-RelevanceAwareGraph-{folder.name[-10:]}"))
    record = json.loads((earlier / "run.json").read_text())
    del record["given_name"]
    (earlier / "run.json").write_text(json.dumps(record | {"name": earlier.name}))
    before = (earlier / "model.pt").read_bytes()
    for name in ("metrics.json", "model.pt"):
        (earlier / name).unlink()
    with Speaker(quiet=True) as speaker:
        cell = load_cell(config("trainer.max_epochs=2"))
        assert execute(cell, speaker) == "continued"
    assert (cell.folder, (earlier / "model.pt").read_bytes()) == (earlier, before)
    assert json.loads((earlier / "run.json").read_text())["name"] == earlier.name


def test_of_several_folders_the_finished_one_is_taken_and_said(
    config: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_cell(config(), quiet=True).folder
    begun, kept = Path("runs", f"a-{folder.name[-10:]}"), folder.with_name(f"{folder.name}.code-0123456789")
    begun.mkdir()
    kept.mkdir()
    assert folders_of(Path("runs"), folder.name[-10:]) == [folder, begun]
    assert run_cell(config()).folder == folder
    output = " ".join(capsys.readouterr().out.split())
    assert f"Several folders are this run: {folder} is taken, {begun} left as it is." in output
    assert find_run(folder.name[-10:-3]) == folder


def test_a_config_without_the_setting_still_runs(config: Make) -> None:
    earlier = config()
    del earlier["name"]
    assert load_cell(earlier).identity == load_cell(config("name=mine")).identity


def test_a_comparison_calls_configurations_by_their_labels_and_tells_those_alike_apart() -> None:
    config = {"model": {"_target_": "my_models.Base"}}
    records = [
        {"cell": "c1", "seed": 0, "identity": "1200000000", "config": config},
        {"cell": "c2", "seed": 0, "identity": "3400000000", "config": config},
        {"cell": "c3", "seed": 0, "identity": "9a9bfc1234", "config": config, "given_name": "my-run"},
        {"cell": "c3", "seed": 1, "identity": "9a9c000000", "config": config, "given_name": "my-run"},
        {"cell": "c4", "seed": 0, "identity": "5600000000", "config": config, "given_name": "most_popular"},
    ]
    metrics: dict[str, Any] = {"baseline": {"most_popular": {}}}  # whose name no run takes
    reads = [Compared(Path(f"shop-{record['identity']}"), record, Conventions(), metrics) for record in records]
    groups = by_label(reads)
    assert list(groups) == ["Base c1", "Base c2", "my-run", "most_popular c4"]
    assert groups["my-run"] == reads[2:4]
    assert baseline_cell("9a9", reads, Trusted()) == "c3"
