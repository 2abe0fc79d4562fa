"""A SACRO folder is read as claims, or refused; nothing outside of it is read, and nothing in it is believed."""

import json
import os
import socket

import pytest

from disclosure import DisclosureError, Report, Verdict, sacro
from disclosure.sacro import folder as folders
from disclosure.sacro import incoming
from tests.disclosure.sacro.folders import RESULT, left


def refused(path):
    with pytest.raises(DisclosureError) as caught:
        sacro.read(path)
    assert caught.value.code == "sacro"
    return caught.value.sentence


def test_a_folder_of_the_viewer_is_read(tmp_path):
    claims = sacro.read(left(tmp_path))
    (claim,) = claims.outputs
    assert (claims.version, claims.tool) == ("0.4.0", "")
    assert (claim.uid, claim.status, claim.exception, claim.statistic) == ("output_0", Verdict.PASS, "", None)
    assert (claim.files[0].content, claim.files[0].is_as_summed) == (b"a", None)
    assert not isinstance(claim, Report)


def test_a_folder_of_acro_with_flags_and_checksums_is_read(tmp_path):
    sdc = {
        "summary": {"suppressed": True, "threshold": 1},
        "cells": {"threshold": [[0, 1], [2, 3]], "nk-rule": []},
    }
    changes = {
        "files": [{"name": "a.txt", "sdc": sdc}],
        "properties": {"method": "crosstab", "mitigation": "none", "dof": 7},
        "outcome": {"col": {"x": "ok", "y": "threshold; "}},
        "comments": ["one", "two"],
        "exception": "please",
        "fair": {"anything": [1, {"deep": None}]},
    }
    left(tmp_path, version="1.0.2", **changes)
    (tmp_path / "checksums").mkdir()
    (tmp_path / "checksums" / "a.txt.txt").write_text("0" * 64)
    (claim,) = sacro.read(tmp_path).outputs
    assert claim.files[0].flagged == {"threshold": ((0, 1), (2, 3)), "nk-rule": ()}
    assert claim.files[0].is_as_summed is False
    assert (claim.method, claim.mitigation, claim.comments) == ("crosstab", "none", ("one", "two"))
    assert claim.outcome == {"col": {"x": "ok", "y": "threshold; "}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "null",
        "{}",
        '{"version": "0.4.0"}',
        '{"version": "0.4.0", "results": []}',
        '{"version": "0.4.0", "results": {}, "more": 1}',
        '{"version": "0.4.0", "version": "0.4.0", "results": {}}',
        '{"version": 0.4, "results": {}}',
        '{"version": "0.3.9", "results": {}}',
        '{"version": "0.10000", "results": {}}',
        '{"version": "x", "results": {}}',
        "[" * 100_000,
        '{"version": "0.4.0", "results": {"a": 1}}',
        '{"version": "0.4.0", "results": {"a": {}}}',
        json.dumps({"version": "0.4.0", "results": {"other": RESULT}}),
    ],
)
def test_another_results_json_is_refused(tmp_path, text):
    refused(left(tmp_path, text))


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"status": "PASS"},
        {"status": ["pass"]},
        {"status": None},
        {"uid": 1},
        {"command": None},
        {"summary": "x" * 100_001},
        {"summary": "\ud800"},
        {"comments": "text"},
        {"comments": [1]},
        {"exception": 0},
        {"exception": []},
        {"properties": []},
        {"properties": {"method": 1}},
        {"properties": {"statistic": "x"}},
        {"outcome": []},
        {"outcome": {"col": "ok"}},
        {"outcome": {"col": {"row": 1}}},
        {"files": []},
        {"files": {}},
        {"files": [1]},
        {"files": [{"sdc": {}}]},
        {"files": [{"name": "a.txt", "more": 1}]},
        {"files": [{"name": "a.txt"}] * 21},
        {"files": [{"name": "a.txt", "sdc": []}]},
        {"files": [{"name": "a.txt", "sdc": {"cells": []}}]},
        {"files": [{"name": "a.txt", "sdc": {"cells": {"t": {}}}}]},
        {"files": [{"name": "a.txt", "sdc": {"cells": {"t": [[0]]}}}]},
        {"files": [{"name": "a.txt", "sdc": {"cells": {"t": [[0, True]]}}}]},
        {"files": [{"name": "a.txt", "sdc": {"cells": {"t": [[0, 1.0]]}}}]},
        {"files": [{"name": "a.txt", "sdc": {"cells": {"t": [[0, 10**9]]}}}]},
        {"files": [{"name": "absent.txt"}]},
    ],
    ids=lambda changes: json.dumps(changes)[:50],
)
def test_an_output_of_another_form_is_refused(tmp_path, changes):
    refused(left(tmp_path, **changes))


def test_a_statistic_that_is_none_is_refused_with_its_own_code(tmp_path):
    with pytest.raises(DisclosureError) as caught:
        sacro.read(left(tmp_path, properties={"statistic": {"kind": "table"}}))
    assert caught.value.code == "json"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "/etc/passwd",
        "..",
        ".",
        "",
        ".hidden",
        "sub/b.txt",
        "sub\\b.txt",
        "C:b.txt",
        "a\0.txt",
        "a\n.txt",
        "\x1b[2J",
        "-rf",
        "x" * 300,
        "\u202etxt.a",
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    (tmp_path / "secret.txt").write_text("secret")
    inner = left(tmp_path / "inner", files=[{"name": name}])
    (inner / "sub").mkdir()
    (inner / "sub" / "b.txt").write_text("b")
    sentence = refused(inner)
    assert "secret" not in sentence
    assert name not in sentence or name in {"", ".", ".."}


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "socket", "dangling"])
@pytest.mark.parametrize("where", ["a.txt", "results.json", "checksums/a.txt.txt", "checksums"])
def test_what_is_no_plain_file_is_not_read(tmp_path, monkeypatch, what, where):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.txt.txt").write_text("secret")
    inner = left(tmp_path / "inner")
    place = inner / where
    if where == "checksums/a.txt.txt":
        place.parent.mkdir()
    place.unlink(missing_ok=True)
    if what == "link":
        place.symlink_to(tmp_path / "secret" if where == "checksums" else tmp_path / "secret" / "a.txt.txt")
    elif what == "dangling":
        place.symlink_to(tmp_path / "absent")
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "folder" and where != "checksums":
        place.mkdir()
    elif what == "socket":
        monkeypatch.chdir(place.parent)  # a socket's address is short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(place.name)
    else:
        return
    refused(inner)


def test_there_must_be_a_folder(tmp_path):
    refused(tmp_path / "absent")
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file")
    refused(tmp_path)


def test_too_much_is_refused_before_it_is_read_whole(tmp_path, monkeypatch):
    left(tmp_path)
    sacro.read(tmp_path)  # the control: it fits
    monkeypatch.setattr(folders, "MAX_BYTES", 200)
    assert "too large" in refused(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(incoming, "MAX_JSON", 100)
    assert "too large" in refused(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(incoming, "MAX_OUTPUTS", 0)
    assert "too many" in refused(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(incoming, "MAX_LIST", 1)
    refused(left(tmp_path, comments=["a", "b"]))


def test_bytes_that_are_no_text_are_refused(tmp_path):
    left(tmp_path)
    (tmp_path / "results.json").write_bytes(b'{"version": "\xff"}')
    refused(tmp_path)
