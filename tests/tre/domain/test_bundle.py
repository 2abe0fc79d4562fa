"""What the rules say of a bundle, with a key that the test holds as the platform's own."""

from dataclasses import replace

import pytest

from tre.domain.bundle import Fault, Found, faults
from tre.domain.checkpoint import Checkpoint, InclusionProof, Note, Signature, parse_checkpoint, parse_note
from tre.domain.errors import BadInput
from tre.domain.receipt import Body, Charge, Receipt, ReleasedFile, ReleasedItem
from tre.domain.tree import Tree, leaf_hash

DIGEST = "0" * 64
BODY = Body(
    release="r",
    request="q",
    project="p",
    released_at=1,
    manifest=DIGEST,
    policy=DIGEST,
    environment=DIGEST,
    title=DIGEST,
    reviewers=("a", "b"),
    files=(ReleasedFile("a.csv", "1" * 64, 4), ReleasedFile("b.csv", "2" * 64, 5)),
    items=(ReleasedItem("i", "exact", DIGEST),),
    charges=(Charge("x", "cells", 1),),
    sources=(),
)
FOUND = {"a.csv": Found("1" * 64, 4), "b.csv": Found("2" * 64, 5)}
TREE = Tree([leaf_hash(b"{}"), leaf_hash(BODY.leaf()), leaf_hash(b"[]")])
SIGNATURE = Signature("tre.example/log", b"abcd", b"s" * 64)


def receipt(size: int = 3, signatures: tuple[Signature, ...] = (SIGNATURE,)) -> Receipt:
    text = Checkpoint("tre.example/log", size, TREE.root(size)).text()
    return Receipt(BODY, InclusionProof(1, TREE.inclusion_proof(1, size), Note(text, signatures).encode()))


def opened(note: str) -> Checkpoint:
    parsed = parse_note(note)
    if parsed.signatures[0] != SIGNATURE:
        raise BadInput("signature_wrong", "The signature is another's.")
    return parse_checkpoint(parsed.text)


def codes(data: bytes, found=FOUND) -> list[str]:
    return [fault.code for fault in faults(data, found, opened)]


def test_a_genuine_bundle_has_no_fault():
    assert faults(receipt().encode(), FOUND, opened) == ()
    assert faults(receipt(2).encode(), FOUND, opened) == ()


def test_every_fault_of_the_files_is_named():
    found = {"b.csv": Found("2" * 64, 6), "c.csv": Found("3" * 64, 1)}
    answer = faults(receipt().encode(), found, opened)
    assert [fault.code for fault in answer] == ["file_missing", "file_extra", "file_changed"]
    assert answer[0] == Fault("file_missing", "a.csv is stated in the receipt but missing from the bundle.")


def test_two_files_that_changed_places_are_seen():
    assert (
        codes(receipt().encode(), {"a.csv": FOUND["b.csv"], "b.csv": FOUND["a.csv"]}) == ["file_changed"] * 2
    )


def test_a_receipt_that_cannot_be_read_is_a_fault():
    assert codes(receipt().encode() + b" ") == ["not_canonical"]


@pytest.mark.parametrize("index", [0, 2, 3])
def test_a_proof_of_another_entry_is_a_fault(index: int):
    genuine = receipt()
    assert codes(replace(genuine, proof=replace(genuine.proof, index=index)).encode()) == ["not_in_log"]


def test_another_body_is_not_in_the_log():
    assert codes(replace(receipt(), body=replace(BODY, request="other")).encode()) == ["not_in_log"]


def test_a_signature_of_somebody_else_is_a_fault():
    assert codes(receipt(signatures=(replace(SIGNATURE, value=b"t" * 64),)).encode()) == ["signature_wrong"]


def test_a_second_signature_would_be_bytes_that_nobody_checks():
    assert codes(receipt(signatures=(SIGNATURE, SIGNATURE)).encode()) == ["signature_extra"]


def test_a_checkpoint_that_is_no_note_is_a_fault():
    genuine = receipt()
    assert codes(replace(genuine, proof=replace(genuine.proof, checkpoint="note\n")).encode()) == [
        "note_malformed"
    ]
