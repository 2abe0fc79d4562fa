"""What a data contract may say, and that every fault is told at once."""

from datetime import date

import pytest

from tre.domain.contracts import (
    ColumnType,
    Contract,
    Kind,
    Rule,
    Treatment,
    parse_contract,
)
from tre.domain.declared import FAULTS_SHOWN, Faulty
from tre.domain.errors import BadInput, TreError
from tre.domain.published import Bounds, Levels, band_labels
from tre.domain.regions import NOT_KNOWN, REGION_OF_AREA, REGIONS

HEAD = """
dataset = "accounts"
title = "Accounts"
owner = "greta.lind"
unit = "one account"
reference_date = 2016-05-31
"""
IDENTIFIERS = """
[columns.record_id]
class = "identifier"
kind = "record_id"
[columns.postcode]
class = "identifier"
kind = "postcode"
[columns.dob]
class = "identifier"
kind = "dob"
type = "date"
[columns.sex]
class = "identifier"
kind = "sex"
"""
PAYLOAD = """
[columns.note]
class = "refused"
because = "free text"
[columns.kwh]
class = "payload"
type = "integer"
top_code = 900
round = 10
upper = 1000
source = "meters"
[columns.owed]
class = "payload"
type = "decimal"
band = [0, 100]
source = "bands"
[columns.people]
class = "payload"
type = "integer"
band = [1, 3, 5]
source = "bands"
[columns.prepays]
class = "payload"
type = "boolean"
source = "yes or no"
[columns.kind]
class = "payload"
type = "string"
levels = ["a", "b"]
source = "list"
[columns.since]
class = "payload"
type = "date"
treatment = "month"
first = 2015-11-01
last = 2016-02-28
source = "months"
"""
DERIVED = """
[derived.region]
rule = "region"
source = "regions"
[derived.age_band]
rule = "age_band"
band = [16, 65]
source = "ages"
[derived.gender]
rule = "sex"
source = "register"
"""

DATED = '[columns.n]\nclass = "payload"\ntype = "date"\nsource = "x"\ntreatment = '


def whole() -> Contract:
    return parse_contract(HEAD + IDENTIFIERS + PAYLOAD + DERIVED)


def faults(text: str) -> dict[str, str]:
    with pytest.raises(Faulty) as caught:
        parse_contract(text, "accounts.toml")
    assert caught.value.code == "contract"
    assert "accounts.toml" in caught.value.sentence
    told: dict[str, str] = {}
    for fault in caught.value.faults:
        told[fault.key] = f"{told.get(fault.key, '')} {fault.sentence}"
    return told


def test_each_column_goes_to_one_half_only() -> None:
    contract = whole()
    assert contract.linkage_kinds == (Kind.POSTCODE, Kind.DOB, Kind.SEX)
    payload = [field.name for field in contract.fields]
    assert payload == [
        "region", "age_band", "gender", "kwh", "owed", "people", "prepays", "kind", "since",
    ]  # fmt: skip
    assert contract.refused == ("note",)
    assert contract.source_types["note"] is None
    assert contract.source_types["dob"] is ColumnType.DATE
    assert contract.reference_date == date(2016, 5, 31)


def test_identifier_columns_never_reach_the_payload_half() -> None:
    contract = whole()
    assert {field.name for field in contract.fields}.isdisjoint(each.name for each in contract.identifiers)


def test_every_payload_column_has_published_values() -> None:
    published = {field.name: field.published for field in whole().fields}
    assert published["kwh"] == Bounds(0, 1000, 1, "meters")
    assert published["owed"] == Levels(("under 0", "0 to under 100", "100 and over"), "bands")
    assert published["people"] == Levels(("under 1", "1 to 2", "3 to 4", "5 and over"), "bands")
    assert published["prepays"] == Levels((False, True), "yes or no")
    assert published["kind"] == Levels(("a", "b"), "list")
    assert published["since"] == Levels(("2015-11", "2015-12", "2016-01", "2016-02"), "months")
    assert published["region"] == Levels((*REGIONS, NOT_KNOWN), "regions")
    assert published["age_band"] == Levels(("under 16", "16 to 64", "65 and over", NOT_KNOWN), "ages")
    assert published["gender"] == Levels(("female", "male", NOT_KNOWN), "register")


def test_treated_columns_change_their_type() -> None:
    types = {field.name: field.type for field in whole().fields}
    assert types["owed"] is ColumnType.STRING
    assert types["since"] is ColumnType.STRING
    assert types["kwh"] is ColumnType.INTEGER
    kwh = next(each for each in whole().payload if each.name == "kwh")
    assert kwh.treatment == Treatment(top_code=900, round_to=10)
    assert [each.rule for each in whole().derived] == [Rule.REGION, Rule.AGE_BAND, Rule.SEX]


def test_column_of_a_kind_is_found_or_refused() -> None:
    assert whole().column_of(Kind.POSTCODE) == "postcode"
    with pytest.raises(BadInput, match="no column of kind nino"):
        whole().column_of(Kind.NINO)


def test_text_that_is_no_toml_is_refused_with_its_line() -> None:
    assert "line 2" in faults("dataset = 'a'\nunit = =")["TOML"]


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        """
        dataset = "Not A Word"
        title = " "
        owner = 7
        reference_date = "2016-05-31"
        surprise = 1
        [columns.a]
        class = "identifier"
        kind = "nickname"
        [columns.b]
        class = "secret"
        [columns.c]
        class = "payload"
        type = "integer"
        upper = 0
        colour = "red"
        """
    )
    assert set(found) >= {
        "dataset", "title", "owner", "unit", "reference_date", "surprise", "columns", "columns.a.kind",
        "columns.b.class", "columns.c.upper", "columns.c.source", "columns.c.colour",
    }  # fmt: skip
    assert "is missing" in found["unit"]
    assert "record_id, given_name" in found["columns.a.kind"]
    assert "not known here" in found["surprise"]


def test_many_faults_are_counted_in_the_sentence_and_kept_whole() -> None:
    with pytest.raises(Faulty) as caught:
        parse_contract("\n".join(f"x{number} = 1" for number in range(30)))
    assert len(caught.value.faults) > FAULTS_SHOWN
    assert f"and {len(caught.value.faults) - FAULTS_SHOWN} more" in caught.value.sentence


def test_one_fault_reads_as_one() -> None:
    with pytest.raises(TreError, match=r"has 1 fault\. "):
        parse_contract(HEAD + IDENTIFIERS + PAYLOAD + "[wrong]")


@pytest.mark.parametrize(
    ("change", "key", "words"),
    [
        ('[columns.id2]\nclass = "identifier"\nkind = "record_id"', "columns", "exactly one column"),
        ('[columns.pc2]\nclass = "identifier"\nkind = "postcode"', "columns", "two columns are of kind postcode"),
        ('[derived.kwh]\nrule = "region"\nsource = "x"', "columns.kwh", "taken"),
        ('[derived.KWH]\nrule = "region"\nsource = "x"', "columns.KWH", "taken"),
        ('[derived.row_key]\nrule = "region"\nsource = "x"', "columns.row_key", "taken"),
        ('[derived.old]\nrule = "age_band"\nsource = "x"', "derived.old.band", "is missing"),
        ('[columns.split_x]\nclass = "refused"\nbecause = "x"', "columns.split_x", "split_"),
        ('[columns.n]\nclass = "refused"', "columns.n.because", "is missing"),
        ('[columns.n]\nclass = "payload"\ntype = "integer"\nupper = 5\ntop_code = 6\nsource = "x"',
         "columns.n.top_code", "above `upper`"),
        ('[columns.n]\nclass = "payload"\ntype = "integer"\nupper = 5\nround = 0\nsource = "x"',
         "columns.n.round", "at least 1"),
        ('[columns.n]\nclass = "payload"\ntype = "decimal"\nband = [3, 3]\nsource = "x"', "columns.n.band", "rising"),
        ('[columns.n]\nclass = "payload"\ntype = "decimal"\nband = [true]\nsource = "x"', "columns.n.band", "rising"),
        ('[columns.n]\nclass = "payload"\ntype = "decimal"\nband = 3\nsource = "x"', "columns.n.band", "rising"),
        ('[columns.n]\nclass = "payload"\ntype = "string"\nround = 3\nlevels = ["a"]\nsource = "x"',
         "columns.n.round", "integer and decimal"),
        ('[columns.n]\nclass = "payload"\ntype = "string"\nlevels = ["a", "a"]\nsource = "x"',
         "columns.n.levels", "different texts"),
        ('[columns.n]\nclass = "payload"\ntype = "string"\nsource = "x"', "columns.n.levels", "is missing"),
        ('[columns.n]\nclass = "payload"\ntype = "date"\nlevels = ["a"]\nsource = "x"',
         "columns.n.treatment", "travels as its month"),
        (f'{DATED}"month"\nfirst = 2016-02-01\nlast = 2016-01-01', "columns.n.last", "before"),
        (f'{DATED}"day"\nfirst = 2016-01-01\nlast = 2016-01-01', "columns.n.treatment", "one of: month"),
        (f'{DATED}"month"\nfirst = 2016-01-01\nlast = 2016-01-01T00:00:00', "columns.n.last", "a date"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_key(change: str, key: str, words: str) -> None:
    found = faults(HEAD + IDENTIFIERS + PAYLOAD + change)
    assert words in found[key]


def test_derived_column_needs_its_identifier() -> None:
    text = HEAD + '[columns.id]\nclass = "identifier"\nkind = "record_id"\n' + PAYLOAD + DERIVED
    found = faults(text)
    assert {"derived.region.rule", "derived.age_band.rule", "derived.gender.rule"} <= set(found)


def test_source_without_payload_is_refused() -> None:
    assert "no payload column" in faults(HEAD + IDENTIFIERS)["columns"]


def test_columns_must_be_tables() -> None:
    assert "a table" in faults("columns = 3")["columns"]


def test_band_labels_cover_the_line_without_gaps() -> None:
    assert band_labels((16, 25), whole=True) == ("under 16", "16 to 24", "25 and over")


def test_every_postcode_area_has_one_of_twelve_regions() -> None:
    assert len(REGIONS) == 12
    assert len(REGION_OF_AREA) == 121
    assert set(REGION_OF_AREA.values()) == set(REGIONS)
    assert REGION_OF_AREA["BT"] == "Northern Ireland"
    assert "JE" not in REGION_OF_AREA
