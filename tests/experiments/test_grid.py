"""From axes to cells: products and seeds, what cannot be and why, and every grid that comes with the house."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from ragx.runner.sweep.grid import Axis, axes_of, expand, seeds_of
from ragx.runs.sweeps.record import PlannedCell

CONF = Path(__file__).resolve().parents[2] / "conf"
SWEEPS = sorted(path.stem for path in (CONF / "sweep").glob("*.yaml"))
CELLS = {"depth_width_heads": 108, "edge_weights": 36, "loss_model": 72, "sharing": 4, "smoke": 24}
ATTENTION = ("layer=relevance_attention",)
Cells = list[PlannedCell]
Dropped = list[dict[str, str]]


class Grid:
    """A grid that can be asked for its axes and cells."""

    def __init__(self, *choices: str) -> None:
        self.config: DictConfig = compose("run", overrides=list(choices), return_hydra_config=True)
        self.loader = GlobalHydra.instance().config_loader()

    def axes(self, *texts: str) -> list[Axis]:
        params = dict(self.config.hydra.sweeper.params or {})
        return axes_of(self.loader, [*(f"{name}={values}" for name, values in params.items()), *texts])

    def expand(self, *texts: str) -> tuple[Cells, Dropped]:
        return expand(self.loader, self.config, self.axes(*texts), [])


@pytest.fixture
def grid() -> Iterator[Callable[..., Grid]]:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield Grid
    GlobalHydra.instance().clear()


def options(cells: Sequence[PlannedCell]) -> list[str]:
    return [" ".join(cell.overrides) for cell in cells]


def test_axes_are_options_with_all_their_values(grid: Callable[..., Grid]) -> None:
    axes = grid().axes("model.num_layers=1,2,1", "seed=3", "optimizer.lr=choice(0.1,0.2)", "model.hidden_dim=[8,16]")
    assert axes == [
        ("model.num_layers", ["model.num_layers=1", "model.num_layers=2"]),
        ("seed", ["seed=3"]),
        ("optimizer.lr", ["optimizer.lr=0.1", "optimizer.lr=0.2"]),
        ("model.hidden_dim", ["model.hidden_dim=[8,16]"]),
    ]
    assert dict(grid().axes("model.num_layers=range(1,4)"))["model.num_layers"][-1] == "model.num_layers=3"
    assert dict(grid().axes("graph=glob(r*)"))["graph"] == ["graph=recency", "graph=row"]


def test_the_command_line_overrules_an_axis_of_the_yaml(grid: Callable[..., Grid]) -> None:
    axes = dict(grid("sweep=smoke").axes("model.num_layers=3", "model.hidden_dim=8,16"))
    assert axes["model.num_layers"] == ["model.num_layers=3"]
    assert axes["model.hidden_dim"] == ["model.hidden_dim=8", "model.hidden_dim=16"]
    assert list(axes) == ["model.num_layers", "model.hidden_dim", "layer.heads"]


def test_runs_that_differ_by_name_alone_are_refused(grid: Callable[..., Grid]) -> None:
    with pytest.raises(ValueError, match="name: expected one name for all runs, whose hashes tell them apart, got 2"):
        grid().expand("name=one,two")
    cells, _ = grid().expand("name=one", "model.num_layers=1,2")
    assert [cell.overrides[0] for cell in cells] == ["name=one"] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer.lr=interval(0.1,0.2)", "optimizer.lr: a grid takes a list of values such as optimizer.lr=1,2,3."),
        ("graph=glob(x*)", r"graph=glob\(x\*\): no choice fits"),
    ],
)
def test_axes_without_values_are_refused(text: str, message: str, grid: Callable[..., Grid]) -> None:
    with pytest.raises(ValueError, match=message):
        grid().axes(text)


def test_cells_are_the_product_of_all_axes_and_seeds(grid: Callable[..., Grid]) -> None:
    cells, dropped = grid("seeds=2").expand("model.num_layers=1,2", "objective=bpr,in_batch_softmax")
    assert dropped == []
    assert options(cells) == [
        f"model.num_layers={layers} objective={objective} seed={seed}"
        for layers in (1, 2)
        for objective in ("bpr", "in_batch_softmax")
        for seed in (0, 1)
    ]
    assert [cell.seed for cell in cells] == [0, 1] * 4
    assert {cell.configuration for cell in cells[:2]} == {("model.num_layers=1", "objective=bpr")}


@pytest.mark.parametrize(
    ("seeds", "expected"), [("null", None), ("3", [0, 1, 2]), ("[4,2]", [4, 2]), ("[1,1,0]", [1, 0])]
)
def test_seeds_are_a_number_or_a_list(seeds: str, expected: list[int] | None, grid: Callable[..., Grid]) -> None:
    assert seeds_of(grid(f"seeds={seeds}").config, []) == expected


@pytest.mark.parametrize("seeds", ["0", "-1", "true", "x", "1.5", "[]", "[1,x]", "[true]", "{a:1}"])
def test_other_seeds_are_refused(seeds: str, grid: Callable[..., Grid]) -> None:
    with pytest.raises(ValueError, match=r"^seeds: expected null, a number from 1 or a list of seeds, got "):
        seeds_of(grid(f"seeds={seeds}").config, [])


def test_seed_is_an_axis_of_its_own_but_not_beside_seeds(grid: Callable[..., Grid]) -> None:
    cells, _ = grid().expand("seed=5,7")
    assert [(cell.seed, cell.configuration) for cell in cells] == [(5, ()), (7, ())]
    with pytest.raises(ValueError, match=r"^seeds and seed: give one of them"):
        grid("seeds=2").expand("seed=5,7")


def test_heads_that_do_not_divide_the_width_are_dropped_with_the_reason(grid: Callable[..., Grid]) -> None:
    cells, dropped = grid(*ATTENTION, "seeds=2").expand(*ATTENTION, "model.hidden_dim=16,12", "layer.heads=1,8")
    kept = [
        "model.hidden_dim=16 layer.heads=1",
        "model.hidden_dim=16 layer.heads=8",
        "model.hidden_dim=12 layer.heads=1",
    ]
    assert options(cells[::2]) == [f"{ATTENTION[0]} {option} seed=0" for option in kept]
    assert [cell["cell"] for cell in dropped] == ["model.hidden_dim=12 layer.heads=8"]
    assert "8 heads do not divide the width 12" in dropped[0]["reason"]
    assert "\n" not in dropped[0]["reason"]


def test_a_grid_of_which_nothing_is_left_says_why(grid: Callable[..., Grid]) -> None:
    with pytest.raises(
        ValueError, match="Nothing is left of the sweep: layer: heads: 8 heads do not divide the width 12"
    ):
        grid(*ATTENTION).expand(*ATTENTION, "model.hidden_dim=12", "layer.heads=8")


@pytest.mark.parametrize(
    ("choices", "axes", "message"),
    [
        ([], ["model.num_layers=1,x"], "model.num_layers: expected int, got 'x'"),
        ([], ["objective.temperature=0.1,0"], "objective: temperature: expected a number greater than 0"),
        ([], ["trainer.stopping.monitor=ndcg@20,ndgc@20"], "trainer.stopping.monitor: 'ndgc@20' is no metric"),
        ([], ["+x=1,2"], "x: unknown option"),
        ([], ["threads=1,0"], "threads: expected null or a whole number from 1 to 4,096, got 0"),
        ([], ["dry_run=maybe"], "dry_run: expected true or false, got 'maybe'"),
        (["sweep.rows=3"], [], "sweep.rows: expected a list of options such as .*, got 3"),
        (
            ["sweep.rows=[objectiv]"],
            ["objective=bpr"],
            "sweep.rows: 'objectiv' is no option .* Did you mean 'objective'",
        ),
        (["sweep.name=../x"], [], "sweep.name: expected null or a name of letters"),
        (["sweep.name=3"], [], "sweep.name: expected null or a name of letters"),
        (["+sweep.nmae=x"], [], "sweep.nmae: unknown option. Did you mean 'name'"),
        (["+search=objectives"], [], "-m: a search draws its trials itself"),
    ],
)
def test_a_wrong_value_is_an_error_and_no_cell_that_is_dropped(
    choices: list[str], axes: list[str], message: str, grid: Callable[..., Grid]
) -> None:
    with pytest.raises(ValueError, match=message):
        grid(*choices).expand(*axes)


def test_rows_are_named_by_what_was_chosen(grid: Callable[..., Grid]) -> None:
    cells, _ = grid("sweep.rows=[objective,model.num_layers,layer]").expand("objective=bpr", "model.num_layers=1,2")
    assert [cell.row for cell in cells] == ["bpr, model.num_layers=1, default", "bpr, model.num_layers=2, default"]


def test_the_number_of_cells_of_every_sweep_is_known() -> None:
    assert set(CELLS) == set(SWEEPS)


@pytest.mark.parametrize("name", SWEEPS)
def test_every_value_of_every_sweep_fits(name: str, grid: Callable[..., Grid]) -> None:
    made = grid(f"sweep={name}", *(["dataset=ml-100k"] if name == "depth_width_heads" else []))
    axes = made.axes(f"sweep={name}")
    seeds = seeds_of(made.config, axes)
    for index in range(max(len(values) for _, values in axes)):
        diagonal = [(axis, [values[min(index, len(values) - 1)]]) for axis, values in axes]
        cells, dropped = expand(made.loader, made.config, diagonal, [])
        assert (len(cells), dropped) == (len(seeds or [0]), [])


@pytest.mark.slow
@pytest.mark.parametrize("name", SWEEPS)
def test_every_sweep_expands(name: str, grid: Callable[..., Grid]) -> None:
    for extra in [[], ["dataset=ml-100k"]] if name == "depth_width_heads" else [[]]:
        cells, dropped = grid(f"sweep={name}", *extra).expand(f"sweep={name}", *extra)
        assert (len(cells), dropped) == (CELLS[name], [])
        assert len({cell.key for cell in cells}) == len(cells)


def test_a_misspelt_axis_is_one_line_and_nothing_is_run(command: Any, tmp_path: Path) -> None:
    tiny = ["dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=30", "tracker=none"]
    status, out, err = command("run", "-m", *tiny, "model.num_layer=1,2", "seeds=2")
    assert (status, out) == (2, "")
    assert err.startswith("error: model.num_layer: unknown option. Did you mean 'num_layers'?")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_threads_are_shared_out_among_workers(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:

    planned: list[str] = []

    def see(_: object, cells: Sequence[tuple[PlannedCell, dict[str, Any]]], dropped: object) -> None:
        planned.extend(str(config["threads"]) for _, config in cells)

    monkeypatch.setattr("ragx.runner.run.dry_run.print_dry_run", see)
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    for arguments in (
        ("hydra/launcher=joblib", "hydra.launcher.n_jobs=3"),
        ("hydra/launcher=joblib", "hydra.launcher.n_jobs=-1"),
        ("hydra/launcher=joblib", "threads=5"),
        (),
    ):
        assert command("run", "-m", "dry_run=true", "tracker=none", *arguments).status == 0
    assert planned == ["2", "1", "5", "None"]
