"""The rules of the house, read from the source: one direction of imports, small files, plain names."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOUNDATION = (
    *("typing", "checks", "lazy", "cache", "random", "rows", "files", "notebook", "passwords", "former_names"),
    *("hints", "signatures", "parts", "compiler", "geometric"),
)
ORDER = (
    *FOUNDATION,
    *("data", "datasets", "graph", "kernels", "layers", "ranking", "metrics", "objectives", "models"),
    *("training", "evaluation", "learners", "tasks", "runs", "serving", "report", "testing", "runner", "__main__"),
)
STRANGERS = {("training", "evaluation"), ("evaluation", "training")}
ENGINE_FILES = {"training/engine.py", "training/step.py", "training/loop.py"}
"""The engine is chosen in one file; step and loop name its type alone."""

MOST_LINES, MOST_BODY, MOST_ARGUMENTS = 250, 40, 8
LONGER_FILES: dict[str, str] = {
    "tests/experiments/test_fuzz.py": "one small maker for each format of a file, side by side",
}
LONGER_BODIES: dict[str, str] = {}
MORE_ARGUMENTS: dict[str, str] = {
    "ragx/data/dataset.py:Dataset": "a record of all that reading gives; name and interactions alone are needed",
    "ragx/models/relevance_aware_graph.py:RelevanceAwareGraph": "sizes, parts and the ranking's three settings",
    "ragx/training/trainer.py:Trainer": "settings of the loop, one flat YAML node",
    "ragx/training/loop.py:Loop": "the mutable state of one training, made in one place",
    "ragx/training/state.py:FitResult": "a record of what a training came to, made in one place",
    "ragx/runs/sweeps/record.py:CellState": "a record of where a cell stands, every field with its default",
    "ragx/runner/search/settings.py:SearchSettings": "a record of what a search YAML says, checked",
    "ragx/serving/run.py:Run": "a record of all that a finished run gives back, made by load_run",
    "ragx/runner/commands/recommend.py:Options": "a record of a command line, one field for each option",
    "ragx/runner/commands/evaluate.py:Options": "the options of a command line, each by its name",
    "ragx/evaluation/comparison.py:Comparison": "a record of results that no caller makes",
    "ragx/evaluation/evaluate.py:EvaluationResult": "a record of results that no caller makes",
}

VAGUE_NAMES = {"place", "places", "found", "each", "said", "told", "heard", "go", "again", "here", "there"}
KEPT_NAMES = {"ragx/graph/graph.py:heard": "a property that layers of one's own read"}
PLAIN_PACKAGES = (
    *("data", "evaluation", "graph", "kernels", "layers", "learners", "metrics", "models", "objectives", "ranking"),
    *("experiments", "report", "runner", "runs", "serving", "tasks", "testing", "training"),
)
"""No name in them is vague, nor in their tests, in scripts, or in modules that lie directly in ragx and tests."""


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path) -> set[str]:
    """Return the dotted names of all modules a file imports, within functions too."""
    modules: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}: a relative import"
            modules.add(node.module or "")
            if node.module == "ragx":
                modules |= {f"ragx.{alias.name}" for alias in node.names}
    return modules


def place_of(module: str) -> str:
    """Return the package, or shared module, that a dotted name or a path below ragx/ belongs to."""
    return module.removeprefix("ragx.").split(".")[0]


def may_import(importer: str, imported: str) -> bool:
    return (importer, imported) not in STRANGERS and ORDER.index(imported) <= ORDER.index(importer)


def functions(tree: ast.AST, outer: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield outer + node.name, node
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from functions(node, f"{outer}{node.name}.")


def body_lines(node: ast.FunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def constructor_arguments(node: ast.ClassDef) -> int:
    """Return how many arguments a class is made with, those of a dataclass among them."""
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            return len(member.args.posonlyargs) + len(member.args.args) - 1 + len(member.args.kwonlyargs)
    decorators = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    if any(isinstance(mark, ast.Name) and mark.id == "dataclass" for mark in decorators):
        return sum(isinstance(member, ast.AnnAssign) and "ClassVar" not in ast.dump(member) for member in node.body)
    return 0


def bound_names(tree: ast.AST) -> set[str]:
    """Return the names of variables, arguments and functions that a file binds."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def tracked() -> list[Path]:
    try:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout")
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


def test_every_package_has_its_place_in_the_order() -> None:
    packages = {path.name for path in (ROOT / "ragx").iterdir() if (path / "__init__.py").is_file()}
    modules = {path.stem for path in (ROOT / "ragx").glob("*.py")} - {"__init__"}
    assert packages | modules <= set(ORDER), "a new package needs a place in ORDER"


def test_the_page_on_architecture_lists_every_package_in_this_order() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    packages = [name for name in ORDER if (ROOT / "ragx" / name / "__init__.py").is_file()]
    assert re.findall(r"^\| `ragx\.(\w+)` \|", page, re.MULTILINE) == packages


def test_imports_go_one_way() -> None:
    wrong = []
    for path in files("ragx"):
        importer = place_of(".".join(path.relative_to(ROOT / "ragx").with_suffix("").parts))
        if importer == "__init__":
            continue
        for module in sorted(imports_of(path)):
            if module.startswith("ragx.") and not may_import(importer, place_of(module)):
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert wrong == []


def test_the_front_door_imports_nothing_when_it_opens() -> None:
    top = [node for node in tree_of(ROOT / "ragx/__init__.py").body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in top] == ["from importlib.metadata import version", "import lazy_loader"]


def test_config_tracker_and_engine_are_named_where_they_belong() -> None:
    users: dict[str, set[str]] = {"hydra": set(), "omegaconf": set(), "wandb": set(), "lightning_fabric": set()}
    for path in files("ragx"):
        for module in imports_of(path):
            if (top := module.split(".")[0]) in users:
                users[top].add(str(path.relative_to(ROOT / "ragx")))
    assert all(name.startswith("runner/") for name in users["hydra"] | users["omegaconf"])
    assert users["wandb"] == {"training/wandb_tracker.py"}
    assert users["lightning_fabric"] == ENGINE_FILES
    outside = [path for path in files("experiments", "scripts") if {"wandb", "lightning_fabric"} & imports_of(path)]
    assert outside == []


def test_no_model_is_named_outside_models() -> None:
    """What trains, evaluates, keeps and serves models knows their contract alone."""
    allowed = {f"ragx.models.{name}" for name in ("node_model", "heads", "closed_form", "progress", "training_setup")}
    named: list[str] = []
    for path in files("ragx", "experiments"):
        inside = path.relative_to(ROOT).parts[:2] in (("ragx", "models"), ("ragx", "testing"), ("ragx", "tasks"))
        wrong = {module for module in imports_of(path) if module.startswith("ragx.models")} - allowed
        named += [f"{path.relative_to(ROOT)} imports {module}" for module in wrong if not inside]
    assert named == []


def test_no_task_or_metric_is_named_by_what_runs_them() -> None:
    """A new task or metric is a file of its own: nothing that runs, keeps or shows results asks which it is."""
    contracts = {
        "tasks": {"ragx.tasks.task"},
        "learners": {"ragx.learners.learner", "ragx.learners.given", "ragx.learners.parts", "ragx.learners.trying"}
        | {"ragx.learners.node_models"},
        "metrics": {f"ragx.metrics.{name}" for name in ("name", "direction", "known", "own", "recorded")},
    }
    named: list[str] = []
    for path in files("ragx/runner", "ragx/runs", "ragx/serving", "ragx/report", "experiments"):
        for package, allowed in contracts.items():
            wrong = {module for module in imports_of(path) if module.startswith(f"ragx.{package}")} - allowed
            named += [f"{path.relative_to(ROOT)} imports {module}" for module in wrong]
    assert named == []


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in _all_files()}
    assert {name for name, length in lengths.items() if length > MOST_LINES} == set(LONGER_FILES)


def test_bodies_are_short() -> None:
    longer = set()
    for path in _all_files():
        for name, node in functions(tree_of(path)):
            if body_lines(node) >= MOST_BODY:
                longer.add(f"{path.relative_to(ROOT)}:{name}")
    assert longer == set(LONGER_BODIES)


def test_constructors_take_few_arguments() -> None:
    larger = set()
    for path in files("ragx", "experiments"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and constructor_arguments(node) > MOST_ARGUMENTS:
                larger.add(f"{path.relative_to(ROOT)}:{node.name}")
    assert larger == set(MORE_ARGUMENTS)


def test_no_name_is_a_bare_rag() -> None:
    """In this ecosystem the word means retrieval-augmented generation."""
    bare = re.compile(r"(?<![A-Za-z])rag(?![a-z])|RAG(?![a-z])|(?<![A-Z])Rag(?![a-z])", re.ASCII)
    wrong = [str(path.relative_to(ROOT)) for path in tracked() if bare.search(path.stem)]
    for path in files("ragx", "experiments", "scripts", "tests"):
        classes = [node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]
        wrong += [f"{path.relative_to(ROOT)}:{name}" for name in classes if bare.search(name)]
    assert wrong == []


def test_names_say_what_a_thing_is() -> None:
    folders = [f"{top}/{name}" for top in ("ragx", "tests") for name in PLAIN_PACKAGES]
    paths = [*files("scripts", *folders), *(path for top in ("ragx", "tests") for path in (ROOT / top).glob("*.py"))]
    vague = set[str]()
    for path in paths:
        vague |= {f"{path.relative_to(ROOT)}:{name}" for name in VAGUE_NAMES & bound_names(tree_of(path))}
    assert vague == set(KEPT_NAMES), "name what it holds, such as column, matches, message, index, path or rerun"


def test_no_file_names_a_place_of_one_machine() -> None:
    machine_path = re.compile("|".join(f"/{folder}/" for folder in ("work", "root")) + r"|/home/(?!you\b)\w+/")
    wrong = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(ROOT)}: {match[0]}" for match in machine_path.finditer(text)]
    assert wrong == []


def _all_files() -> list[Path]:
    return files("ragx", "experiments", "scripts", "tests")
