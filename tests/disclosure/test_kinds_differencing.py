"""Who is behind a curve or association is compared with everything released before."""

import pytest

from disclosure import Statistic, Verdict, assess
from disclosure.released import Released
from tests.disclosure.kinds import KINDS, STANDARD, curve, every, people


@every
@pytest.mark.parametrize("by", [[], ["g"]])
def test_one_person_more_or_less_is_found(ask, by):
    data = people()
    earlier = assess(ask(by=by), data, STANDARD)
    assert earlier.verdict is Verdict.PASS
    kept = Released.from_bytes(earlier.released("R1").to_bytes())
    same = assess(ask(by=by), data, STANDARD, [kept])
    assert same.verdict is Verdict.PASS
    fewer = assess(ask(by=by), data.iloc[1:], STANDARD, [kept])
    assert (fewer.verdict, fewer.findings[0].rule) == (Verdict.FAIL, "differencing")
    assert "'R1'" in fewer.findings[0].sentence
    apart = assess(ask(by=by, where="u != 'p0'"), data, STANDARD, [kept])
    assert apart.verdict is Verdict.FAIL


@every
def test_a_person_whose_value_is_missing_is_told_by_a_table_of_everyone(ask):
    data = people()
    table = assess(Statistic.table("d", by=[], unit="u"), data, STANDARD).released("T1")
    for column in ("t", "ill", "x"):
        if column in ask().columns():
            data[column] = data[column].astype(float).mask(data["u"] == "p3")
            break
    report = assess(ask(), data, STANDARD, [table])
    assert any(finding.rule == "differencing" for finding in report.findings)


@every
def test_another_key_tells_contributors_apart(ask):
    data = people()
    kept = assess(ask(), data, STANDARD, key="audit").released("R1")
    assert kept.key == "audit"
    renamed = data.assign(u=[f"q{number}" for number in range(len(data))]).iloc[1:]
    report = assess(ask(), renamed, STANDARD, [kept], key="audit")
    assert any(finding.rule == "differencing" for finding in report.findings)
    unknown = assess(ask(unit=None), data, STANDARD, [kept])
    assert [finding.rule for finding in unknown.findings] == ["check_failed"]
    holes = data.assign(audit=data["audit"].mask(data["u"] == "p1"))
    report = assess(ask(), holes, STANDARD, [kept], key="audit")
    assert any(finding.rule == "check_failed" for finding in report.findings)


def test_groups_that_add_up_to_an_earlier_sample_but_for_one_are_found():
    data = people()
    kept = assess(curve(), data, STANDARD).released("R1")
    data.loc[0, "g"] = None
    report = assess(curve(by=["g"], where="not is_missing(g)"), data, STANDARD, [kept])
    assert (
        any(finding.rule == "differencing" for finding in report.findings) or report.verdict is Verdict.FAIL
    )


def test_two_definitions_of_an_event_that_differ_in_one_person_are_found():
    data = people()
    kept = assess(curve(), data, STANDARD).released("R1")
    other = data.assign(other=data["e"].where(data["u"] != "p0", 1 - data["e"]))
    stat = Statistic.survival("d", "t", "other", at=[10, 25], unit="u")
    report = assess(stat, other.assign(t=other["t"].where(other["u"] != "p0", 5.0)), STANDARD, [kept])
    assert any(finding.rule == "differencing" for finding in report.findings)


@pytest.mark.parametrize("event", [0, 1])
def test_two_curves_whose_times_differ_by_one_persons_are_found(event):
    data = people()
    data.loc[0, ["t", "e"]] = [9.95, event]
    kept = assess(curve(at=[10]), data, STANDARD).released("R1")
    report = assess(curve(at=[9.9]), data, STANDARD, [kept])
    assert report.verdict is Verdict.FAIL
    assert any(finding.rule == "differencing" for finding in report.findings)
    assert assess(curve(at=[25]), data, STANDARD, [kept]).verdict is Verdict.PASS


def test_a_table_of_those_still_at_risk_but_for_one_is_found():
    data = people()
    table = Statistic.table("d", by=[], unit="u", where="t > 10 and u != 'p7'")
    data.loc[data["u"] == "p7", "t"] = 50.0
    kept = assess(curve(), data, STANDARD).released("R1")
    assert any(finding.rule == "differencing" for finding in assess(table, data, STANDARD, [kept]).findings)


def test_a_person_moved_from_one_compared_group_to_the_other_is_found():
    data = people()
    kept = assess(KINDS["t_test"](), data, STANDARD).released("R1")
    data.loc[0, "ill"] = 1 - data.loc[0, "ill"]
    report = assess(KINDS["t_test"](), data, STANDARD, [kept])
    assert any(finding.rule == "differencing" for finding in report.findings)
