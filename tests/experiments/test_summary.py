"""What a person reads at the end of a run."""

from ragx.runner.run.summary import above_best, results_table


def test_what_lies_above_the_best_achievable_is_said_to_be_chance() -> None:
    def metrics(most_popular: float) -> dict[str, object]:
        return {
            "validation": {"recall@20": 0.3},
            "baseline": {"most_popular": {"validation": {"recall@20": most_popular}}},
            "best_achievable": {"validation": {"recall@20": 0.4}},
            "counts": {"validation": {"users": 26}},
        }

    assert above_best(metrics(0.4), "validation") == []
    (line,) = above_best(metrics(0.5), "validation")
    assert line.startswith("Above the best achievable: MostPop (recall@20). ")
    assert "what 26 users happened to do" in line


def test_what_a_run_was_chosen_by_stands_in_its_table() -> None:
    values = {"recall@20": 0.25, "ndcg@20": 0.125, "first_hit@20": 3.5}
    metrics = {"validation": values, "monitor": "first_hit@20", "baseline": {"most_popular": {"validation": values}}}
    headings = [str(column.header) for column in results_table("run", metrics, ["validation"]).columns]
    assert headings == ["", *(f"validation\n{name}" for name in values)]
