"""Two models, or a model and a table, never isolate someone: in one item, and against what was released before."""

import numpy as np
import pytest

from disclosure import Released, Statistic, Verdict, assess
from tests.disclosure.models.people import STANDARD, found, model, people

DATA = people(1000, seed=5).assign(
    half=lambda table: table["id"] % 2,
    few=lambda table: (table["id"] < 60).astype(int),
    fewer=lambda table: (table["id"] < 57).astype(int),
    other=lambda table: (table["id"].between(500, 600)).astype(int),
)


def released(stat, data=DATA):
    """Release a statistic, as the platform stores it."""
    return Released.from_bytes(assess(stat, data, STANDARD).released("R1").to_bytes())


def after(one, other, data=DATA):
    """Return the report on one statistic after the release of another."""
    return assess(other, data, STANDARD, released=[released(one, data)])


def asked(formula, **rest):
    return Statistic.model("d", formula=formula, unit="id", **rest)


KINDS = [
    ("ols", "y ~ x + half", {}),
    ("logit", "e ~ x + half", {}),
    ("poisson", "c ~ x + half", {}),
    ("cox", "t ~ x + half", {"event": "died"}),
]


@pytest.mark.parametrize(("kind", "formula", "rest"), KINDS)
@pytest.mark.parametrize(("where", "isolates"), [("id != 7", True), ("id >= 9", True), ("id >= 20", False)])
def test_the_same_model_without_a_few_people_is_found(kind, formula, rest, where, isolates):
    whole, part = asked(formula, kind=kind, **rest), asked(formula, kind=kind, where=where, **rest)
    for one, other in ((whole, part), (part, whole)):
        report = after(one, other)
        assert (("differencing", "FAIL") in found(report)) is isolates
        assert report.cells["unsafe"].any() == isolates


@pytest.mark.parametrize(("kind", "formula", "rest"), KINDS)
def test_the_same_question_again_passes(kind, formula, rest):
    stat = asked(formula, kind=kind, **rest)
    assert after(stat, stat).verdict is Verdict.PASS


def test_a_person_lost_by_a_missing_value_is_found():
    data = DATA.assign(gap=DATA["x"].where(DATA["id"] != 7))
    assert ("differencing", "FAIL") in found(after(asked("y ~ x"), asked("y ~ gap"), data))
    assert found(after(asked("y ~ x"), asked("e ~ gap", kind="logit"), data)) == set()


@pytest.mark.parametrize(
    "formula", ["y ~ {}", "y ~ x + {}", "y ~ x + C({})", "log(y) ~ {} + half", "y ~ {}:half + x"]
)
def test_a_category_that_differs_by_a_few_people_is_found(formula):
    one, other = asked(formula.format("few")), asked(formula.format("fewer"))
    assert ("differencing", "FAIL") in found(after(one, other))
    assert ("differencing", "FAIL") not in found(after(one, asked(formula.format("other"))))


def test_a_table_of_means_and_a_model_that_is_one_are_compared():
    table = Statistic.table("d", by=["few"], measures={"m": ("mean", "y")}, unit="id", margins=False)
    assert found(after(table, asked("y ~ few"))) == set()
    assert ("differencing", "FAIL") in found(after(table, asked("y ~ fewer")))
    assert ("differencing", "FAIL") in found(after(asked("y ~ fewer"), table))
    assert ("differencing", "FAIL") in found(after(asked("y ~ 0 + C(fewer)"), table))
    assert found(after(table, asked("x ~ fewer"))) == set()


def test_a_filter_that_leaves_a_few_people_out_of_a_count_is_found():
    count = Statistic.table("d", unit="id", margins=False)
    assert ("differencing", "FAIL") in found(after(count, asked("y ~ x", where="id != 7")))


@pytest.mark.parametrize("kind", ["ols", "poisson"])
def test_models_side_by_side_are_compared_with_each_other(kind):
    response = "y" if kind == "ols" else "c"
    data = DATA.assign(gap=DATA["x"].where(DATA["id"] > 5), lost=DATA["x"].where(DATA["id"] > 10))
    for formulas, isolates in (
        (["{} ~ x", "{} ~ x + half"], False),
        (["{} ~ x", "{} ~ gap"], True),
        (["{} ~ x", "{} ~ lost"], False),
        (["{} ~ few + x", "{} ~ fewer + x"], True),
        (["{} ~ few + x", "{} ~ few + half"], False),
    ):
        report = model(data, [text.format(response) for text in formulas], kind=kind, unit="id")
        assert (("differencing", "FAIL") in found(report)) is isolates, formulas
    logarithm = ["y ~ few + x", "log(y) ~ fewer + x"]
    assert ("differencing", "FAIL") in found(model(data, logarithm, unit="id"))
    other = ["y ~ x", "e ~ gap"] if kind == "ols" else ["c ~ x", "id ~ gap"]
    assert ("differencing", "FAIL") not in found(model(data, other, kind=kind, unit="id"))


def test_models_of_different_groups_are_different_people():
    assert found(model(DATA, ["y ~ x", "y ~ x + half"], by=["b"], unit="id")) == set()


def test_too_many_categories_to_compare_are_never_passed_over(monkeypatch):
    monkeypatch.setattr("disclosure.models.block.MOST_PAIRS", 3)
    report = model(DATA, ["y ~ a + b", "y ~ a + few"], unit="id")
    assert ("check_failed", "REVIEW") in found(report)


def test_without_a_key_nothing_is_cleared():
    one = asked("y ~ x")
    rows = Statistic.model("d", formula="y ~ x", where="id != 7")
    assert ("check_failed", "REVIEW") in found(after(one, rows))


def test_the_sample_is_told_by_people_not_by_rows():
    data = DATA.loc[np.repeat(np.arange(1000), 2)].reset_index(drop=True)
    data["x"] += np.tile([0, 1.0], 1000)
    report = after(asked("y ~ x"), asked("y ~ x", where="id != 7"), data)
    assert "a single unit" in next(f.sentence for f in report.findings if f.rule == "differencing")


@pytest.mark.parametrize("person", [0, 500])
def test_halves_that_differ_by_a_person_are_found_however_they_are_coded(person):
    first = DATA["id"] < 500
    data = DATA.assign(one=first.astype(int), other=(first ^ (DATA["id"] == person)).astype(int))
    for formula in ("y ~ x + {}", "y ~ x + I(1 - {})", "y ~ {} + half"):
        for ours, theirs in (("one", "other"), ("other", "one")):
            report = after(asked("y ~ x + I(7 - 2 * " + ours + ")"), asked(formula.format(theirs)), data)
            assert ("differencing", "FAIL") in found(report), (formula, ours)
    side_by_side = model(data, ["y ~ x + one", "y ~ x + I(1 - other)"], unit="id")
    assert ("differencing", "FAIL") in found(side_by_side)


def test_more_halves_than_rows_to_spare_are_never_passed_over():
    draw = np.random.default_rng(2)
    halves = {f"h{index}": draw.permutation(1000) % 2 for index in range(12)}
    report = model(DATA.assign(**halves), "y ~ " + " + ".join(halves), unit="id")
    assert ("check_failed", "REVIEW") in found(report)
