"""Survival, associations and models of derived columns answer as if the data had these columns."""

import pytest

from disclosure import Policy, Statistic, Verdict, assess
from disclosure.frame import ols
from tests.disclosure.kinds import curve, people, ratio

STANDARD = Policy.preset("standard")
DERIVED = {"late": "t * 2", "well": "ill == 0", "band": "'high' if x > 50 else 'low'"}
WRITTEN = {
    "late": lambda data: data.t * 2,
    "well": lambda data: data.ill == 0,
    "band": lambda data: (data.x > 50).map({True: "high", False: "low"}),
}
QUESTIONS = {
    "survival": lambda **more: Statistic.survival(
        "d", "late", "e", by=["band"], at=[20, 50], unit="u", **more
    ),
    "association": lambda **more: Statistic.association("d", "odds_ratio", ("well", "e"), unit="u", **more),
    "model": lambda **more: Statistic.model("d", kind="ols", formula="y ~ late + C(band)", unit="u", **more),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_the_answer_is_that_of_data_with_these_columns(kind):
    data = people()
    derived = assess(QUESTIONS[kind](derive=DERIVED), data, STANDARD)
    plain = assess(QUESTIONS[kind](), data.assign(**WRITTEN), STANDARD)
    assert derived.cells.equals(plain.cells)
    assert derived.findings == plain.findings
    assert Statistic.from_json(derived.statistic.to_json()) == derived.statistic


def test_a_model_reads_what_a_unit_did_in_all_its_rows():
    data = people(600).assign(u=lambda found: found.index // 3)
    stat = Statistic.model(
        "d", formula="y ~ visits + x", derive={"visits": "count(where=ill == 1)"}, unit="u"
    )
    report = assess(stat, data, STANDARD)
    visits = data.groupby("u").ill.transform("sum")
    plain = assess(
        Statistic.model("d", formula="y ~ visits + x", unit="u"), data.assign(visits=visits), STANDARD
    )
    assert report.cells.equals(plain.cells)


def test_few_behind_a_derived_group_fail_as_in_a_plain_one():
    data = people()
    rare = float(data.x.nlargest(9).iloc[-1])
    words = {"derive": {"top": f"x >= {rare!r}"}, "by": ["top"]}
    for question in (curve(**words), ratio(**words)):
        assert assess(question, data, STANDARD).verdict is Verdict.FAIL
    formula = Statistic.model("d", formula="y ~ C(top)", derive=words["derive"], unit="u")
    assert assess(formula, data, STANDARD).verdict is Verdict.FAIL


def test_division_by_nought_in_a_derived_column_of_a_model_needs_a_person():
    data = people().assign(hours=lambda found: found.index % 7)
    stat = Statistic.model("d", formula="y ~ pace", derive={"pace": "x / hours"}, unit="u")
    found = assess(stat, data, STANDARD)
    assert found.verdict is not Verdict.PASS
    assert any("divides by nought" in finding.sentence for finding in found.findings)


def test_the_front_in_other_words_takes_derived_columns():
    found = ols("y ~ half", people(), unit="u", derive={"half": "x / 2"})
    assert "half" in found.report.cells["term"].tolist()
