"""Two worlds that differ in one person: pages, states and answers of a noisy request are the same but for the draw."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import text

from disclosure import Statistic
from tests.builders import AUTHOR, CHECKERS, House
from tests.conftest import TEMPLATE
from tests.furnished import copied
from tests.tre.web.conftest import open_portal
from tests.tre.web.visiting import Visitor
from tre.db.address import Database
from tre.db.engine import administrator_engine
from tre.db.tables import AuditEvent
from tre.domain.errors import Refused
from tre.domain.outputs import Mode, State
from tre.services.outputs import release
from tre.services.outputs.submit import Ask

ONE, OTHER = (40, 30, 20, 30), (40, 30, 20, 31)
"""How many people live in each region: the other world has one more."""
MASKS = (
    (re.compile(r"[0-9a-f]{64}"), "DIGEST"),
    (re.compile(r"bills-[0-9a-f]{8}"), "REQUEST"),
    (re.compile(r"\d{1,2} \w+ 20\d\d, \d\d:\d\d UTC"), "MOMENT"),
    (re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+(\+00:00)?"), "MOMENT"),
    (re.compile(r"localhost:\d+"), "HOST"),
    (re.compile(r'(?<=numeric">)[\d,]+(?=</td>\s*<td class="govuk-table__cell tre-digest)'), "SIZE"),
)
QUESTION = "by=region&measure=mean+bill"


def masked(page: str) -> str:
    """A page without identifiers, digests, moments and sizes, which differ between two runs of one world as well."""
    for pattern, word in MASKS:
        page = pattern.sub(word, page)
    return page


def asks(house: House) -> tuple[Ask, ...]:
    measures = {"total": ("sum", "bill"), "average": ("mean", "bill")}
    bills = Statistic.table("linked", by=["region"], measures=measures, unit="study_id").to_json()
    return house.noisy(), Ask(bills, "Bills in sum and mean", Mode.NOISY, nano_rho=5_000_000)


def seen(house: House, sizes: tuple[int, ...]) -> list[str]:
    """Everything that people see of one noisy request from submission to release, and of a refused one."""
    house.put_extract(sizes=sizes)
    author, checker = Visitor(house), Visitor(house)
    author.sign_in(AUTHOR)
    checker.sign_in(CHECKERS[0])
    pages: list[str] = []

    def look(visitor: Visitor, path: str) -> None:
        answer = visitor.raw("GET", path)
        pages.append(f"{answer.status_code} {masked(answer.text)}")

    request = house.submit(*asks(house))
    for path in (f"/requests/{request}", "/projects/bills", f"/projects/bills/price?{QUESTION}"):
        look(author, path)
    house.jobs.check(request)
    for visitor in (author, checker):
        look(visitor, f"/requests/{request}")
    look(checker, "/queue")
    house.vote(request, *CHECKERS[:2])
    look(checker, f"/requests/{request}")
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED
    for path in (
        f"/requests/{request}",
        "/statements/project/bills",
        "/register",
        f"/requests/{request}/bundle",
    ):
        look(author, path)
    with pytest.raises(Refused) as refused:
        house.submit(house.noisy(nano_rho=10**9))
    pages.append(f"{refused.value.code} {refused.value.sentence}")
    return [*pages, *recorded(house)]


def recorded(house: House) -> list[str]:
    """What the audit log says, line by line: kind, actor, and the names of its details."""
    return [f"{one.event} {one.actor} {sorted(one.detail)}" for one in house.rows(AuditEvent)]


def test_h07_pages_states_refusals_and_records_of_neighbouring_worlds_are_the_same_to_the_byte(
    server: Database, tmp_path: Path
) -> None:
    worlds = []
    for number, sizes in enumerate((ONE, OTHER)):
        with copied(server, TEMPLATE) as database, open_portal(tmp_path / f"{number}", database) as house:
            worlds.append(seen(house, sizes))
    one, other = worlds
    assert len(one) > 12
    assert one == other


def test_h07_the_masks_hide_no_number_of_a_table() -> None:
    assert masked("<td>1,237</td> <td>40</td> 12.5 5,000,000") == "<td>1,237</td> <td>40</td> 12.5 5,000,000"


def totals(house: House) -> set[str]:
    """The true sums of bills: of each region and of all, as any text could write them."""
    path = max(house.platform.extracts.rglob("linked.parquet"), key=lambda each: each.stat().st_mtime_ns)
    with duckdb.connect() as connection:
        query = f"SELECT sum(bill) FROM '{path}' GROUP BY ROLLUP (region)"
        found = [int(row[0]) for row in connection.execute(query).fetchall()]
    return {form for number in found for form in (str(number), f"{number:,}")}


def stored(house: House) -> str:
    """Every row of every table of the database, and every released file, as text."""
    engine = administrator_engine(house.platform.database.administrator)
    with engine.connect() as connection:
        names = connection.execute(
            text(
                "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
                "AND table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
        ).scalars()
        rows = [
            str(row)
            for name in names.all()
            for row in connection.execute(text(f"SELECT t::text FROM {name} t")).scalars()
        ]
    engine.dispose()
    files = [one for one in house.platform.home.rglob("*") if one.is_file()]
    vault = house.platform.extracts
    kept = [one.read_bytes().decode(errors="replace") for one in files if not one.is_relative_to(vault)]
    return "\n".join([*rows, *kept])


def occurring(numbers: set[str], where: str) -> set[str]:
    return {each for each in numbers if re.search(rf"(?<![0-9a-f]){re.escape(each)}(?![0-9a-f])", where)}


def test_h16_true_aggregates_stand_in_no_row_file_log_or_error(
    house: House,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    house.put_extract(sizes=(1_237, 811, 1_409, 977))
    true = totals(house)
    assert len(true) == 10
    assert occurring(true, f"x {max(true, key=len)}, y")  # the search finds what is there
    request = house.approved(*asks(house))
    draw = release.draw

    def broken(*_: object) -> None:
        raise ZeroDivisionError(str(true))

    monkeypatch.setattr(release, "draw", broken)
    with pytest.raises(ZeroDivisionError):
        house.jobs.release(request)
    monkeypatch.setattr(release, "draw", draw)
    assert house.account("project:bills").spent == 10_000_000  # spent, and never given back
    assert not occurring(true, str(house.request(request).problem))
    house.jobs.release(request)
    assert house.state(request) is State.RELEASED
    said = capfd.readouterr()
    for place in (stored(house), caplog.text, said.out, said.err):
        assert occurring(true, place) == set()
