"""What a search is asked to do, checked, and compared with what one of the same name was asked before."""

from dataclasses import dataclass
from typing import Any

from ragx.checks import check, did_you_mean
from ragx.runner.run.settings import check_name, check_settings
from ragx.runner.search.space import Distribution, distributions
from ragx.runs.files import read_json, write_json
from ragx.runs.sweeps.record import SweepRecord

NAMES = ("name", "trials", "startup", "seeds", "rows", "space")
OWN = ("search", "+search", "~search")
PLACES = ("runs", "name", "tracker", "hydra", "reuse", "resume")
"""Options that decide nothing about a result."""


@dataclass(frozen=True)
class SearchSettings:
    """The checked settings of a search.

    Args:
        name: of its folder.
        trials: configurations tried for every row.
        startup: of these, how many are drawn at random first.
        seeds: seeds of every trial.
        rows: label → options.
        space: option → what it is drawn from.
        seed: key of all draws.
        given: options of every trial.
        written: the space as it was written.
    """

    name: str
    trials: int
    startup: int
    seeds: int
    rows: dict[str, list[str]]
    space: dict[str, Distribution]
    seed: int
    given: list[str]
    written: dict[str, Any]

    def keep(self, record: SweepRecord) -> None:
        """Write down what a search does, so that none of the same name goes on with something else.

        Raises:
            ValueError: what lies in the folder was begun with other settings, or is no search.
        """
        path = record.folder / "search.json"
        own = {
            "rows": self.rows,
            "space": self.written,
            "startup": self.startup,
            "seeds": self.seeds,
            "seed": self.seed,
            "options": sorted(option for option in self.given if not option.lstrip("+~").startswith(PLACES)),
        }
        other = "give this one a name of its own with search.name=…"
        if path.is_file():
            before = read_json(path)
            changed = [name for name, value in own.items() if before.get(name) != value]
            message = f"{', '.join(changed)} {'was' if len(changed) == 1 else 'were'} others when it was begun"
            check(not changed, f"search {self.name}: {message}; {other}.")
        else:
            check(not (record.folder / "sweep.json").is_file(), f"search {self.name}: a sweep is called so; {other}.")
            write_json(path, own)


def settings_of(plain: dict[str, Any], choices: dict[str, str], options: list[str]) -> SearchSettings:
    """Return the settings of a search.

    Args:
        plain: config of ``conf/search.yaml``.
        choices: the choice of every group.
        options: the command line.

    Raises:
        ValueError: one of them is at fault.
    """
    given = plain.pop("search", None)
    check(isinstance(given, dict), f"search: expected the name of a file in conf/search, got {given!r}.")
    for name in given:
        check(name in NAMES, f"search.{name}: unknown option.{did_you_mean(str(name), NAMES)}")
    check_settings(plain)
    check(plain["seeds"] is None, "seeds: the seeds of a search are those of every trial; write search.seeds=…")
    check(not plain["dry_run"], "dry_run: a search does not know its trials before it runs; leave it out.")
    check_name("search.name", given.get("name"))
    numbers = {name: _number(name, given.get(name)) for name in ("trials", "startup", "seeds")}
    return SearchSettings(
        name=given.get("name") or f"{choices['search']}-{choices['dataset']}",
        rows=_rows(given.get("rows")),
        space=_space(given.get("space")),
        seed=plain["seed"],
        given=[option for option in options if option.partition("=")[0] != "seed" and not option.startswith(OWN)],
        written=given["space"],
        **numbers,
    )


def _number(name: str, given: Any) -> int:
    fits = isinstance(given, int) and not isinstance(given, bool) and given >= 1
    check(fits, f"search.{name}: expected a whole number of at least 1, got {given!r}.")
    return int(given)


def _space(given: Any) -> dict[str, Distribution]:
    space = distributions(given)
    check("seed" not in space, "search.space.seed: seeds are no setting to choose; write search.seeds=…")
    return space


def _rows(given: Any) -> dict[str, list[str]]:
    wanted = "expected the label of every row with a list of its options, such as {deep: [model.num_layers=3]}"
    check(given is None or isinstance(given, dict), f"search.rows: {wanted}, got {given!r}.")
    rows = {str(label): options or [] for label, options in (given or {"": []}).items()}
    for label, options in rows.items():
        listed = isinstance(options, list) and all(isinstance(option, str) and "=" in option for option in options)
        check(listed, f"search.rows: {wanted}; row {label!r} has {options!r}.")
    return rows
