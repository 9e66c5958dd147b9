"""A table's values by hand: means, spreads, ranks, gains, published numbers, what is refused and what is warned of."""

import re
from typing import Any

import pytest

from ragx.report.tables.build import build_table
from ragx.report.tables.cells import Column, Table
from ragx.report.tables.published import published_of
from ragx.report.tables.rows import Found, Group, Name
from ragx.report.tables.spec import TableSpec

NDCG = Column("shop", "ndcg@20")
RULES = '{"cold_users": "exclude", "conventions": "%s"}'


def run(name: str, seed: int, value: float | None, /, popular: float = 0.1, **change: Any) -> dict[str, Any]:
    return {
        **{"name": name, "folder": f"runs/{name}", "cell": name, "seed": seed, "dataset": "shop", "fingerprint": "f1"},
        **{"rules": RULES % "lightgcn", "refit": False, "source": None, "modules": "[]", "split": "time", "looks": 3},
        **{"train_rows": 9000, "validation_rows": 500, "test_rows": 501, "test_units": 317},
        **{"commit": "0123456789abcdef", "dirty": False, "per_unit_test": None, "per_unit_most_popular_test": None},
        **{"test/ndcg@20": value, "most_popular/test/ndcg@20": popular, **change},
    }


def group(label: str, *values: float | None, budget: Any = None, **change: Any) -> Group:
    runs = [run(f"{label}{seed}", seed, value, **change) for seed, value in enumerate(values)]
    dataset = str(runs[0]["dataset"])
    return Group((Name("", label),), {dataset: runs}, {} if budget is None else {dataset: budget})


def table(*groups: Group, published: Any = (), warnings: Any = (), **change: Any) -> Table:
    options: dict[str, Any] = {"metrics": ["ndcg@20"], **change}
    selection = Found(("",), list(groups), list(warnings))
    return build_table(selection, TableSpec(**options), [published_of(source) for source in published])


def test_mean_sample_deviation_and_gain_by_hand() -> None:
    popular, first, second = table(group("A", 0.20, 0.22, 0.24), group("B", 0.21, 0.21)).rows
    assert (popular.label, popular.cells[NDCG].spread.mean, popular.cells[NDCG].spread.count) == ("MostPop", 0.1, 1)
    assert first.cells[NDCG].spread.mean == pytest.approx(0.22)
    assert first.cells[NDCG].spread.std == pytest.approx(0.02)  # √((0.02² + 0 + 0.02²) / 2)
    assert second.cells[NDCG].spread.std == 0.0
    assert first.cells[NDCG].gain == pytest.approx(1.2)
    assert second.cells[NDCG].gain == pytest.approx(1.1)
    assert popular.cells[NDCG].gain is None


def test_gains_are_against_the_chosen_row() -> None:
    built = table(group("A", 0.22), group("B", 0.20), baseline="B")
    assert built.baseline == "B"
    gains = [row.cells[NDCG].gain for row in built.rows]
    assert gains == [pytest.approx(-0.5), pytest.approx(0.1), None]


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ((0.3, 0.2, 0.15), ["", "best", "second", ""]),
        ((0.3, 0.2, 0.2), ["", "best", "second", "second"]),
        ((0.3, 0.3, 0.2), ["", "best", "best", ""]),
        ((0.30001, 0.30004, 0.2), ["", "best", "best", ""]),
        ((0.05, 0.02, 0.01), ["best", "second", "", ""]),
    ],
)
def test_best_and_second_are_judged_as_printed_and_shared_by_ties(values: tuple[float, ...], ranks: list[str]) -> None:
    rows = table(*(group(label, value) for label, value in zip("ABC", values, strict=True))).rows
    assert [row.cells[NDCG].rank for row in rows] == ranks


def test_a_metric_of_which_more_is_not_better_has_no_best() -> None:
    values: dict[str, Any] = {"test/average_popularity@20": 5.0, "most_popular/test/average_popularity@20": 9.0}
    rows = table(group("A", 0.2, **values), metrics=["average_popularity@20"]).rows
    assert [row.cells[Column("shop", "average_popularity@20")].rank for row in rows] == ["", ""]


def test_of_a_metric_of_which_less_is_better_the_smallest_is_the_best_and_less_is_a_gain() -> None:
    values: dict[str, Any] = {"most_popular/test/gini@20": 0.8}
    groups = [group(label, 0.2, **values, **{"test/gini@20": gini}) for label, gini in (("A", 0.4), ("B", 0.6))]
    cells = [row.cells[Column("shop", "gini@20")] for row in table(*groups, metrics=["gini@20"]).rows]
    assert [cell.rank for cell in cells] == ["", "best", "second"]
    assert [cell.gain for cell in cells[1:]] == pytest.approx([0.5, 0.25])


def test_missing_values_and_fewer_seeds_are_warned_of() -> None:
    far = group("C", 0.2, dataset="far", fingerprint="f2")
    built = table(group("A", 0.20, 0.21), group("B", 0.20, None), far)
    assert "row C: no test value of ndcg@20 on shop; shown as –." in built.warnings
    assert "2 rows A; B: no test value of ndcg@20 on far; shown as –." in built.warnings
    assert "dataset shop: rows with fewer than 2 seeds: B (1)." in built.warnings
    assert NDCG not in built.rows[3].cells


def test_a_lead_within_the_spread_over_seeds_is_warned_of() -> None:
    built = table(group("A", 0.20, 0.22, 0.24), group("B", 0.205, 0.205))
    assert "ndcg@20 on shop: the spread over seeds exceeds the lead of A over B (0.015, std 0.02)." in built.warnings
    built = table(group("A", 0.09, 0.13), group("B", 0.30, 0.30))
    message = "ndcg@20 on shop: the spread over seeds exceeds the lead of A over MostPop (0.01, std 0.028)."
    assert message in built.warnings
    built = table(group("A", 0.20, 0.22), group("B", 0.10, 0.10))
    assert not any("spread" in warning for warning in built.warnings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"fingerprint": "f2"},
            "dataset shop: runs on 2 splits cannot stand in one column: f1 (A0, A1); f2 (B0). Keep one: where: "
            "{fingerprint: …}, or another sweep.",
        ),
        (
            {"rules": RULES % "trec"},
            "dataset shop: runs on 2 conventions cannot stand in one column: lightgcn with cold_users exclude (A0, "
            "A1); trec with cold_users exclude (B0). Keep one",
        ),
        (
            {"rules": '{"cold_users": "model", "conventions": "lightgcn"}'},
            "lightgcn with cold_users exclude (A0, A1); lightgcn with cold_users model (B0).",
        ),
    ],
)
def test_what_is_not_comparable_is_refused_with_the_names_of_runs(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        table(group("A", 0.2, 0.2), group("B", 0.2, **change))


def test_conventions_of_two_names_that_are_one_thing_may_stand_together() -> None:
    own = '{"cold_users": "exclude", "conventions": {"_target_": "ragx.evaluation.Conventions"}}'
    assert len(table(group("A", 0.2), group("B", 0.2, rules=RULES % "recbole"), group("C", 0.2, rules=own)).rows) == 4


def test_mixed_refits_are_warned_of_and_most_popular_is_that_of_most() -> None:
    built = table(group("A", 0.2, 0.2), group("B", 0.3, refit=True, popular=0.12))
    assert built.rows[0].cells[NDCG].spread.mean == 0.1
    assert any(
        "some rows were refitted on train and validation and some were not" in warning for warning in built.warnings
    )


PUBLISHED = {
    **{"dataset": "shop", "split": "the published one", "fingerprints": ["f1"], "conventions": "lightgcn"},
    "note": "Tuned on test.",
    "rows": [
        {"label": "A", "source": "Doe 2020", "ndcg@20": 0.25},
        {"label": "Far", "source": "Roe 2021", "ndcg@20": 0.26, "fingerprints": []},
        {"label": "Other metric", "source": "Poe 2022", "recall@5": 0.3},
    ],
}


def test_published_numbers_stand_beside_their_row_or_in_one_of_their_own() -> None:
    built = table(group("A", 0.2), group("B", 0.3), published=[PUBLISHED, PUBLISHED | {"dataset": "unused"}])
    _, first, second, far = built.rows
    assert (first.published.values, first.published.sources) == ({NDCG: 0.25}, {"shop": "Doe 2020"})
    assert (first.published.same_split, far.published.same_split) == ({"shop": "yes"}, {"shop": "no"})
    assert (far.kind, far.label, far.published.values) == ("published", "Far", {NDCG: 0.26})
    assert second.cells[NDCG].rank == "best"  # published values take no part
    assert "Published numbers of shop: the published one. Tuned on test." in built.notes
    assert table(group("A", 0.2, fingerprint="f9"), published=[PUBLISHED]).rows[1].published.same_split == {
        "shop": "no"
    }


def test_the_foot_names_data_seeds_protocol_looks_and_code() -> None:
    built = table(group("A", 0.2, 0.3, source="s1", dirty=True), group("B", 0.1, 0.1, source="s1"))
    assert list(built.notes) == [
        "Values of the test part: mean ± sample standard deviation over seeds 0, 1; best in bold, second underlined, "
        "as printed.",
        "gain: against MostPop; no row was tested against it.",
        "shop: split time, fingerprint f1; 9,000 train, 500 validation, 501 test interactions; 317 users evaluated.",
        "Protocol: ranking of the whole catalogue; conventions lightgcn, seen items masked, users without train "
        "interactions left out.",
        "The tested models were trained on train alone.",
        "The test part of split f1 has had 3 looks.",
        "Code: source s1; commit 0123456789 with changes, 0123456789.",
    ]


def test_how_many_users_are_measured_stands_in_the_foot_and_is_loud_where_they_are_few() -> None:
    many = table(group("A", 0.2, test_units_held_out=317, all_units=400))
    assert any(note.endswith(" 317 of 400 users make the test values; 317 have items there.") for note in many.notes)
    assert not [warning for warning in many.warnings if "measured" in warning]
    few = table(group("A", 0.2, test_units_held_out=320, all_units=943), group("B", 0.1))
    assert (
        few.warnings.count(
            "dataset shop: Fewer than half of the users are measured: 317 of 943 users make the test values: 320 have "
            "items there, of whom 3 have none in train and are left out."
        )
        == 1
    )


@pytest.mark.parametrize(
    ("budgets", "notes"),
    [
        ((6, 6), ["Every row was chosen from 6 configurations: equal budgets."]),
        ((6, 2), ["Budgets are unequal: A 6, B 2 configurations tried."]),
        ((6, None), ["Configurations tried is unknown for B."]),
        ((None, None), []),
    ],
)
def test_budgets_are_told(budgets: tuple[int | None, int | None], notes: list[str]) -> None:
    built = table(group("A", 0.2, budget=budgets[0]), group("B", 0.2, budget=budgets[1]))
    assert [note for note in built.notes if "udget" in note or "tried" in note] == notes


def test_rows_of_other_code_are_marked() -> None:
    built = table(group("A", 0.2, 0.2, source="s1"), group("B", 0.2, source="s2"))
    assert [row.other_code for row in built.rows] == [False, False, True]
    assert any(note.endswith("‡ made by other code than most rows: B.") for note in built.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"baseline": "AA"},
            "baseline: expected most_popular or the label of a row, got 'AA'. Did you mean 'A'? Rows: A.",
        ),
        (
            {"datasets": ["shops"]},
            "datasets: no row has a run on 'shops'; there are runs on shop. Did you mean 'shop'?",
        ),
    ],
)
def test_a_baseline_or_dataset_that_is_not_there_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        table(group("A", 0.2), **change)


def test_nothing_to_show_says_why() -> None:
    empty = Group((Name("", "A"),), {})
    with pytest.raises(ValueError, match=r"There is nothing to show: no row has .* test values\.\nrow A: no run fits"):
        table(empty, warnings=["row A: no run fits"])
    with pytest.raises(ValueError, match="MostPop is a row of every table"):
        table(group("MostPop", 0.2))
