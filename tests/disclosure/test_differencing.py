"""Subtracting a released table from a new one must not isolate anyone."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import DisclosureError, Policy, Released, Statistic, Verdict, assess
from disclosure.differencing import pairs, protected_differences
from disclosure.evidence import Contributors
from disclosure.released import Imprint, imprint_of

STANDARD = Policy.preset("standard")


def people(size=60):
    generator = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "person": [f"p{index}" for index in range(size)],
            "audit": np.arange(size) + 1000,
            "region": ["north", "south"] * (size // 2),
            "age": np.arange(size),
            "bill": generator.integers(50, 150, size),
        }
    )


def asked(measures=None, **rest):
    return Statistic.table("people", **({"by": ["region"], "measures": measures, "unit": "person"} | rest))


def check(stat, data, *released, key=None):
    return assess(stat, data, STANDARD, list(released), key=key)


def released(stat, data, identifier="R1", key=None):
    return check(stat, data, key=key).released(identifier)


def hits(report):
    return [finding for finding in report.findings if finding.rule == "differencing"]


@pytest.mark.parametrize("dropped", [1, 9])
@pytest.mark.parametrize("measures", [None, {"t": ("sum", "bill")}])
def test_a_table_that_drops_a_few_people_is_stopped(dropped, measures):
    data = people()
    first = released(asked(measures), data)
    where = f"age >= {dropped}"
    report = check(asked(measures, where=where, by=[]), data, first)
    assert report.verdict is Verdict.FAIL
    [finding] = hits(report)
    assert "'R1'" in finding.sentence
    assert ("a single unit" if dropped == 1 else f"as few as {dropped} units") in finding.sentence
    assert report.cells["rules"].tolist() == [("differencing",)]


def test_a_table_that_drops_ten_people_is_not_stopped():
    data = people()
    first = released(asked(margins=False), data)
    assert hits(check(asked(where="age >= 20", margins=False), data, first)) == []


def test_the_larger_table_is_stopped_after_the_smaller_one():
    data = people()
    first = released(asked(where="age >= 3"), data, "small")
    [finding] = hits(check(asked(), data, first))
    assert "'small'" in finding.sentence


def test_each_release_is_named_with_its_own_finding():
    data = people()
    earlier = [released(asked(where=f"age >= {age}", by=[]), data, f"R{age}") for age in (1, 2)]
    found = hits(check(asked(by=[]), data, *earlier))
    assert [f"'R{age}'" in finding.sentence for age, finding in zip((1, 2), found, strict=True)] == [
        True,
        True,
    ]


def test_the_same_question_again_is_no_difference():
    data = people()
    first = released(asked({"t": ("sum", "bill")}), data)
    again = asked({"other": ("sum", "bill")}, title="again")
    assert check(again, data, first).verdict is Verdict.PASS


def test_the_same_question_of_an_edition_with_one_more_person_is_a_difference():
    data = people()
    first = released(asked({"t": ("sum", "bill")}), data.iloc[:-1])
    report = check(asked({"t": ("sum", "bill")}), data, first)
    assert report.verdict is Verdict.FAIL
    assert hits(report)


def test_a_difference_among_those_who_have_a_value_is_seen():
    data = people(400).assign(
        bill=lambda frame: frame["bill"].where((frame["age"] >= 40) | (frame["age"] == 5))
    )
    measures = {"t": ("sum", "bill")}
    first = released(asked(measures, by=[]), data)
    report = check(asked(measures, by=[], where="age >= 20"), data, first)
    assert report.cells["n"].tolist() == [380]
    assert "a single unit" in hits(report)[0].sentence


def test_a_dropped_row_of_a_person_who_stays_is_seen():
    data = pd.concat([people().assign(year=year) for year in (2020, 2021)])
    first = released(asked(by=[]), data)
    report = check(asked(by=[], where="not (age == 3 and year == 2020)"), data, first)
    assert "a single unit" in hits(report)[0].sentence
    second = released(asked(by=[], where="not (age == 3 and year == 2020)"), data)
    assert hits(check(asked(by=[]), data, second))


def test_cells_of_which_neither_holds_the_other_are_let_be():
    data = pd.concat([people().assign(year=year) for year in (2020, 2021)])
    one = asked(by=[], where="not (age == 3 and year == 2020)")
    other = asked(by=[], where="not (age == 4 and year == 2020)")
    assert hits(check(one, data, released(other, data))) == []
    shifted = asked(by=[], where="age >= 5")
    assert hits(check(shifted, data, released(asked(by=[], where="age < 55"), data))) == []
    mixed = asked(by=[], where="age != 3 and not (age == 4 and year == 2020)")
    other = asked(by=[], where="not (age == 5 and year == 2020)")
    assert hits(check(mixed, data, released(other, data))) == []


def test_another_table_on_other_columns_is_compared_too():
    data = people().assign(colour=["red"] * 57 + ["blue"] * 3)
    first = released(asked(by=[]), data)
    report = check(asked(by=["colour"], where="colour == 'red'", margins=False), data, first)
    assert "as few as 3 units" in hits(report)[0].sentence


def test_keys_of_another_column_join_projects_that_know_people_by_other_names():
    data = people()
    other_project = data.assign(person=[f"q{index}" for index in range(60)])
    first = released(asked(), data, key="audit")
    assert hits(check(asked(where="age >= 2"), other_project, first, key="audit"))
    report = check(asked(where="age >= 2"), other_project, released(asked(), data))
    assert hits(report) == []  # why the platform always names the audit key


def test_keys_do_not_depend_on_the_type_of_their_column():
    data = people()
    first = released(asked(), data, key="audit")
    for kind in ("int16", "float64", "object", "string"):
        other = data.assign(audit=data["audit"].astype(kind))
        assert hits(check(asked(where="age >= 2"), other, first, key="audit"))


def test_keys_that_are_not_whole_numbers_are_told_apart():
    data = people().assign(audit=np.arange(60) + 0.5)
    first = released(asked(), data, key="audit")
    assert hits(check(asked(where="age >= 2"), data, first, key="audit"))


def test_other_keys_are_never_taken_for_cleared():
    data = people()
    first = released(asked(), data, key="audit")
    report = check(asked(where="age >= 20"), data, first)
    assert report.verdict is Verdict.REVIEW
    assert [finding.rule for finding in report.findings] == ["check_failed"]
    assert "'R1'" in report.findings[0].sentence


def test_a_release_without_contributors_is_never_taken_for_cleared():
    data = people()
    stat = asked(unit=None)
    first = released(stat, data)
    assert first.contributors is None
    for later in (stat, asked(where="age >= 20")):
        report = check(later, data, first)
        assert report.verdict is Verdict.REVIEW
        assert [finding.rule for finding in report.findings] == ["check_failed"]


def test_rows_without_a_key_are_never_taken_for_cleared():
    data = people()
    first = released(asked(), data, key="audit")
    lacking = data.assign(audit=data["audit"].where(data["age"] != 30))
    assert released(asked(), lacking, key="audit").contributors is None
    report = check(asked(where="age >= 20"), lacking, first, key="audit")
    assert report.verdict is Verdict.REVIEW


def test_an_unknown_key_column_is_refused():
    with pytest.raises(DisclosureError) as caught:
        check(asked(), people(), key="nobody")
    assert caught.value.code == "unknown_column"


def test_data_that_changed_after_the_check_are_not_taken_for_those_checked(tmp_path):
    people().to_parquet(tmp_path / "d.parquet")
    report = check(asked(), tmp_path / "d.parquet")
    people(58).to_parquet(tmp_path / "d.parquet")
    assert report.released("R1").contributors is None
    report = check(asked(), tmp_path / "d.parquet")
    people().assign(region="west").to_parquet(tmp_path / "d.parquet")
    assert report.released("R1").contributors is None


@pytest.mark.parametrize(
    "stat",
    [
        asked({"t": ("sum", "bill"), "k": ("count", None)}),
        asked(by=[]),
        asked(unit=None),
        asked(where="age > 900", margins=False),
        asked(by=["region", "age"], where="age < 4"),
    ],
)
def test_a_release_survives_storage(stat):
    first = released(stat, people())
    again = Released.from_bytes(first.to_bytes())
    assert (again.id, again.statistic, again.key, again.digest) == (
        first.id,
        first.statistic,
        first.key,
        first.digest,
    )
    reports = [check(asked(where="age >= 1"), people(), one) for one in (first, again)]
    assert reports[0].to_json() == reports[1].to_json()
    assert (again.contributors is None) == (first.contributors is None)
    assert again.to_bytes() == first.to_bytes()


def stored_at_first(release):
    """The form in which releases were stored before keys were packed."""
    header = json.loads(json.dumps(release._record()))
    found = release.contributors or {}
    header |= {"id": release.id, "key": release.key, "complete": release.contributors is not None}
    header["sizes"] = [[name, [len(keys) for keys in one.keys]] for name, one in found.items()]
    text = json.dumps(header, sort_keys=True).encode()
    parts = [len(text).to_bytes(8, "little"), text]
    for one in found.values():
        parts += [keys.astype("<u8").tobytes() for keys in one.keys]
        parts += [rows.astype("<i8").tobytes() for rows in one.rows]
    body = b"".join(parts)
    return b"disclosure released 1\n" + hashlib.sha256(body).digest() + body


def test_a_release_in_the_first_stored_form_is_still_read():
    data = pd.concat([people(), people().head(7)])
    first = released(asked({"t": ("sum", "bill")}), data)
    again = Released.from_bytes(stored_at_first(first))
    assert again.to_bytes() == first.to_bytes()


def test_a_release_takes_fewer_bytes_than_lists_of_keys():
    data = people(4000)
    first = released(asked({"t": ("sum", "bill")}), data)
    assert len(first.to_bytes()) < len(stored_at_first(first)) / 3


@pytest.mark.parametrize("margins", [True, False])
def test_an_imprint_says_what_its_release_says_and_survives_storage(margins):
    data = pd.concat([people(), people().head(7)])
    first = released(asked({"t": ("sum", "bill")}, margins=margins), data)
    kept = {"there": first}
    imprint = imprint_of(first)
    again = Imprint.from_bytes(imprint.to_bytes("there"), kept.__getitem__)
    assert again.open() is first
    assert again.to_bytes("there") == imprint.to_bytes("there")
    for stat in (asked(where="age >= 1"), asked(by=[], where="age >= 2"), asked(where="age >= 30")):
        reports = [check(stat, data, one) for one in (first, imprint, again)]
        assert len({report.to_json() for report in reports}) == 1


def test_an_imprint_of_what_is_not_known_clears_nothing():
    first = released(asked(unit=None), people())
    imprint = Imprint.from_bytes(imprint_of(first).to_bytes("there"), lambda _name: first)
    assert check(asked(where="age >= 20"), people(), imprint).verdict is Verdict.REVIEW


def test_a_damaged_imprint_is_refused():
    stored = imprint_of(released(asked(), people())).to_bytes("there")
    assert Imprint.is_stored(stored)
    assert not Imprint.is_stored(released(asked(), people()).to_bytes())
    for damaged in (stored[:-1], stored[:60] + b"x" + stored[61:], b""):
        with pytest.raises(DisclosureError) as caught:
            Imprint.from_bytes(damaged, lambda _name: pytest.fail("nothing is opened"))
        assert caught.value.code == "json"


def test_a_release_that_its_imprint_clears_is_never_opened():
    def opened():
        pytest.fail("the release was opened")

    data = people(400)
    imprint = replace(imprint_of(released(asked(by=[], where="age < 100"), data)), open=opened)
    assert hits(check(asked(by=[], where="bill < 120"), data, imprint)) == []


def test_a_union_of_new_cells_is_compared():
    data = people()
    first = released(asked(by=[], where="age < 59"), data)
    [finding] = hits(check(asked(margins=False), data, first))
    assert finding.cells == (0, 1)
    assert "a single unit" in finding.sentence


def test_what_is_too_much_to_open_is_left_to_a_person(monkeypatch):
    data = people()
    earlier = [released(asked(by=[], where=f"age >= {age}"), data, f"R{age}") for age in (1, 2, 3)]
    monkeypatch.setattr(pairs, "MOST_OPENED", 2)
    report = check(asked(by=[]), data, *earlier)
    assert [finding.rule for finding in report.findings] == ["differencing", "differencing", "check_failed"]
    assert "1 more" in report.findings[-1].sentence


def test_a_protected_table_whose_people_are_not_known_clears_nothing():
    first = released(asked(), people())
    blind = replace(first, contributors=None)
    [finding] = protected_differences(blind, [first], STANDARD)
    assert finding.verdict is Verdict.REVIEW
    assert list(protected_differences(blind, [], STANDARD)) == []


def test_the_digest_names_what_was_released():
    data = people()
    assert released(asked(), data).digest == released(asked(), data, "R2").digest
    assert released(asked(), data).digest != released(asked(), data.iloc[1:]).digest


def test_damaged_storage_is_refused():
    stored = released(asked(), people()).to_bytes()
    flipped = [
        stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :] for place in (0, 30, 60, 500, -1)
    ]
    for damaged in (b"", b"PK\x03\x04", stored[:200], stored + b"x", *flipped):
        with pytest.raises(DisclosureError) as caught:
            Released.from_bytes(damaged)
        assert caught.value.code == "json"


def test_contributors_of_another_table_are_refused():
    one, other = released(asked(), people()), released(asked(by=[]), people())
    mixed = Released("R", one.statistic, one.cells, one.key, other.contributors)
    with pytest.raises(DisclosureError):
        Released.from_bytes(mixed.to_bytes())


def one_cell(keys, name="R1", rows=None):
    """A released total over people with these keys; small keys all lie in one bucket."""
    counts = np.ones(len(keys), dtype=np.int64) if rows is None else np.array(rows, dtype=np.int64)
    behind = Contributors((np.array(keys, dtype=np.uint64),), (counts,))
    return Released(name, asked(by=[]), pd.DataFrame({"n": [len(keys)]}), "person", {None: behind})


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ((range(20), None), (range(21), None), True),
        ((range(21), None), (range(20), None), True),
        ((range(20), None), (range(1, 22), None), False),  # one came and two went, all in one bucket
        ((range(20), [2] + [1] * 19), (range(21), None), False),  # one came, and one lost a row
        ((range(20), [2] + [1] * 19), (range(20), [1] * 19 + [3]), False),
        ((range(20), None), (range(20), [1] * 19 + [3]), True),
        ((range(20), [1] * 19 + [3]), (range(20), None), True),
        ((range(20), None), (range(20), None), False),
        ((range(20), None), (range(40, 60), None), False),
    ],
)
def test_pairs_that_buckets_do_not_clear_are_compared_exactly(old, new, found):
    """Keys below 2**58 share one bucket, so that nothing but the exact comparison can tell."""
    released_one, asked_one = one_cell(old[0], rows=old[1]), one_cell(new[0], "new", rows=new[1])
    assert bool(list(protected_differences(asked_one, [released_one], STANDARD))) == found


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 39)), st.sets(st.integers(0, 39)))
def test_the_finding_is_that_of_sets(one, other):
    data = people(40)
    frames = [data[data["age"].isin(side)] for side in (one, other)]
    first = released(asked(by=[]), frames[0])
    found = hits(check(asked(by=[], where="age < 1000"), frames[1], first))
    holds = bool(one and other) and (one <= other or other <= one)
    expected = holds and 0 < len(one ^ other) < 10
    assert bool(found) == expected
