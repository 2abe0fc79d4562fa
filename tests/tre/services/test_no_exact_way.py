"""Where nothing can leave exact, that is said before anybody submits: in check, price and submission, in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import AUTHOR, House, counts, manifest
from tre.client.price import Price
from tre.db.engine import transaction
from tre.db.tables import Account
from tre.domain.errors import Refused
from tre.domain.people import WORKER
from tre.services import projects
from tre.services.outputs import asking
from tre.services.outputs.asking import Precision
from tre.wire import PriceAnswer
from tre.worker.workspace import workspace_of

BILLS = "project:bills"


def noisy_only(house: House) -> None:
    text = manifest().replace('clearance = "none"', 'clearance = "none"\nregime = "noisy-only"')
    house.do(projects.apply, WORKER, text)


def exact_left(house: House, releases: int, cells: int = 100) -> None:
    with transaction(house.platform.application) as tx:
        row = tx.get_one(Account, BILLS)
        row.exact_releases_cap, row.exact_cells_cap = row.exact_releases + releases, row.exact_cells + cells


def inspected(house: House) -> str:
    found = house.act(AUTHOR, asking.inspection, "bills", counts(), platform=house.platform)
    return found.report().verdict.name


def test_a_verdict_on_rows_is_refused_where_only_noise_leaves_whatever_the_rows_are(
    house: House, tmp_path: Path
) -> None:
    workspace = workspace_of(house.platform, "run", "bills", tmp_path)
    assert inspected(house) == workspace("check", {"statistic": counts()})["verdict"] == "PASS"
    noisy_only(house)
    said = set()
    for sizes in ((40, 30, 20, 30), (40, 1, 20, 30)):  # the second would fail
        house.put_extract(sizes=sizes)
        workspace = workspace_of(house.platform, "run", "bills", tmp_path)
        with pytest.raises(Refused) as inside:
            workspace("check", {"statistic": counts()})
        with pytest.raises(Refused) as outside:
            inspected(house)
        assert inside.value.code == outside.value.code == "noisy_only"
        said |= {inside.value.sentence, outside.value.sentence}
        with pytest.raises(Refused, match="noise only"):
            house.do(asking.operators_inspection, "bills", counts(), platform=house.platform)
    assert len(said) == 1
    assert workspace("price", {"statistic": counts()})["rho"] > 0


def test_when_no_exact_release_is_left_check_and_submission_say_so_and_noise_still_leaves(
    house: House, tmp_path: Path
) -> None:
    exact_left(house, 1)
    house.jobs.release(house.approved(house.exact()))
    before = house.books()
    workspace = workspace_of(house.platform, "run", "bills", tmp_path)
    for ask in (
        lambda: inspected(house),
        lambda: workspace("check", {"statistic": counts()}),
        lambda: house.submit(house.noisy(), house.exact(title="Again")),
    ):
        with pytest.raises(Refused, match=f"'{BILLS}' has 0 exact releases") as caught:
            ask()
        assert caught.value.code == "no_exact_left"
    assert house.books() == before
    house.submit(house.noisy())
    exact_left(house, 1)
    assert inspected(house) == "PASS"


def test_a_request_with_more_exact_items_than_are_left_is_refused_as_a_whole(house: House) -> None:
    exact_left(house, 1)
    with pytest.raises(Refused, match="this needs 2"):
        house.submit(house.exact(), house.exact(title="Again", where="region == 'East'"))
    house.submit(house.exact())


def test_releases_without_a_cell_left_for_them_are_none(house: House) -> None:
    exact_left(house, 5, cells=0)
    with pytest.raises(Refused, match="0 exact cells left"):
        inspected(house)


def test_a_price_tells_how_many_exact_releases_are_left_on_the_account_that_has_fewest(
    house: House, tmp_path: Path
) -> None:
    exact_left(house, 3)
    quoted = house.act(AUTHOR, asking.quote, "bills", counts(), precision=Precision(name="standard"))
    assert quoted["exact_left"] == {"releases": 3, "cells": 100}
    told = workspace_of(house.platform, "run", "bills", tmp_path)("price", {"statistic": counts()})
    assert told["exact_left"] == quoted["exact_left"]
    assert "No exact release is left" not in repr(Price(PriceAnswer.model_validate(told)))
    exact_left(house, 0)
    told = workspace_of(house.platform, "run", "bills", tmp_path)("price", {"statistic": counts()})
    assert "No exact release is left" in repr(Price(PriceAnswer.model_validate(told)))
