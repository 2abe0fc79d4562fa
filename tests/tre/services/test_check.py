"""Checking: a verdict is computed by the platform, and a check that cannot run never passes."""

from __future__ import annotations

import json

import pytest

from tests.builders import AUTHOR, CHECKERS, House, write_rows
from tre.db.engine import transaction
from tre.db.tables import Extract, Item, Request, Run
from tre.domain.audit import Event
from tre.domain.errors import Refused
from tre.domain.outputs import Action, Kind, State
from tre.domain.people import WORKER
from tre.services.outputs import check, judging
from tre.services.outputs.facts import locked, move
from tre.services.outputs.judging import judge

SMALL = (40, 3, 20, 30)
"""A region with three people is below the threshold."""


def test_a_clean_table_passes_and_goes_to_the_reviewers(house: House) -> None:
    request = house.reviewed(house.exact())
    (item,) = house.items(request)
    assert house.state(request) is State.IN_REVIEW
    assert (item.verdict, item.cells) == ("PASS", 5)  # four regions and their total
    report = json.loads(house.platform.objects.get(str(item.report_digest)))
    assert report["verdict"] == "pass"


def test_a_table_that_fails_goes_back_with_its_findings(house: House) -> None:
    house.put_extract(sizes=SMALL)
    request = house.reviewed(house.exact())
    (item,) = house.items(request)
    assert house.state(request) is State.RETURNED
    assert item.verdict == "FAIL"
    assert {finding["rule"] for finding in (item.findings or {})["findings"]} == {"threshold"}
    assert "fails its disclosure check" in str(house.request(request).problem)
    assert len(house.events(Event.RETURNED_BY_MACHINE)) == 1


def test_one_item_that_fails_returns_the_whole_request(house: House) -> None:
    house.put_extract(sizes=SMALL)
    request = house.reviewed(house.exact(where="region == 'East'"), house.exact(), house.noisy())
    assert house.state(request) is State.RETURNED
    assert [item.verdict for item in house.items(request)][1:] == ["FAIL", None]
    assert house.account("project:bills").reserved == 0


def test_a_noisy_item_is_not_looked_at(house: House) -> None:
    house.put_extract(sizes=SMALL)
    request = house.reviewed(house.noisy())
    (item,) = house.items(request)
    assert house.state(request) is State.IN_REVIEW
    assert (item.verdict, item.findings, item.report_digest) == (None, None, None)


def test_a_noisy_request_is_checked_without_its_rows(house: House) -> None:
    request = house.submit(house.noisy())
    for path in house.platform.extracts.rglob("*.parquet"):
        path.unlink()
    house.jobs.check(request)
    assert house.state(request) is State.IN_REVIEW


def _changes(house: House) -> None:
    for path in house.platform.extracts.rglob("linked.parquet"):
        path.chmod(0o600)
        path.unlink()
        write_rows(path, (41, 30, 20, 30))


def _vanishes(house: House) -> None:
    for path in house.platform.extracts.rglob("linked.parquet"):
        path.unlink()


def _loses_audit_keys(house: House) -> None:
    for path in house.platform.extracts.rglob("*.audit.parquet"):
        path.unlink()


@pytest.mark.parametrize("event", [_changes, _vanishes])
def test_rows_that_are_not_the_ones_asked_about_are_not_judged(house: House, event) -> None:
    request = house.submit(house.exact())
    event(house)
    house.jobs.check(request)
    assert house.state(request) is State.CHECK_ERROR
    assert "missing or have changed" in str(house.request(request).problem)
    assert house.items(request)[0].verdict is None


def test_without_audit_keys_a_table_does_not_pass(house: House) -> None:
    request = house.submit(house.exact())
    _loses_audit_keys(house)
    house.jobs.check(request)
    assert house.state(request) is State.CHECK_ERROR
    assert "cannot be read" in str(house.request(request).problem)


def test_a_check_that_crashes_leaves_the_request_waiting_and_says_nothing_of_the_data(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = house.submit(house.exact())

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Mrs Smith of North owes 4,312")

    with monkeypatch.context() as patch:
        patch.setattr(judging, "assess", crash)
        with pytest.raises(ZeroDivisionError):
            house.jobs.check(request)
    assert house.state(request) is State.CHECK_ERROR
    assert "Smith" not in str(house.request(request).problem)
    house.jobs.check(request)
    assert house.state(request) is State.IN_REVIEW


def test_a_request_whose_check_could_not_run_takes_no_votes(house: House) -> None:
    request = house.submit(house.exact())
    _changes(house)
    house.jobs.check(request)
    with pytest.raises(Refused, match="CHECK_ERROR"):
        house.vote(request, CHECKERS[0])
    house.jobs.check(request)  # trying again does not pass it either
    assert house.state(request) is State.CHECK_ERROR


def test_a_check_killed_half_way_is_done_again(house: House) -> None:
    class Killed(BaseException):
        pass

    def kill(_step: str) -> None:
        raise Killed

    request = house.submit(house.exact())
    with pytest.raises(Killed):
        house.worker(kill).check(request)
    assert house.state(request) is State.CHECKING
    house.jobs.check(request)
    assert house.state(request) is State.IN_REVIEW
    house.jobs.check(request)  # a duplicated job finds nothing to do
    assert house.state(request) is State.IN_REVIEW
    assert len(house.events(Event.CHECK_FINISHED)) == 1


def test_a_late_judgement_of_an_earlier_version_passes_nothing(house: House) -> None:
    """A worker that was thought dead comes back with what it found out about version 1, while version 2 is checked."""
    house.put_extract(sizes=SMALL)
    request = house.submit(house.exact(where="region == 'East'"))
    with transaction(house.platform.application) as tx:
        tasks = check.start(tx, request, house.platform.extracts) or []
    late = judge(tasks, house.platform)
    with transaction(house.platform.application) as tx:
        move(tx, locked(tx, request), Action.RETURN_BY_MACHINE, WORKER)
    house.submit(house.exact(), again=request)
    with transaction(house.platform.application) as tx:
        check.start(tx, request, house.platform.extracts)
    with pytest.raises(Refused) as caught, transaction(house.platform.application) as tx:
        check.finish(tx, request, late, house.platform.objects)
    assert caught.value.code == "not_judged"
    assert house.state(request) is State.CHECKING


def derived(house: House, tables: dict[str, object]) -> str:
    with transaction(house.platform.application) as tx:
        extract = tx.scalars(Extract.__table__.select()).first()
        assert extract is not None
        digest = house.rows(Extract)[0].digest
        words = {"notebook_digest": "n", "environment_digest": "e", "parameters": {}, "data_digest": digest}
        tx.add(
            Run(
                id="run-1",
                project_id="bills",
                person_id=AUTHOR,
                status="ok",
                sentence="",
                tables=tables,
                **words,
            )
        )
    return "run-1"


def run_table(house: House) -> dict[str, object]:
    known = house.rows(Extract)[0].tables["linked"]
    return {"path": known["path"], "digest": known["digest"], "rows": known["rows"], "unit": "study_id"}


def test_a_table_of_a_run_is_reviewed_at_best(house: House) -> None:
    run = derived(house, {"mine": run_table(house)})
    ask = house.exact()
    ask = type(ask)(ask.statistic.replace("linked", "mine"), ask.title, ask.mode, reason=ask.reason)
    request = house.reviewed(ask, run=run)
    (item,) = house.items(request)
    assert (item.kind, item.verdict) == (Kind.RUN, "REVIEW")
    assert house.state(request) is State.IN_REVIEW
    assert house.vote(request, *CHECKERS[:2]) is State.APPROVED


def test_a_table_of_a_run_gets_no_noise(house: House) -> None:
    run = derived(house, {"mine": run_table(house)})
    ask = house.noisy()
    ask = type(ask)(ask.statistic.replace("linked", "mine"), ask.title, ask.mode, nano_rho=ask.nano_rho)
    with pytest.raises(Refused, match="Noise is drawn only on tables of the extract"):
        house.submit(ask, run=run)


def test_findings_hold_no_value_of_the_data(house: House) -> None:
    house.put_extract(sizes=SMALL)
    request = house.reviewed(house.exact())
    (item,) = house.items(request)
    assert "North" not in json.dumps(item.findings)  # the region with three people


def test_a_judgement_can_be_trusted_only_from_the_platform(house: House) -> None:
    """Nothing that a researcher hands over is a verdict: the words of a specification hold none."""
    statistic = json.loads(house.exact().statistic)
    assert not {"verdict", "findings", "report", "safe"} & set(statistic)


def test_an_item_without_a_verdict_keeps_a_request_from_being_approved(house: House, administrator) -> None:
    request = house.reviewed(house.exact())
    with transaction(house.platform.application) as tx:
        for item in tx.scalars(Item.__table__.select().with_only_columns(Item.id)):
            tx.get_one(Item, item).verdict = None
    assert house.vote(request, *CHECKERS[:2]) is State.CONSOLIDATING
    with transaction(house.platform.application) as tx:
        assert tx.get_one(Request, request).state == State.CONSOLIDATING
