"""A receipt states what no dishonest release could: two people, a charge, each file; and has one spelling."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.domain import receipt
from tre.domain.canonical import encode
from tre.domain.checkpoint import Checkpoint, InclusionProof, Note, Signature
from tre.domain.errors import BadInput
from tre.domain.receipt import Body, Charge, Receipt, ReleasedFile, ReleasedItem, Source

DIGEST = "0" * 64
BODY = Body(
    release="release-7",
    request="request-7",
    project="fuel-poverty",
    released_at=1_790_000_000,
    manifest="1" * 64,
    policy="2" * 64,
    environment="3" * 64,
    title="4" * 64,
    reviewers=("reviewer-2", "reviewer-5"),
    files=(ReleasedFile("disclosure.json", "5" * 64, 120), ReleasedFile("table-1.csv", "6" * 64, 0)),
    items=(ReleasedItem("item-1", "noisy", "7" * 64), ReleasedItem("item-2", "exact", "8" * 64)),
    charges=(
        Charge("edition:linked@1", "nano_rho", 5_000_000),
        Charge("project:fuel-poverty", "cells", 40),
        Charge("project:fuel-poverty", "releases", 1),
    ),
    sources=(Source("linked@1", "9" * 64),),
)
NOTE = Note(
    Checkpoint("tre.example/log", 1, bytes(32)).text(), (Signature("tre.example/log", b"abcd", b"s" * 64),)
)
RECEIPT = Receipt(BODY, InclusionProof(0, (), NOTE.encode()))


def test_a_receipt_is_read_back_as_it_was_written():
    assert receipt.decode(RECEIPT.encode()) == RECEIPT


def test_the_leaf_is_the_body_and_only_that():
    data = RECEIPT.encode()
    assert data == b'{"body":' + BODY.leaf() + b',"proof":' + encode(RECEIPT.proof.encode()) + b"}"
    assert b"\n" not in BODY.leaf()
    assert json.loads(BODY.leaf())["format"] == "tre-receipt/1"


def test_a_release_without_sources_is_possible():
    body = replace(BODY, sources=())
    assert receipt.decode(Receipt(body, RECEIPT.proof).encode()).body == body


FORGED = {
    "one reviewer": {"reviewers": ("reviewer-2",)},
    "no reviewer": {"reviewers": ()},
    "one reviewer twice": {"reviewers": ("reviewer-2", "reviewer-2")},
    "unsorted reviewers": {"reviewers": ("reviewer-5", "reviewer-2")},
    "repeated third reviewer": {"reviewers": ("a", "b", "b")},
    "reviewer with a space": {"reviewers": ("a", "b c")},
    "no file": {"files": ()},
    "no item": {"items": ()},
    "no charge": {"charges": ()},
    "unsorted files": {"files": BODY.files[::-1]},
    "files that differ by case": {
        "files": (ReleasedFile("A.csv", DIGEST, 1), ReleasedFile("a.csv", DIGEST, 1))
    },
    "unsorted items": {"items": BODY.items[::-1]},
    "unsorted charges": {"charges": BODY.charges[::-1]},
    "repeated charge": {"charges": (BODY.charges[0], BODY.charges[0])},
    "unsorted sources": {"sources": (Source("b", DIGEST), Source("a", DIGEST))},
    "negative charge": {"charges": (Charge("a", "cells", -1),)},
    "huge charge": {"charges": (Charge("a", "cells", 2**53),)},
    "negative size": {"files": (ReleasedFile("a.csv", DIGEST, -1),)},
    "time before time": {"released_at": -1},
    "unknown unit": {"charges": (Charge("a", "epsilon", 1),)},
    "unknown mode": {"items": (ReleasedItem("a", "raw", DIGEST),)},
    "malformed digest": {"manifest": "0" * 63},
    "upper-case digest": {"policy": "A" * 64},
    "file without digest": {"files": (ReleasedFile("a.csv", "", 1),)},
    "release that climbs": {"release": "../up"},
    "release with a slash": {"release": "a/b"},
    "empty project": {"project": ""},
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_no_such_body_is_written_or_read(change):
    with pytest.raises(BadInput) as refusal:
        replace(BODY, **change)
    assert refusal.value.code == "receipt_body"
    # The same body in a file that somebody else wrote.
    parts = {field.name: getattr(BODY, field.name) for field in fields(Body)} | change
    plain = {"format": "tre-receipt/1", **{name: _plain(part) for name, part in parts.items()}}
    with pytest.raises(BadInput):
        receipt.decode(json.dumps({"body": plain, "proof": RECEIPT.proof.encode()}).encode())
    with pytest.raises(BadInput):
        receipt.decode(
            json.dumps(
                {"body": plain, "proof": RECEIPT.proof.encode()},
                sort_keys=True,
                separators=(",", ":"),
                ensure_ascii=False,
            ).encode()
        )


def _plain(part):
    if isinstance(part, tuple):
        return [_plain(one) for one in part]
    if isinstance(part, str | int):
        return part
    return {field.name: getattr(part, field.name) for field in fields(part)}


@pytest.mark.parametrize(
    "name",
    ["", ".hidden", "a/b", "..", "a.", "a b", "é.csv", "receipt.json", "RECEIPT.JSON", "a" * 101, "a\n"],
)
def test_no_released_file_is_called_that(name: str):
    assert not receipt.is_file_name(name)
    with pytest.raises(BadInput):
        replace(BODY, files=(ReleasedFile(name, DIGEST, 1),))


def test_ordinary_file_names_are_fine():
    assert all(receipt.is_file_name(name) for name in ("a", "table-1.csv", "Chart_2.v1.svg", "a" * 100))


def _spelled(change) -> bytes:
    value = json.loads(RECEIPT.encode())
    change(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


ODD = {
    "extra part": lambda value: value.update(note=1),
    "no body": lambda value: value.pop("body"),
    "proof is a list": lambda value: value.update(proof=[]),
    "proof is no proof": lambda value: value.update(proof="proof"),
    "body is a list": lambda value: value.update(body=[]),
    "unknown part": lambda value: value["body"].update(note="x"),
    "missing part": lambda value: value["body"].pop("policy"),
    "another format": lambda value: value["body"].update(format="tre-receipt/2"),
    "true for one": lambda value: value["body"].update(released_at=True),
    "text for a number": lambda value: value["body"].update(released_at="1"),
    "number for a text": lambda value: value["body"].update(project=1),
    "object for a list": lambda value: value["body"].update(files={}),
    "text for a file": lambda value: value["body"].update(files=["a"]),
    "file with more": lambda value: value["body"]["files"][0].update(note=1),
    "number for a reviewer": lambda value: value["body"].update(reviewers=[1, 2]),
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_a_receipt_of_another_shape_is_refused(change):
    with pytest.raises(BadInput):
        receipt.decode(_spelled(change))


def test_a_receipt_that_is_not_an_object_is_refused():
    for data in (b"[]", b'"receipt"', b"null"):
        with pytest.raises(BadInput):
            receipt.decode(data)


def test_a_proof_whose_spelling_differs_is_refused():
    with pytest.raises(BadInput):
        receipt.decode(
            _spelled(lambda value: value.update(proof=value["proof"].replace("index 0", "index 00")))
        )


def test_an_enormous_receipt_is_not_even_parsed():
    with pytest.raises(BadInput) as refusal:
        receipt.decode(b" " * (receipt.LARGEST_RECEIPT + 1))
    assert refusal.value.code == "receipt_malformed"


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data: bytes):
    with pytest.raises(BadInput):
        receipt.decode(data)


def test_a_salted_digest_needs_the_salt():
    assert receipt.salted_digest(b"a", "title") == receipt.salted_digest(b"a", "title")
    assert receipt.salted_digest(b"a", "title") != receipt.salted_digest(b"b", "title")
    assert replace(BODY, title=receipt.salted_digest(b"a", "title")).title != BODY.title
