"""Every file of one's own that takes part counts, however it is imported, and a change is named."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragx.parts import bind
from ragx.runs.source_hash import changed_sources, hash_of_sources, modules_of_parts, source_hash, sources_of

FILES = {
    "own_shop/__init__.py": "def __getattr__(name):\n    import importlib\n"
    "    return getattr(importlib.import_module(__name__ + '.' + 'deep.conv'), name)\n",
    "own_shop/deep/__init__.py": "from . import beside_package\n",
    "own_shop/deep/beside_package.py": "x = 1\n",
    "own_shop/deep/conv.py": "from ..gains import gain\nfrom . import beside\nfrom .lazy import *\nimport own_flat\n"
    "class Conv:\n    def __init__(self, size: int = 1) -> None:\n        from .inside import late\n",
    "own_shop/deep/beside.py": "import own_shop.by_name\n",
    "own_shop/deep/lazy.py": "import importlib\nloaded = importlib.import_module('.literal', __package__)\n",
    "own_shop/deep/literal.py": "x = 1\n",
    "own_shop/deep/inside.py": "late = 1\n",
    "own_shop/gains.py": "gain = 1.0\n",
    "own_shop/by_name.py": "x = 1\n",
    "own_flat.py": "x = 1\n",
}
ASIDE = {"own_shop/unused.py": "x = 1\n", "own_other.py": "x = 1\n"}
CONFIG = {"layer": {"_target_": "own_shop.Conv"}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in {**FILES, **ASIDE}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0].startswith("own_")]:
        del sys.modules[name]


def modules() -> set[str]:
    return modules_of_parts(bind(CONFIG, {"layer": ()}))


def test_a_class_that_a_package_gives_on_is_followed_to_where_it_is_defined(folder: Path) -> None:
    assert modules() == {"own_shop", "own_shop.deep.conv"}


def test_nothing_is_imported_to_find_what_takes_part(folder: Path) -> None:
    sources = sources_of(["own_shop", "own_shop.deep.conv"])
    assert {name for name in sources if name.startswith("own_")} == {
        str(Path(name).with_suffix("")).replace("/", ".").removesuffix(".__init__") for name in FILES
    }
    assert not [name for name in sys.modules if name.startswith("own_")]


@pytest.mark.parametrize("name", [*FILES, *ASIDE])
def test_a_change_counts_where_the_file_takes_part_and_is_named(name: str, folder: Path) -> None:
    before = sources_of(modules())
    (folder / name).write_text({**FILES, **ASIDE}[name] + "# changed\n")
    after = sources_of(modules())
    module = str(Path(name).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    assert changed_sources(before, after) == (f"{module} changed" if name in FILES else "")
    assert (hash_of_sources(before) != hash_of_sources(after)) is (name in FILES)


STUBBED = {
    "own_kit/__init__.py": "import lazy_loader\n"
    "__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)\n",
    "own_kit/__init__.pyi": "from .base import Base\nfrom .other import Other\n__all__ = ['Base', 'Other']\n",
    "own_kit/base.py": "class Base:\n    def __init__(self, size: int = 1) -> None:\n        pass\n",
    "own_kit/other.py": "class Other:\n    pass\n",
    "own_layer.py": "from own_kit import Base\nclass Conv(Base):\n    pass\n",
    "own_plain.py": "import own_kit\nclass Conv(own_kit.Base):\n    pass\n",
}


@pytest.mark.parametrize("layer", ["own_layer", "own_plain"])
def test_a_base_class_that_a_package_gives_on_lazily_counts(folder: Path, layer: str) -> None:
    for name, text in STUBBED.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    importlib.invalidate_caches()
    own = modules_of_parts(bind({"layer": {"_target_": f"{layer}.Conv"}}, {"layer": ()}))
    before = sources_of(own)
    for name, says in (("base", "own_kit.base changed"), ("other", "")):
        (folder / f"own_kit/{name}.py").write_text(STUBBED[f"own_kit/{name}.py"] + "# changed\n")
        assert changed_sources(before, sources_of(own)) == says
        before = sources_of(own)
    assert "ragx.layers.relevance_conv" in sources_of(["ragx.layers.RelevanceConv"])


def test_what_was_added_or_is_gone_is_named(folder: Path) -> None:
    before = sources_of(modules())
    (folder / "own_shop/gains.py").write_text("import own_other\ngain = 1.0\n")
    after = sources_of(modules())
    assert changed_sources(before, after) == "own_shop.gains changed, own_other added"
    assert changed_sources(after, before) == "own_shop.gains changed, own_other gone"
    many = {f"m{number}": "1" for number in range(7)}
    assert changed_sources({}, many) == "m0 added, m1 added, m2 added, m3 added, m4 added and 2 more"


def test_a_hash_is_that_of_its_sources() -> None:
    some = ["ragx.layers.light_conv"]
    assert source_hash(some) == hash_of_sources(sources_of(some))
