"""What the config of somebody's run folder may name."""

import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ragx.learners.given import GIVEN
from ragx.parts import PartsError, bind
from ragx.runs.source_hash import source_hash
from ragx.runs.trusted import KINDS, Trusted

CONF = Path(__file__).parents[2] / "conf"
RULES = {"_target_": "ragx.data.EventRules"}
READER = {"_target_": "ragx.data.table_file", "path": "a.csv", "columns": {"user": "u", "item": "i"}}
PYG = {"_target_": "ragx.layers.PyGConv"}
LINES = {"_target_": "ragx.training.trackers.JsonLines", "path": "thesis.tex"}
SHELL = {"_target_": "os.system", "command": "true"}
TRAP = """
from pathlib import Path
from ragx.layers.light_conv import LightConv
Path(__file__).with_name("imported").touch()
class MyConv(LightConv):
    pass
"""


def refusal(group: str, node: Any, trust: tuple[str, ...] = ()) -> str:
    """Return what a part is refused with, or nothing where it binds."""
    try:
        bind({group: node}, {group: GIVEN[group]}, Trusted(trust))
    except PartsError as error:
        return str(error)
    return ""


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that appears once ``my_traps`` or a module in it is imported."""
    (tmp_path / "my_traps").mkdir()
    (tmp_path / "my_traps" / "__init__.py").write_text(TRAP)
    (tmp_path / "my_traps" / "layers.py").write_text(TRAP)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("my_traps", "my_traps.layers"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path / "my_traps" / "imported"


def test_every_part_of_a_run_has_a_kind() -> None:
    assert KINDS.keys() == GIVEN.keys()


def test_all_that_ragx_ships_loads_by_itself() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for group in GIVEN:
            for choice in sorted(file.stem for file in (CONF / group).glob("*.yaml")):
                config: Any = OmegaConf.to_container(compose("run", overrides=[f"{group}={choice}"]), resolve=True)
                if choice != "custom":
                    config["model"].pop("features", None)
                    text = refusal(group, config[group])
                    assert all("value is required" in line for line in text.splitlines()), f"{group}={choice}: {text}"


@pytest.mark.parametrize(
    ("group", "node"),
    [
        ("layer", SHELL),
        ("layer", {"_target_": "builtins.exec"}),
        ("layer", {"_target_": "subprocess.Popen", "args": ["true"]}),
        ("dataset", {"_target_": "torch.load", "f": "weights.pt"}),
        ("layer", {"_target_": "torch.nn.Linear"}),
        ("layer", {"_target_": "torch_geometric.nn.GCNConv"}),
        ("optimizer", {"_target_": "torch.optim.lr_scheduler.LambdaLR"}),
        ("layer", {"_target_": "torch.optim.Adam"}),
        ("layer", {"_target_": "ragx.layers.relevance_conv.nn.Linear"}),
        ("layer", {"_target_": "ragx.serving.run.torch.load"}),
        ("layer", {"_target_": "ragx.kernels.native.subprocess.run"}),
        ("layer", {"_target_": "ragx.hints.is_bearable"}),
        ("layer", {"_target_": "ragx.kernels.native.subprocess"}),
        ("dataset", {"_target_": "ragx.serving.run.load_run", "folder": "x"}),
        ("dataset", {"_target_": "ragx.data.readers.sql.read_query", "uri": "sqlite:x", "query": "DROP TABLE users"}),
        ("layer", {"_target_": "ragx.files.write_atomically", "path": "x", "write": 1}),
        ("layer", LINES),
        ("tracker", LINES),
        ("trainer", {"_target_": "ragx.training.keeper.Keeper"}),
        ("dataset", READER | {"rules": LINES}),
        ("dataset", READER | {"rules": SHELL}),
        ("dataset", READER | {"rules": RULES | {"filters": [SHELL]}}),
        ("dataset", READER | {"rules": RULES | {"filters": [RULES]}}),
        ("dataset", READER | {"users": RULES}),
        ("graph", {"_target_": "ragx.graph.build_graph", "weight": SHELL}),
        ("layer", PYG | {"conv": "os.system"}),
        ("layer", PYG | {"conv": "torch.nn.Linear"}),
        ("layer", PYG | {"conv": "torch_geometric.nn.summary"}),
        ("layer", PYG | {"conv": "torch_geometric.nn.GCN"}),
    ],
)
def test_code_that_is_no_part_of_ragx_is_refused(group: str, node: Any) -> None:
    message = refusal(group, node)
    assert "trust=[" in message or "cannot import" in message, message


def test_a_convolution_of_pyg_and_parts_within_parts_load() -> None:
    assert refusal("layer", PYG | {"conv": "torch_geometric.nn.SAGEConv"}) == ""
    core = {"_target_": "ragx.data.KCore", "users": 5, "items": 5}
    assert refusal("dataset", READER | {"rules": RULES | {"filters": [core]}}) == ""


def test_a_server_is_asked_where_databases_are_trusted() -> None:
    node = {"_target_": "ragx.data.sql_query", "query": "SELECT 1", "columns": {"user": "u", "item": "i"}}
    assert refusal("dataset", node | {"uri": "sqlite:shop.db"}) == ""
    for scheme in ("postgresql", "postgres", "PostgreSQL"):
        server = node | {"uri": f"{scheme}://shop@host/shop"}
        message = refusal("dataset", server, ("my_layers",))
        assert f"dataset.uri: the run folder names the server {scheme}://shop@host/shop" in message
        assert "let it be asked: trust=[my_layers,ragx.data.sql_query]." in message
        assert refusal("dataset", server, ("my_layers", "ragx.data.sql_query")) == ""


def test_a_module_of_ones_own_is_imported_once_it_is_named(trap: Path) -> None:
    node = {"_target_": "my_traps.layers.MyConv"}
    text = refusal("layer", node)
    assert "the run folder names my_traps.layers.MyConv, code of the module my_traps.layers that would be run" in text
    assert "trust=[my_traps.layers]" in text
    assert refusal("layer", node, ("my_trap",)) == text.replace("trust=[", "trust=[my_trap,")
    assert not trap.exists()
    assert refusal("layer", node, ("my_traps.layers",)) == ""
    assert trap.exists()
    assert refusal("layer", node, ("my_traps",)) == ""


@pytest.mark.parametrize("metric", ["my_traps.layers.gain", "my_traps.layers.gain@20"])
def test_a_metric_of_ones_own_is_imported_once_its_module_is_named(metric: str, trap: Path) -> None:
    protocol = {"_target_": "ragx.evaluation.Protocol", "metrics": ["recall", metric]}
    stopping = {"_target_": "ragx.training.Stopping", "monitor": metric}
    for group, node in (
        ("evaluation", protocol),
        ("trainer", {"_target_": "ragx.training.Trainer", "stopping": stopping}),
    ):
        message = refusal(group, node)
        assert f"the run folder names {metric}, code of the module my_traps.layers that would be run" in message
        assert not trap.exists()
    assert refusal("evaluation", protocol, ("my_traps",)) == ""


def test_what_a_trusted_module_imports_is_no_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_other_exports.py").write_text("from os import system\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    node = {"_target_": "ragx.evaluation.Protocol", "metrics": ["my_other_exports.system"]}
    assert "code of the module posix" in refusal("evaluation", node, ("my_other_exports",))


def test_a_trusted_module_does_not_bring_those_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_exports.py").write_text("from os import system\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "code of the module posix" in refusal("layer", {"_target_": "my_exports.system"}, ("my_exports",))


def test_a_source_hash_imports_nothing(trap: Path) -> None:
    assert source_hash(["my_traps.layers"]) != source_hash([])
    assert source_hash(["no.such", ""]) == source_hash([])
    assert source_hash(["my_traps.layers.MyConv.x"]) != source_hash([])  # of the packages around it, which are there
    assert not trap.exists()
    assert "my_traps" not in sys.modules


@pytest.mark.parametrize("name", ["", "my layers", "a/b", "../a", 7])
def test_what_is_trusted_is_the_name_of_a_module(name: Any) -> None:
    with pytest.raises(ValueError, match="trust: expected names of modules such as my_layers"):
        Trusted([name])


def test_one_name_may_stand_alone() -> None:
    assert Trusted("my_layers").modules == ("my_layers",)
