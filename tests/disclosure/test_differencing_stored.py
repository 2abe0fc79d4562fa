"""What is stored of a release, and what its imprint clears."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

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
