"""Names that users import: each by its package, when it is asked for, and nothing before."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STUBS = sorted((ROOT / "ragx").rglob("__init__.pyi"))
LAZY = '"""{}"""\n\nimport lazy_loader\n\n__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)\n'


def package_of(stub: Path) -> str:
    return ".".join(stub.parent.relative_to(ROOT).parts)


@pytest.mark.parametrize("stub", STUBS, ids=package_of)
def test_every_name_of_a_stub_is_there_listed_and_the_one_it_says(stub: Path) -> None:
    package = importlib.import_module(package_of(stub))
    names = {
        alias.name: node.module
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(names) == sorted(package.__all__)
    assert set(names) <= set(dir(package))
    for name, module in names.items():
        if module is not None:
            origin = importlib.import_module(f"{package.__name__}.{module}")
            assert getattr(package, name) is getattr(origin, name), name


@pytest.mark.parametrize("stub", STUBS, ids=package_of)
def test_a_package_does_nothing_but_give_names_on(stub: Path) -> None:
    source = stub.with_suffix(".py").read_text()
    docstring = ast.get_docstring(ast.parse(source), clean=False)
    if package_of(stub) != "ragx":
        assert source == LAZY.format(docstring)


def test_a_package_imports_nothing_before_a_name_is_asked_for() -> None:
    packages = ", ".join(package_of(stub) for stub in STUBS)
    code = f"import {packages}, sys; print([name for name in ('torch', 'polars', 'numpy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_a_name_that_is_not_there_is_said() -> None:
    import ragx

    with pytest.raises(AttributeError, match="No ragx attribute graf"):
        _ = ragx.graf  # type: ignore[attr-defined]


def test_configs_name_parts_by_their_public_names() -> None:
    targets = {
        target
        for path in (ROOT / "conf").rglob("*.yaml")
        for target in re.findall(r"_target_: (ragx\.[\w.]+)", path.read_text())
    }
    assert len(targets) > 40
    for target in targets:
        package, _, name = target.rpartition(".")
        assert package.count(".") == 1, target
        assert name in importlib.import_module(package).__all__, target
