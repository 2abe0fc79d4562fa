"""The small parts of the hub's configuration: the plan it reads, the roles it gives, what it says when nobody answers."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import asdict, fields
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub.roles import _validate_role_name
from jupyterhub.scopes import scope_definitions
from jupyterhub.spawner import SpawnException

from hub_config import members
from hub_config.authenticator import UNNAMED, PlatformAuthenticator
from hub_config.members import DOWN, Members, Peer, Refusal
from hub_config.plan import FILE, Misplanned, Plan
from hub_config.roles import FIXED, roles_of
from hub_config.spawner import WorkspaceSpawner

NOBODY = Peer(Path("/nonexistent/members.sock"))


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    words = {each.name: 8601 if each.type == "int" or each.type is int else "x" for each in fields(Plan)}
    file = tmp_path / FILE
    file.write_text(json.dumps(words))
    file.chmod(0o600)
    return tmp_path


def test_a_plan_is_read_whole_and_shows_no_secret(plan: Path) -> None:
    read = Plan.read(plan)
    assert asdict(read)["port"] == 8601
    assert "secret" not in repr(read)
    assert "token=" not in repr(read)
    assert read.url_of("hub.sock") == "http+unix://x%2Fhub.sock"


def test_a_plan_that_others_can_read_or_that_lacks_something_starts_no_hub(plan: Path) -> None:
    (plan / FILE).chmod(0o644)
    with pytest.raises(Misplanned, match="open to other accounts"):
        Plan.read(plan)
    (plan / FILE).chmod(0o600)
    (plan / FILE).write_text("{}")
    with pytest.raises(Misplanned, match="another version"):
        Plan.read(plan)
    (plan / FILE).unlink()
    with pytest.raises(Misplanned, match="cannot be read"):
        Plan.read(plan)


@pytest.mark.parametrize("person", ["ada", "0__41da", "a_40b.org", "x" * 300])
def test_roles_have_names_and_scopes_that_the_hub_knows(person: str) -> None:
    plain, *others = roles_of(person, ["bills", "heating"])
    assert plain["name"] == "user"
    assert len({role["name"] for role in others}) == 2
    for role in others:
        _validate_role_name(role["name"])
        assert all(scope.endswith(f"!server={person}/bills") for scope in others[0]["scopes"])
        assert {scope.partition("!")[0] for scope in role["scopes"]} <= set(scope_definitions)


def test_nobody_gets_tokens_shares_administration_or_other_peoples_servers() -> None:
    plain = next(role for role in FIXED if role["name"] == "user")
    scopes = {
        *plain["scopes"],
        *(scope for role in roles_of("ada", ["bills"])[1:] for scope in role["scopes"]),
    }
    assert not [scope for scope in scopes if "token" in scope or "share" in scope or "admin" in scope]
    assert all("!" in scope for scope in scopes)
    assert not any("access:servers" in scope for role in FIXED for scope in role["scopes"])


def test_a_platform_that_cannot_be_asked_allows_nothing() -> None:
    for question in (Members(NOBODY).projects_of("ada"), Members(NOBODY).must_be_member("ada", "bills")):
        with pytest.raises(Refusal) as refused:
            asyncio.run(question)
        assert (refused.value.status, refused.value.sentence) == (503, DOWN)


def authenticator() -> PlatformAuthenticator:
    return PlatformAuthenticator(members=Members(NOBODY), client_id="x", allow_all=True)


def test_the_unnamed_server_is_refused_before_anybody_is_asked() -> None:
    spawner = SimpleNamespace(name="")
    with pytest.raises(SpawnException) as refused:
        asyncio.run(authenticator().pre_spawn_start(SimpleNamespace(name="ada"), spawner))
    assert (refused.value.status_code, refused.value.message) == (400, UNNAMED)
    made = WorkspaceSpawner(platform=NOBODY, gateway=NOBODY)
    with pytest.raises(SpawnException, match="unnamed"):
        asyncio.run(made.start())


def test_a_spawn_and_a_sign_in_say_so_when_the_platform_is_down() -> None:
    spawner = SimpleNamespace(name="bills")
    with pytest.raises(SpawnException) as refused:
        asyncio.run(authenticator().pre_spawn_start(SimpleNamespace(name="ada"), spawner))
    assert (refused.value.status_code, refused.value.message) == (503, DOWN)
    with pytest.raises(SpawnException):
        asyncio.run(authenticator().update_auth_model({"name": "ada", "auth_state": {}}))


def test_the_provider_on_loopback_is_called_by_its_name() -> None:
    made = authenticator()
    made.provider_host = "portal.tre.localhost:8600"
    assert made.build_token_info_request_headers()["Host"] == "portal.tre.localhost:8600"
    assert made.build_userdata_request_headers("t", "Bearer")["Host"] == "portal.tre.localhost:8600"
    made.provider_host = ""
    assert "Host" not in made.build_token_info_request_headers()


def test_a_workspace_is_over_where_nobody_listens_and_not_where_somebody_is_slow(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(WorkspaceSpawner, "place", "ada/bills")

    def polled(peer: Peer) -> int | None:
        return asyncio.run(WorkspaceSpawner(platform=peer, gateway=peer).poll())

    with socket.socket(socket.AF_UNIX) as slow:  # it takes connections, and never answers
        slow.bind(str(short_folder / "slow.sock"))
        slow.listen()
        assert polled(Peer(short_folder / "slow.sock")) is None
    assert polled(Peer(short_folder / "slow.sock")) == 1  # a socket's file without anybody behind it
    assert polled(NOBODY) == 1
