"""A question that counts rows for people, reads another project's keys, or hides a message in its own words."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

from disclosure import Policy, Statistic
from tests.attacks.deeds import derived, exact, released
from tests.builders import AUTHOR, House
from tre.domain.errors import BadInput
from tre.domain.ledger import ExactReason
from tre.domain.outputs import Mode, State
from tre.services.outputs import archive
from tre.services.outputs.asking import inspection
from tre.services.outputs.judging import Question, Table, answer
from tre.services.outputs.submit import Ask

ONE_PERSON_TWENTY_TIMES = """
    SELECT study_id, region, bill, 'row ' || row_number() OVER () AS line
    FROM linked, range(20) WHERE study_id = 's-East-1'
"""


def refused(house: House, code: str, *asks, **words) -> None:
    with pytest.raises(BadInput) as caught:
        house.submit(*asks, **words)
    assert caught.value.code == code


@pytest.mark.parametrize("unit", [None, "line", "region"])
def test_one_person_with_twenty_rows_is_no_crowd_under_whatever_unit(house: House, unit: str | None) -> None:
    run = derived(house, ONE_PERSON_TWENTY_TIMES)
    refused(house, "unit", exact(unit=unit), run=run)
    counted = house.reviewed(exact(), run=run)
    assert house.state(counted) is State.RETURNED


def test_a_table_of_the_extract_with_several_rows_a_person_is_not_counted_by_rows(house: House) -> None:
    run = derived(house, ONE_PERSON_TWENTY_TIMES)
    path = next((house.platform.extracts / house.project / "runs" / run).glob("*.parquet"))
    extract = house.put_extract()
    audit = house.platform.extracts / house.project / f"{extract.id}.audit.parquet"
    table = Table(path, hashlib.sha256(path.read_bytes()).hexdigest(), audit, "edition")
    asked = Statistic.table("linked", by=["region"], unit=None)
    with pytest.raises(BadInput) as caught:
        answer(Question(asked, Policy.preset("standard"), table), [], b"secret")
    assert caught.value.code == "unit"


def test_a_table_of_one_row_a_person_may_leave_the_unit_out(house: House) -> None:
    released(house, exact("linked", unit=None))


@pytest.mark.parametrize(
    "words", [{"by": ["audit_key"]}, {"where": "audit_key == 'a-s-East-1'"}, {"by": ["Audit_Key"]}]
)
def test_the_key_that_tells_people_apart_in_every_project_is_never_shown(
    house: House, words: dict[str, object]
) -> None:
    refused(house, "audit_key", exact("linked", **words))
    asked = Statistic.table("linked", **({"by": ["region"], "unit": "study_id"} | words))
    prepared = house.act(AUTHOR, inspection, "bills", asked.to_json(), platform=house.platform)
    with pytest.raises(BadInput) as caught:
        prepared.report()
    assert caught.value.code == "audit_key"


@pytest.mark.parametrize("name", ["audit_key", "AUDIT_KEY", "Audit_Key"])
def test_a_derived_column_under_the_audit_keys_name_does_not_hide_who_is_behind_a_table(
    house: House, name: str
) -> None:
    """With keys of the author's own, two tables that differ by one person would not be seen to overlap."""
    with pytest.raises(BadInput) as caught:
        derived(house, f"SELECT study_id, region, 'z' || uuid() AS {name} FROM linked")
    assert caught.value.code == "column_taken"


def test_the_check_itself_refuses_a_table_with_a_column_under_our_name(house: House) -> None:
    table = house.platform.home / "forged.parquet"
    duckdb.sql(
        f"COPY (SELECT 's-East-1' AS study_id, 'x' AS audit_key) TO '{table.as_posix()}' (FORMAT parquet)"
    )
    with pytest.raises(BadInput) as caught, archive.with_audit_keys(table, table):
        pytest.fail("it was opened")
    assert caught.value.code == "column_taken"


def test_two_runs_that_differ_by_one_person_are_seen_to_differ(house: House) -> None:
    everybody = derived(house, "SELECT study_id, region FROM linked")
    released(house, exact(), run=everybody)
    without = derived(house, "SELECT study_id, region FROM linked WHERE study_id <> 's-East-1'")
    second = house.reviewed(exact(), run=without)
    assert house.state(second) is State.RETURNED
    flagged = derived(
        house, "SELECT study_id, region, CAST(study_id = 's-East-1' AS INT) AS flag FROM linked"
    )
    third = house.reviewed(exact(where="flag == 0"), run=flagged)
    assert house.state(third) is State.RETURNED


@pytest.mark.parametrize(
    "label",
    ["repeat('secret', 5000)", "'a' || chr(27) || '[2J'", "'a' || chr(8238) || 'b'", "'a' || chr(10) || 'b'"],
)
def test_a_derived_label_is_short_and_printable(house: House, label: str) -> None:
    with pytest.raises(BadInput) as caught:
        derived(house, f"SELECT study_id, {label} AS region FROM linked")
    assert caught.value.code == "label_unreadable"


def test_a_derived_label_hides_no_message_in_a_nested_value(house: House) -> None:
    with pytest.raises(BadInput) as caught:
        derived(house, "SELECT study_id, [repeat('secret', 50)] AS region FROM linked")
    assert caught.value.code == "label_unreadable"


@pytest.mark.parametrize(
    "words",
    [
        {"measures": {"S" * 201: ("sum", "bill")}},
        {"measures": {"a\x1bb": ("sum", "bill")}},
        {"where": "region != '" + "payload" * 300 + "'"},
        {"where": "region != 'a\x1bb'"},
        {"measures": {"t\u202eb": ("sum", "bill")}},
    ],
)
def test_the_words_of_a_question_carry_no_message(house: House, words: dict[str, object]) -> None:
    refused(house, "unreadable", exact("linked", **words))


def model(formula: object) -> Ask:
    """A model that is asked for exactly."""
    asked = Statistic.model("linked", formula=formula, unit="study_id")
    return Ask(asked.to_json(), "Model", Mode.EXACT, reason=ExactReason.LEGAL_DUTY)


def test_a_long_formula_is_read_and_a_long_name_of_a_model_is_no_place_for_a_message(house: House) -> None:
    long = "bill ~ " + " + ".join(["C(region)"] * 40)
    assert len(long) > 200
    assert house.state(house.submit(model(long))) is State.SUBMITTED
    refused(house, "unreadable", model({"x" * 201: "bill ~ 1"}))
    refused(house, "unreadable", model({"a": "bill ~ " + "1 + " * 600 + "1"}))
