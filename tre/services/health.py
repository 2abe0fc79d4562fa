"""What is missing on a machine, and what is at work."""

import socket

from tre.db.doctor import examine as examine_database
from tre.db.embedded import Places, running_process
from tre.sandbox.bubblewrap import prove
from tre.services import hub
from tre.settings import Mode, Settings

Row = dict[str, object]


def examine(settings: Settings) -> list[Row]:
    """Look at everything that the platform needs on this machine; a check that fails says how to mend it."""
    rows: list[Row] = [
        {"check": check.name, "ok": check.ok, "sentence": check.sentence, "mend": check.mend}
        for check in examine_database(settings.home, _url(settings))
    ]
    faults = prove()
    rows += [
        {"check": "sandbox", "ok": False, "sentence": fault.sentence, "mend": fault.mend} for fault in faults
    ]
    if not faults:
        rows.append(
            {"check": "sandbox", "ok": True, "sentence": "A sandbox was built and looked at.", "mend": ""}
        )
    if settings.database_url is None:
        rows.append(
            {
                "check": "separation",
                "ok": settings.mode is Mode.DEMO,
                "sentence": "All roles share one account of this machine: that proves the flows, not their isolation.",
                "mend": "For real data give each role an account of its own; see ansible/.",
            }
        )
    return rows


def status(settings: Settings) -> list[Row]:
    """Say which parts are up."""
    if settings.database_url is not None:
        database = all(check.ok for check in examine_database(settings.home, _url(settings)))
    else:
        database = running_process(Places(settings.home.resolve()).data) is not None
    return [
        {
            "part": "database",
            "up": database,
            "sentence": "at work" if database else "not running; start it with `tre up`",
        },
        _listening("portal", settings.portal_host, settings.portal_port),
        _answering("workspaces", settings, "members.sock", "/healthz"),
        _answering("gateway", settings, "gateway.sock", "/workspaces"),
        _answering("hub", settings, "hub.sock", "/hub/api/"),
        _listening("proxy", hub.LOOPBACK, settings.hub_port),
    ]


def _answering(part: str, settings: Settings, socket: str, path: str) -> Row:
    if hub.answers_at(hub.sockets_of(settings.home) / socket, path):
        return {"part": part, "up": True, "sentence": "at work"}
    return {"part": part, "up": False, "sentence": "not running; start it with `tre up`"}


def _listening(part: str, host: str, port: int) -> Row:
    try:
        with socket.create_connection((host, port), timeout=1):
            return {"part": part, "up": True, "sentence": f"at work on {host}:{port}"}
    except OSError:
        return {"part": part, "up": False, "sentence": "not running; start it with `tre up`"}


def _url(settings: Settings) -> str | None:
    return None if settings.database_url is None else settings.database_url.get_secret_value()
