"""What the pages name is there: dotted names, files of the repository and targets of links."""

import pkgutil
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DOTTED = re.compile(r"(?<![\w./-])ragx(?:\.[A-Za-z_]\w*)+")
FILE = re.compile(r"(?<![\w./])(?:ragx|tests|conf|scripts|docs|experiments)/[\w./-]*\w(?![\w<*/])")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def resolves(dotted: str) -> bool:
    """Say whether a dotted name is a module or leads to an attribute."""
    try:
        pkgutil.resolve_name(dotted)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_dotted_name_is_there(page: Path) -> None:
    assert [name for name in sorted({*DOTTED.findall(page.read_text())}) if not resolves(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_link_is_there(page: Path) -> None:
    text = page.read_text()
    assert [name for name in sorted({*FILE.findall(LINK.sub("", text))}) if not (ROOT / name).exists()] == []
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("ragx.data", True), ("ragx.layers.NGCFConv", True), ("ragx.runs.trusted", True)),
        *(("ragx.layers.NGCFConv.message", True), ("ragx.layers.NGCFConv.mesage", False)),
        *(("ragx.data.identifiers", False), ("ragx.nowhere.page", False)),
    ],
)
def test_a_name_that_is_gone_is_seen(name: str, expected: bool) -> None:
    assert resolves(name) is expected


def test_the_table_of_ones_own_has_keys_of_the_table() -> None:
    (block,) = re.findall(
        r"```yaml\n(# @package _global_\ntitle:.*?)```", (ROOT / "docs" / "sweeps.md").read_text(), re.S
    )
    known = yaml.safe_load((ROOT / "conf" / "table.yaml").read_text())
    assert yaml.safe_load(block).keys() <= known.keys()
