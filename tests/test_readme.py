"""What the README shows works as it stands there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from ragx.runner.run.preflight import bind_parts

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
RUNS = [line for line in COMMANDS if re.search(r"\bragx (run|sweep) ", line)]
DATA = re.findall(r"^ragx run .*$", (ROOT / "docs" / "data.md").read_text(), re.MULTILINE)
OWN = [line for line in RUNS if "my_layers" in line or "my_conf" in line]


def block(kind: str, needle: str) -> str:
    content: str = next(text for language, text in BLOCKS if language == kind and needle in text)
    return content


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_first_command_stands_before_line_20() -> None:
    first = next(number for number, line in enumerate(README.splitlines(), 1) if line.startswith("make run"))
    assert first < 20


def test_every_link_and_picture_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("line", [*(line for line in RUNS if line not in OWN), *DATA])
def test_every_command_composes_and_binds(line: str) -> None:
    overrides = shlex.split(line, comments=True)[2:]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config: Any = OmegaConf.to_container(compose("run", overrides=overrides), resolve=True)
    GlobalHydra.instance().clear()
    bind_parts(config)


def test_ones_own_orders_become_recommendations_in_three_commands(tmp_path: Path) -> None:
    done = run(tmp_path, str(ROOT / "scripts" / "example_orders.py"), "orders.csv")
    assert done.returncode == 0, done.stderr
    shown = block("csv", "customer,sku").splitlines()
    assert (tmp_path / "orders.csv").read_text().splitlines()[: len(shown)] == shown
    audit, train, recommend = (shlex.split(line) for line in block("sh", "ragx audit").splitlines())
    assert run(tmp_path, "-m", *audit).returncode == 0
    done = run(tmp_path, "-m", *train, "trainer.max_epochs=3", "tracker=none")
    assert done.returncode == 0, done.stderr
    done = run(tmp_path, "-m", *recommend)
    assert done.returncode == 0, done.stderr
    assert "customer-00042" in done.stdout
    folder = next((tmp_path / "runs").glob("orders-*"))
    script = block("python", "ragx.load_run").replace("runs/orders-light-1l-softmax-…", str(folder))
    (tmp_path / "lists.py").write_text(script)
    done = run(tmp_path, "lists.py")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lists.parquet").is_file()


def test_the_script_without_hydra_trains_and_recommends(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(block("python", "generated_shop"))
    done = run(tmp_path, "script.py")
    assert done.returncode == 0, done.stderr
    value, *items = done.stdout.splitlines()
    shown = re.fullmatch(r"EvaluationResult\(ndcg@20=(0\.\d{4}), recall@20=0\.\d{4}, users=[\d,]+\)", value)
    assert shown is not None, value
    assert float(shown[1]) > 0.06  # the most popular items reach 0.054
    assert len(items) == 2


def test_the_data_that_is_shown_by_name_loads(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(block("python", "ragx.datasets"))
    done = run(tmp_path, "script.py")
    assert done.returncode == 0, done.stderr
    names, data = done.stdout.splitlines()
    assert "'ml-100k'" in names
    assert re.fullmatch(r"Dataset\('shop', users=500, items=1,000, interactions=[\d,]+\) Split\(.*\)", data)


def test_the_layer_shown_is_short_and_keeps_the_contract(tmp_path: Path) -> None:
    layer = block("python", "class GatedConv")
    assert len(layer.splitlines()) < 25
    (tmp_path / "my_layers.py").write_text(layer)
    (tmp_path / "contract.py").write_text(block("python", "check_layer"))
    done = run(tmp_path, "contract.py")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", OWN)
def test_a_layer_of_ones_own_runs_from_another_folder(line: str, tmp_path: Path) -> None:
    (tmp_path / "my_layers.py").write_text(block("python", "class GatedConv"))
    (tmp_path / "my_conf" / "layer").mkdir(parents=True)
    (tmp_path / "my_conf" / "layer" / "gated.yaml").write_text(block("yaml", "GatedConv"))
    command = shlex.split(line, comments=True)
    small = ["dataset.num_users=120", "dataset.num_items=60", "dataset.num_days=60", "trainer.max_epochs=2"]
    done = run(tmp_path, "-m", *command, *small, "tracker=none")
    assert done.returncode == 0, done.stderr
    assert "best achievable" in done.stdout
