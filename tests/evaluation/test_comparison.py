from dataclasses import replace

from ragx.evaluation.comparison import Comparison, notes_on_tests
from ragx.evaluation.intervals import Interval

FOUND = Comparison(
    metric="ndcg@20", mean=0.2036, baseline_mean=0.2, difference=Interval(0.0036, 0.0028, 0.0044), effect_size=0.3,
    p_units=0.00002, p_seeds=0.0031, p_both=0.0012, seed_test="paired", num_seeds=(5, 5), p_adjusted=0.0062, family=2,
)  # fmt: skip


def test_the_sentence_names_the_test_the_family_and_the_seeds() -> None:
    assert FOUND.sentence() == "better by 1.8 % ± 0.4, p = .006 over seeds after Holm over 2 comparisons; 5 seeds"
    worse = replace(
        FOUND, difference=Interval(-0.0036, -0.0044, -0.0028), num_seeds=(5, 1), seed_test="one sample",
        p_both=0.0001, p_seeds=0.00004, p_adjusted=0.0002,
    )  # fmt: skip
    assert worse.sentence() == (
        "worse by 1.8 % ± 0.4, p < .001 over users and seeds after Holm over 2 comparisons; 5 seeds against 1; the "
        "single one is made without draws"
    )
    zero = replace(FOUND, baseline_mean=0.0, num_seeds=(1, 1), seed_test="single", p_seeds=None, p_both=None, family=1)
    assert zero.sentence() == (
        "better by 0.0036 ± 0.0008, p = .006 over users after Holm over 1 comparison; 1 seed; no p over seeds, as a "
        "single training does not tell its luck"
    )
    few = replace(FOUND, difference=FOUND.difference._replace(few=True))
    assert few.sentence().startswith("better by 1.8 % ± 0.4 (few users differ), p = .006")


def test_the_largest_p_value_is_that_of_the_finding() -> None:
    assert FOUND.p_values == {"users": 0.00002, "seeds": 0.0031, "users and seeds": 0.0012}
    assert FOUND.p_value == 0.0031
    assert replace(FOUND, p_both=0.04).p_value == 0.04


def test_what_a_reader_must_know_is_told_of_those_it_is_true_of() -> None:
    plain, *nothing = notes_on_tests([("A", FOUND), ("B", FOUND)])
    assert plain.startswith("p over users: paired t-test of the users' values")
    assert plain.endswith("after Holm over the 2 comparisons shown; its 95 % interval is the widest.")
    assert nothing == []
    single = replace(FOUND, seed_test="single", difference=FOUND.difference._replace(few=True))
    notes = notes_on_tests([("A", FOUND), ("B", single), ("B", single), ("C", replace(FOUND, seed_test="prediction"))])
    assert notes[1:] == [
        "A single training against several counts as one more draw, taken to vary as the others do: C.",
        "A single seed may be a lucky one, and no p over seeds says so: B.",
        "few: fewer than 50 users differ, so that intervals and p-values are rough: B.",
    ]
    assert notes_on_tests([(str(number), single) for number in range(10)])[1].endswith("6, 7 and 2 more.")
    rows = [("layers 1, heads 1", single), ("layers 1, heads 2", single)]
    assert notes_on_tests(rows)[1].endswith("says so: layers 1, heads 1; layers 1, heads 2.")
