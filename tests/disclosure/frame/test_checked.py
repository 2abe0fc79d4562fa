"""An answer in pandas' words shows its judgement, protects what it holds, and forgets nothing that was released."""

import pytest

from disclosure import DisclosureError, Verdict, cox, crosstab, kaplan_meier, logit, ols, poisson, probit
from disclosure.safe import WITHHELD
from tests.disclosure.frame.people import people, with_few

FAILED = crosstab(with_few(), "region", "tenure", unit="person", title="Homes")


def test_unsafe_cells_are_marked_in_their_place():
    assert FAILED.verdict is Verdict.FAIL
    assert FAILED.unsafe.loc["Isle"].tolist() == [True, True, True, True]
    assert not FAILED.unsafe.drop(index="Isle").to_numpy().any()
    assert FAILED.table.loc["Isle", "own"] == 3
    assert "unsafe: threshold" in FAILED._repr_html_()
    assert FAILED.findings == FAILED.report.findings


def test_a_protected_answer_shows_nothing_that_is_withheld():
    safe = FAILED.protect()
    assert safe.verdict is Verdict.REVIEW
    assert safe.table.loc["Isle", "own"] == WITHHELD
    assert ((safe.table == WITHHELD) == safe.unsafe).to_numpy().all()
    page = safe._repr_html_()
    assert "Homes, protected by suppress: REVIEW" in page
    assert "<td>3</td>" not in page
    assert page.count(WITHHELD) == int(safe.unsafe.to_numpy().sum())


def test_a_protected_answer_without_a_title_says_what_it_is():
    assert "data by region, protected by" in crosstab(with_few(), "region").protect()._repr_html_()


def test_protecting_again_begins_with_the_question():
    rounded = FAILED.protect().protect("round", base=10)
    assert rounded.safe.method == "round"
    assert WITHHELD not in rounded.table.to_numpy().ravel().tolist()


def test_a_protection_is_held_against_what_the_check_was_held_against():
    everyone_else = crosstab(with_few(), "region", unit="person", where="region != 'Isle'")
    earlier = [everyone_else.released("R1")]
    alone = crosstab(with_few(), "region", unit="person").protect("round")
    after = crosstab(with_few(), "region", unit="person", released=earlier).protect("round")
    assert (alone.verdict, after.verdict) == (Verdict.REVIEW, Verdict.FAIL)
    assert "differencing" in {finding.rule for finding in after.findings}
    with pytest.raises(DisclosureError):
        after.chart()


def test_what_is_released_is_what_is_shown():
    assert len(FAILED.released("R1").cells) == FAILED.table.size
    safe = FAILED.protect()
    assert len(safe.released("R2").cells) == int((~safe.unsafe).to_numpy().sum())


@pytest.mark.parametrize(
    ("fit", "formula", "more"),
    [
        (ols, "bill ~ x + C(region)", {}),
        (logit, "ill ~ x", {}),
        (probit, "ill ~ x", {}),
        (poisson, "ill ~ x", {}),
        (cox, "months ~ x", {"event": "ill"}),
    ],
)
def test_a_model_is_fitted_and_judged(fit, formula, more):
    found = fit(formula, people(), unit="person", policy="standard", **more)
    assert found.verdict is Verdict.PASS
    assert found.statistic.asks.kind == fit.__name__
    assert found.table.loc[("(1)", "coefficient", "x"), "n"] == 900
    assert not found.unsafe.to_numpy().any()
    assert found.unsafe.shape == found.table.shape


def test_a_curve_is_headed_by_its_groups_and_parts():
    found = kaplan_meier(people(), "months", "ill", by="region", at=[5, 10], unit="person")
    assert found.table.index.names == ["region", "part"]
    assert found.verdict is Verdict.PASS


def test_a_model_cannot_be_protected_piece_by_piece():
    with pytest.raises(DisclosureError) as caught:
        ols("bill ~ x", people(), unit="person").protect()
    assert caught.value.code == "unsuitable"


def test_an_answer_draws_itself_only_when_it_is_clean():
    with pytest.raises(DisclosureError) as caught:
        FAILED.chart()
    assert caught.value.code == "not_clean"
    assert FAILED.chart(draft=True).is_draft
    assert not FAILED.protect().chart("heatmap", title="Homes").is_draft
