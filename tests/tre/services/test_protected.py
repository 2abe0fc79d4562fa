"""An exact table may be protected before it leaves; what is judged, voted on and released is the protected one."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from tests.builders import REGIONS, House, add_project
from tre.domain.errors import BadInput
from tre.domain.outputs import Method, Protection, State
from tre.services.outputs import check, judging

SMALL = (40, 4, 20, 30)
"""A region with four people is below the threshold."""


def printed(house: House, request: str) -> list[dict[str, str]]:
    """The first table of a released bundle."""
    path = next(house.bundle(request).glob("01-*.csv"))
    return list(csv.DictReader(io.StringIO(path.read_text())))


def released(house: House, *asks) -> str:
    request = house.approved(*asks)
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED, house.request(request).problem
    return request


def test_a_table_that_fails_leaves_with_its_unsafe_cell_withheld_and_another_beside_it(house: House) -> None:
    house.put_extract(sizes=SMALL)
    request = released(house, house.protected("suppress"))
    shown = {row["region"]: row["n"] for row in printed(house, request)}
    assert shown["Total"] == "94"
    assert [name for name, n in shown.items() if n == "[c]"] != []
    assert sum(n == "[c]" for n in shown.values()) >= 2
    assert "4" not in shown.values()
    record = json.loads((house.bundle(request) / "disclosure.json").read_text())
    assert (record["items"][0]["verdict"], record["items"][0]["protection"]) == ("REVIEW", "suppress 5")


def test_the_bundle_holds_no_true_number_of_a_withheld_cell(house: House) -> None:
    house.put_extract(sizes=(40, 7, 20, 30))
    request = released(house, house.protected("suppress"))
    withheld = [row["region"] for row in printed(house, request) if row["n"] == "[c]"]
    whole = b"".join(path.read_bytes() for path in house.bundle(request).iterdir() if path.suffix == ".csv")
    assert len(withheld) >= 2
    assert b",7" not in whole


@pytest.mark.parametrize("method", list(Method))
def test_every_method_leads_from_a_failing_table_to_a_release(house: House, method: Method) -> None:
    house.put_extract(sizes=SMALL)
    request = released(house, house.protected(str(method)))
    shown = {row["region"]: row["n"] for row in printed(house, request)}
    assert shown.get(REGIONS[1]) != "4"
    (item,) = house.items(request)
    assert item.verdict == "REVIEW"


def test_what_voters_approve_names_the_protection(house: House) -> None:
    asks = [
        house.exact(),
        house.protected("suppress"),
        house.protected("round"),
        house.protected("round", 10),
    ]
    digests = {house.request(house.submit(ask)).manifest_digest for ask in asks}
    assert len(digests) == len(asks)
    bare = house.items(house.submit(house.exact()))[0]
    assert bare.protection is None


def test_noise_takes_no_protection(house: House) -> None:
    ask = replace(house.noisy(), protection=Protection.asked("suppress"))
    with pytest.raises(BadInput) as caught:
        house.submit(ask)
    assert caught.value.code == "protected_noise"
    assert house.account("project:bills").reserved == 0


def test_the_true_table_after_the_protected_one_is_caught(house: House) -> None:
    """Whoever has the protected table may not take the missing cells out of a second one."""
    house.put_extract(sizes=SMALL)
    released(house, house.protected("suppress"))
    complement = f"region != '{REGIONS[1]}'"
    assert house.state(house.reviewed(house.exact(where=complement, by=[]))) is State.RETURNED


def test_dropped_records_are_caught_where_the_true_total_is_out(house: House) -> None:
    house.put_extract(sizes=SMALL)
    released(house, house.exact(by=[]))
    request = house.reviewed(house.protected("drop_records"))
    assert house.state(request) is State.RETURNED
    assert not house.bundle(request).exists()


def test_cell_keys_change_the_same_people_alike_in_every_project(house: House) -> None:
    add_project(house, "other")
    first = printed(house, released(house, house.protected("cell_key")))
    request = house.approved(house.protected("cell_key"), project="other")
    house.jobs.release(request)
    assert printed(house, request) == first


def test_cell_keys_are_others_on_another_edition(house: House) -> None:
    extract = house.put_extract()
    one = judging.edition_of(extract)
    extract.editions = {"accounts": "2017"}
    assert judging.edition_of(extract) != one


def test_a_protection_that_does_not_suit_the_table_goes_back_to_its_author_with_the_reason(
    house: House,
) -> None:
    request = house.reviewed(house.protected("round", measures={"total": ("sum", "bill")}))
    assert house.state(request) is State.RETURNED
    assert "rounded" in str(house.request(request).problem)
    assert house.request(request).problem != check.FAILS


@pytest.mark.parametrize("base", [0, 1, -5, 1001, True, 5.0])
def test_a_base_that_changes_nothing_or_too_much_is_refused(base) -> None:
    with pytest.raises(BadInput) as caught:
        Protection(Method.ROUND, base)
    assert caught.value.code == "bad_base"


@pytest.mark.parametrize("text", ["", "suppress", "suppress x", "suppress 99999", "shred 5", "round 5 5"])
def test_a_stored_protection_is_read_strictly(text: str) -> None:
    with pytest.raises(BadInput):
        Protection.from_text(text)


def test_a_stored_protection_reads_back() -> None:
    for method in Method:
        for asked in (Protection.asked(method), Protection.asked(method, 10)):
            assert Protection.from_text(asked.to_text()) == asked
