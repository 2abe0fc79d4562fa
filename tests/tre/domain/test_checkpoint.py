"""Notes, checkpoints and proofs: each text is read in its one spelling or not at all."""

import base64

import pytest

from tre.domain.checkpoint import (
    Checkpoint,
    ConsistencyProof,
    InclusionProof,
    Note,
    Signature,
    is_key_name,
    parse_checkpoint,
    parse_consistency_proof,
    parse_inclusion_proof,
    parse_note,
)
from tre.domain.errors import BadInput

HASH = bytes(range(32))
B64 = base64.b64encode(HASH).decode()
NOTE = Note(
    Checkpoint("tre.example/log", 7, HASH).text(),
    (Signature("tre.example/log", b"abcd", b"s" * 64), Signature("witness.example", b"efgh", b"t" * 64)),
)


def refuses(parse, text: str) -> bool:
    with pytest.raises(BadInput) as refusal:
        parse(text)
    return refusal.value.code == "note_malformed"


def test_a_checkpoint_has_the_c2sp_form():
    assert Checkpoint("tre.example/log", 7, HASH).text() == f"tre.example/log\n7\n{B64}\n"


def test_what_is_written_is_read_back():
    note = NOTE.encode()
    assert parse_note(note) == NOTE
    assert parse_checkpoint(NOTE.text) == Checkpoint("tre.example/log", 7, HASH)
    inclusion, consistency = InclusionProof(3, (HASH, HASH), note), ConsistencyProof(3, (HASH,), note)
    assert parse_inclusion_proof(inclusion.encode()) == inclusion
    assert parse_consistency_proof(consistency.encode()) == consistency
    assert parse_inclusion_proof(InclusionProof(0, (), note).encode()).hashes == ()
    assert inclusion.encode().startswith("c2sp.org/tlog-proof@v1\nindex 3\n")


@pytest.mark.parametrize(
    ("encoded", "parse"),
    [
        (NOTE.encode(), parse_note),
        (NOTE.text, parse_checkpoint),
        (InclusionProof(3, (HASH, HASH), NOTE.encode()).encode(), parse_inclusion_proof),
        (ConsistencyProof(3, (HASH, HASH), NOTE.encode()).encode(), parse_consistency_proof),
    ],
)
def test_no_two_texts_mean_the_same(encoded: str, parse):
    """Whatever one changed, dropped or added character still reads as, it reads as something else."""
    genuine = parse(encoded)
    for at in range(len(encoded)):
        for letter in ("", "A", "0", " ", "\n", "=", "\r", encoded[at] * 2):
            other = encoded[:at] + letter + encoded[at + 1 :]
            if other == encoded:
                continue
            try:
                assert parse(other) != genuine
            except BadInput:
                continue


@pytest.mark.parametrize(
    "text",
    ["", "text\n", "text\n\n", "text\n\nno signature\n", "text\n\n— name aaaa", "text\n\n— name YWJjZA==\n",
     "text\n\n— na+me YWJjZGU=\n", "text\n\n— name YWJjZGV=\n", "text\n\n— name abc\n",
     "text\n\n— name YWJjZGU=\n— \n", "text\n\n- name YWJjZGU=\n", "text\n\n— name YWJjZGU=\n\n"],
)  # fmt: skip
def test_a_malformed_note_is_refused(text: str):
    assert refuses(parse_note, text)


@pytest.mark.parametrize(
    "text",
    ["", f"o\n1\n{B64}", f"o\n1\n{B64}\nextension\n", f"\n1\n{B64}\n", f"o p\n1\n{B64}\n", f"o\n01\n{B64}\n",
     f"o\n-1\n{B64}\n", f"o\n+1\n{B64}\n", f"o\n\u0661\n{B64}\n", f"o\n9223372036854775808\n{B64}\n", "o\n1\nYWJj\n",
     "o\n1\n\n", f"o\n1\n{B64[:-2]}9=\n", f"o\n1\n\u00e9{B64[1:]}\n"],
)  # fmt: skip
def test_a_malformed_checkpoint_is_refused(text: str):
    assert refuses(parse_checkpoint, text)


@pytest.mark.parametrize(
    "text",
    ["", "c2sp.org/tlog-proof@v1\n\nnote\n", "c2sp.org/tlog-proof@v2\nindex 0\n\nnote\n", "c2sp.org/tlog-proof@v1\nindex 0\n",
     "c2sp.org/tlog-proof@v1\nextra YWJj\nindex 0\n\nnote\n", "c2sp.org/tlog-proof@v1\nindex\n\nnote\n",
     "c2sp.org/tlog-proof@v1\nindex 0\nYWJj\n\nnote\n", "c2sp.org/tlog-proof@v1\n\n"],
)  # fmt: skip
def test_a_malformed_inclusion_proof_is_refused(text: str):
    assert refuses(parse_inclusion_proof, text)


@pytest.mark.parametrize(
    "text", ["", "old 1\n", "new 1\n\nnote\n", "old x\n\nnote\n", "old 1\nYWJj\n\nnote\n"]
)
def test_a_malformed_consistency_proof_is_refused(text: str):
    assert refuses(parse_consistency_proof, text)


def test_a_key_name_has_no_white_space_and_no_plus():
    assert is_key_name("tre.example/log")
    for name in ("", "a b", "a+b", "a\tb", "a\u00a0b", "a\u2028b", "a\n"):
        assert not is_key_name(name)
