"""Folders, numbers and secrets of workspaces: each has its own, and no crash hands out root's or somebody else's."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import AUTHOR, COLLEAGUE, House
from tre.domain.errors import TreError, Unavailable
from tre.services import workspaces

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="numbers are given out by root only")


def test_a_secret_is_made_once_for_all_who_ask_at_once(house: House) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: workspaces.secret_of(house.platform, "proxy"), range(64)))
    assert len(found) == 1
    assert len(found.pop()) == 64


def test_a_secret_that_others_may_read_is_refused(house: House) -> None:
    workspaces.secret_of(house.platform, "proxy")
    (house.platform.database.secrets / "hub" / "proxy").chmod(0o644)
    with pytest.raises(TreError, match="open to other accounts"):
        workspaces.secret_of(house.platform, "proxy")


@as_root
def test_every_workspace_has_a_number_of_its_own_and_a_project_one_group(house: House) -> None:
    wanted = [(AUTHOR, "bills"), (COLLEAGUE, "bills"), (AUTHOR, "heating"), (COLLEAGUE, "heating")] * 4
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: workspaces.folders(house.platform, *one), wanted))
    assert found[:4] * 4 == found
    accounts, groups = [each.account for each in found[:4]], [each.group for each in found[:4]]
    assert len({*accounts, *groups}) == 6
    assert min(*accounts, *groups) >= workspaces.FIRST_ACCOUNT


@as_root
def test_a_folder_of_roots_starts_no_program(house: House) -> None:
    made = workspaces.folders(house.platform, AUTHOR, "bills")
    os.chown(made.home, 0, 0)  # as if it had been made and not been given away
    with pytest.raises(Unavailable, match="an admin should look"):
        workspaces.folders(house.platform, AUTHOR, "bills")


@as_root
def test_what_a_crash_left_half_made_is_made_whole(house: House) -> None:
    made = workspaces.folders(house.platform, AUTHOR, "bills")
    half = made.own.parent / workspaces.hub_name(COLLEAGUE)
    half.mkdir(mode=0o700)
    (half / ".home.new").mkdir()
    other = workspaces.folders(house.platform, COLLEAGUE, "bills")
    assert other.account not in {made.account, made.group, 0}
    assert other.home.stat().st_uid == other.account
    assert not (half / ".home.new").exists()


@as_root
def test_nobody_changes_the_number_of_their_workspace_by_giving_their_home_another_group(
    house: House,
) -> None:
    made = workspaces.folders(house.platform, AUTHOR, "bills")
    assert made.group is not None
    os.chown(made.home, -1, made.group)  # which its owner may do, being of that group
    assert workspaces.folders(house.platform, AUTHOR, "bills").account == made.account
