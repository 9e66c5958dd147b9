"""What decides a result is in its identity and what does not is not; a run taken up on other ground stops."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragx.runner.commands.reproduce import differences
from ragx.runner.run.cell import load_cell
from ragx.runner.run.ground import changes_of_ground
from ragx.runner.run.single import run_cell

EVENTS = [f"u{number % 12},i{number * 7 % 31},{1_700_000_000 + 3600 * number}" for number in range(360)]
USERS = [f"u{number},{'old' if number < 6 else 'young'}" for number in range(12)]
ITEMS = [f"i{number},{number / 10}" for number in range(31)]
PLAIN = ("dataset=csv", "dataset.path=events.csv", "dataset.columns.time=time", "split=random", "tracker=none")
SMALL = ("trainer.max_epochs=2", "model.hidden_dim=4", "evaluation.intervals=false", "runs=runs")
TABLE = "{{_target_: ragx.data.AttributeTable, path: {0}.csv, id: id, columns: {{{1}}}}}"
TABLES = (
    f"dataset.users={TABLE.format('users', 'age: category')}",
    f"dataset.items={TABLE.format('items', 'price: number')}",
)
BY_AGE, DIVERSITY = "evaluation.groups=[age]", "evaluation.metrics=[recall,ndcg,diversity]"
Make = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("events.csv", "user,item,time", EVENTS)
    write("users.csv", "id,age", USERS)
    write("items.csv", "id,price", ITEMS)


def write(name: str, header: str, rows: list[str]) -> None:
    Path(name).write_text("\n".join([header, *rows]) + "\n")


def identity(make: Make, *options: str) -> tuple[str, str]:
    cell = load_cell(make(*PLAIN, *SMALL, *TABLES, *options))
    return cell.identity, cell.data


CHANGES: dict[str, Callable[[], None]] = {
    "a user's group": lambda: write("users.csv", "id,age", [USERS[0].replace("old", "young"), *USERS[1:]]),
    "an item's price": lambda: write("items.csv", "id,price", ["i0,9.5", *ITEMS[1:]]),
    "the order of users": lambda: write("users.csv", "id,age", USERS[::-1]),
    "the order of events": lambda: write("events.csv", "user,item,time", EVENTS[::-1]),
    "a time": lambda: write("events.csv", "user,item,time", ["u0,i0,1690000000", *EVENTS[1:]]),
}
READ = {"a user's group": (BY_AGE, "model.features=true"), "an item's price": (DIVERSITY, "model.features=true")}


@pytest.mark.parametrize("option", ["evaluation.groups=[activity]", BY_AGE, DIVERSITY, "model.features=true"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_table_counts_where_it_is_read_and_order_never(change: str, option: str, config_of: Make) -> None:
    before = identity(config_of, option)
    CHANGES[change]()
    after = identity(config_of, option)
    counts = change == "a time" or option in READ.get(change, ())
    assert (after != before) is counts


@pytest.mark.parametrize(
    ("option", "counts"),
    [
        ("evaluation.groups=[activity,popularity]", False),
        ("evaluation.cutoffs=[5]", False),
        ("evaluation.intervals=true", False),
        ("trainer.checkpoint_every=1", False),
        ("diagnostics=layers", False),
        ("resume=anyway", False),
        ("reuse=code", False),
        ("evaluation.conventions=recbole", True),
        ("evaluation.cold_users=popularity", True),
        ("optimizer.lr=0.5", True),
        ("seed=1", True),
        ("trainer.refit=true", True),
        ("split.test=0.3", True),
        ("target_kind=null", False),
    ],
)
def test_options_count_where_they_decide(option: str, counts: bool, config_of: Make) -> None:
    assert (identity(config_of, option) != identity(config_of)) is counts


def test_groups_of_a_changed_table_are_never_shown_as_those_of_the_old_one(config_of: Make) -> None:
    options = (*PLAIN, *SMALL, *TABLES, BY_AGE)
    first = run_cell(config_of(*options), quiet=True)
    rerun = run_cell(config_of(*options), quiet=True)
    assert rerun.folder == first.folder
    write("users.csv", "id,age", [line.replace("young", "middle") for line in USERS])
    second = run_cell(config_of(*options), quiet=True)
    groups = [json.loads((cell.folder / "metrics.json").read_text())["groups"] for cell in (first, second)]
    assert "young" in str(groups[0]) and "middle" not in str(groups[0])
    assert "middle" in str(groups[1]) and "young" not in str(groups[1])


def interrupted(make: Make, *options: str) -> Path:
    """Return the folder of a run that stands as if it had been killed after its last checkpoint."""
    folder = run_cell(make(*PLAIN, *SMALL, *options), quiet=True).folder
    (folder / "metrics.json").unlink()
    return folder


def test_a_run_taken_up_with_other_forms_stops_and_names_the_option_that_goes_on(
    config_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGX_FORMS", "weighted_sum=embedding_bag")
    folder = interrupted(config_of)
    before = (folder / "run.json").read_bytes()
    assert json.loads(before)["provenance"]["forms"]["weighted_sum"] == "embedding_bag"
    monkeypatch.setenv("RAGX_FORMS", "weighted_sum=reference")
    message = r"form of weighted_sum: embedding_bag then, reference now\. .* resume=anyway"
    with pytest.raises(ValueError, match=message):
        run_cell(config_of(*PLAIN, *SMALL), quiet=True)
    assert (folder / "run.json").read_bytes() == before
    run_cell(config_of(*PLAIN, *SMALL, "resume=anyway"), quiet=True)
    record = json.loads((folder / "run.json").read_text())
    assert record["taken_up"] == ["form of weighted_sum: embedding_bag then, reference now"]
    monkeypatch.setenv("RAGX_FORMS", "weighted_sum=embedding_bag")
    lines = differences(record, load_cell(config_of(*PLAIN, *SMALL)))
    assert "weighted_sum: reference then, embedding_bag now" in lines
    assert "taken up on other ground: form of weighted_sum: embedding_bag then, reference now" in lines


def test_a_lost_compiler_stops_a_run_that_is_taken_up(config_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragx.runs.provenance.compiler_version", lambda: "cc 12")
    interrupted(config_of)
    monkeypatch.setattr("ragx.runs.provenance.compiler_version", lambda: None)
    with pytest.raises(ValueError, match=r"compiler: cc 12 then, None now"):
        run_cell(config_of(*PLAIN, *SMALL), quiet=True)


def test_a_finished_run_and_one_without_a_checkpoint_do_not_stop(
    config_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_cell(config_of(*PLAIN, *SMALL), quiet=True).folder
    monkeypatch.setenv("RAGX_FORMS", "weighted_sum=reference")
    assert run_cell(config_of(*PLAIN, *SMALL), quiet=True).folder == folder
    for path in (folder / "metrics.json", folder / "train" / "last.pt", folder / "train" / "best.pt"):
        path.unlink()
    assert run_cell(config_of(*PLAIN, *SMALL), quiet=True).folder == folder
    assert json.loads((folder / "run.json").read_text())["taken_up"] == []


def test_what_was_not_written_then_is_not_compared() -> None:
    versions = dict.fromkeys(("torch", "torch-geometric", "torch-scatter", "numpy"), "2")
    machine = {"threads": 2, "compiler": "cc", "processor": "x"}
    now = {"versions": versions, "machine": machine, "forms": {"weighted_sum": "csr"}}
    assert changes_of_ground({}, now) == []
    then = {"versions": {"torch": "1"}, "machine": {"threads": 2, "compiler": "cc"}}
    assert changes_of_ground(then, now) == ["torch: 1 then, 2 now"]


def test_a_mistake_in_the_option_is_told(config_of: Make) -> None:
    with pytest.raises(ValueError, match="resume: expected one of same, anyway; got 'always'"):
        load_cell(config_of(*PLAIN, *SMALL, "resume=always"))


def test_a_run_set_aside_for_other_code_says_which_file_changed(
    config_of: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_of(*PLAIN, *SMALL)
    folder = run_cell(config, quiet=True).folder
    record = json.loads((folder / "run.json").read_text())
    record["sources"]["ragx.layers.light_conv"] = "other"
    (folder / "run.json").write_text(json.dumps(record | {"source": "0123456789"}))
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(metrics | {"source": "0123456789"}))
    run_cell(config_of(*PLAIN, *SMALL))
    output = " ".join(capsys.readouterr().out.split())
    assert "Other code (0123456789: ragx.layers.light_conv changed since) made what was here" in output
