"""Where every rule is run: at each level of unit that it counts, and never to a pass when it cannot."""

import numpy as np
import pandas as pd
import pytest

from disclosure import Statistic, Verdict
from disclosure.judgement import judged
from disclosure.result import Finding, count_of, unsafe_rules, worst
from disclosure.rules import BY_UNIT, RULES, failed, failed_check, judge
from disclosure.sample import Behind, Sample
from tests.disclosure.rules.made import LONG, SHORT, STANDARD, asked, evidence

FAIL, REVIEW = Verdict.FAIL, Verdict.REVIEW
SMALL = "Fewer than 10 units stand behind 1 cell"
BROKEN = "The rule broken could not run, so a person must look; report it to the platform's operators."


def threshold(_stat, evidence, _policy):
    """A rule that counts units, by its name; its sentence ends in a capital letter and a full stop."""
    yield Finding("threshold", (int(evidence.units[0]),), "As in scenario X.", FAIL)


def group(_stat, _evidence, _policy):
    """A rule that counts no units, by its name."""
    yield Finding("group", (), "Everyone is in one level.", FAIL)


def broken(_stat, _evidence, _policy):
    yield Finding("broken", (), "half way", FAIL)
    raise KeyError("secret 4711")


def test_a_rule_that_counts_units_says_by_which_level_where_there_are_several():
    stat = asked(unit=(LONG, "home"))
    home = asked(unit="home")
    cells = evidence([5], [1], coarser=((home, evidence([5], [0])),))
    assert judge(stat, cells, STANDARD, (threshold, group)) == (
        Finding("threshold", (1,), f"As in scenario X (units counted by {SHORT!r}).", FAIL),
        Finding("group", (), "Everyone is in one level.", FAIL),
        Finding("threshold", (0,), "As in scenario X (units counted by 'home').", FAIL),
    )


def test_with_one_level_of_unit_sentences_stay_as_they_are():
    for stat in (asked(), asked(unit="u")):
        assert judge(stat, evidence([5], [1]), STANDARD, (threshold, group)) == (
            Finding("threshold", (1,), "As in scenario X.", FAIL),
            Finding("group", (), "Everyone is in one level.", FAIL),
        )


def test_what_the_data_did_not_let_us_check_is_said_at_each_level():
    stat, home = asked(unit=("u", "home")), asked(unit="home")
    coarser = evidence([50], problems=("Some rows name no unit.",))
    cells = evidence([50], problems=("Some values are infinite.",), coarser=((home, coarser),))
    assert judge(stat, cells, STANDARD) == (
        Finding("check_failed", (), "Some values are infinite.", REVIEW),
        Finding("check_failed", (), "Some rows name no unit (units counted by 'home').", REVIEW),
    )


def test_every_rule_runs_by_itself_at_each_level():
    home = asked(unit="home")
    cells = evidence([50, 50], coarser=((home, evidence([50, 50], [9, 50])),))
    assert judge(asked(unit=("u", "home")), cells, STANDARD) == (
        Finding("threshold", (0,), f"{SMALL} (units counted by 'home').", FAIL),
    )


def test_a_rule_that_breaks_half_way_is_looked_at_and_says_nothing_of_the_data():
    assert judge(asked(), evidence([50]), STANDARD, (broken, broken, group)) == (
        Finding("check_failed", (), BROKEN, REVIEW),
        Finding("group", (), "Everyone is in one level.", FAIL),
    )
    assert failed("broken") == failed_check(BROKEN)


def test_every_rule_counts_units_or_is_known_to_look_at_rows_or_labels_alone():
    names = [rule.__name__ for rule in RULES]
    assert len(set(names)) == len(names)
    assert set(names) - BY_UNIT == {"zero", "all_equal", "group", "identifier"}
    assert set(names) >= BY_UNIT


def test_rules_on_an_answer_are_handed_its_facts_and_run_like_any_other():
    def threshold(facts, policy):
        yield Finding("threshold", (0,), f"{facts} is below {policy.min_units}.", FAIL)

    def broken(facts, policy):
        raise ZeroDivisionError(facts)

    sample = Sample(((((), np.arange(3))),), 0, {}, {}, None, (), None, 3, ("One problem.",), ())
    cells = pd.DataFrame({"n": [3], "units": [3]})
    behind = Behind(sample, (np.arange(3),))
    stat = Statistic.survival("d", "t", "e", at=[1])
    table, found, back = judged(stat, STANDARD, (cells, behind), facts="five", rules=(threshold, broken))
    assert table is cells
    assert back is behind
    assert found == (
        Finding("check_failed", (), "One problem.", REVIEW),
        Finding("threshold", (0,), "five is below 10.", FAIL),
        Finding("check_failed", (), BROKEN, REVIEW),
    )


@pytest.mark.parametrize(("cells", "said"), [((), "0 cells"), ((4,), "1 cell"), ((1, 2), "2 cells")])
def test_cells_are_counted_in_words(cells, said):
    assert count_of(cells) == said


def finding(rule, verdict, *cells):
    return Finding(rule, cells, "…", verdict)


def test_the_worst_finding_is_the_verdict_and_nothing_found_is_a_pass():
    review, fail = finding("a", REVIEW), finding("b", FAIL)
    assert worst([]) is Verdict.PASS
    assert worst([review]) is REVIEW
    assert worst([review, fail]) is worst([fail, review]) is FAIL


def test_only_what_fails_makes_a_cell_unsafe_and_each_rule_stands_once():
    found = [
        finding("b", REVIEW, 0),
        finding("b", FAIL, 1, 2),
        finding("a", FAIL, 1),
        finding("b", FAIL, 1),
        finding("c", REVIEW, 1),
        finding("c", FAIL),
    ]
    assert unsafe_rules(found, 4) == [(), ("b", "a"), ("b",), ()]
