"""Keys stay with their owner, and no checkpoint is signed that disagrees with the published one."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tre.domain.checkpoint import Checkpoint, Note, parse_note
from tre.domain.errors import BadInput, Refused, TreError, Unavailable
from tre.domain.tree import EMPTY_ROOT, Tree, leaf_hash
from tre.signing import (
    CheckpointSigner,
    SigningKey,
    create_key,
    load_key,
    load_verification_key,
    open_checkpoint,
    open_note,
    parse_signing_key,
    parse_verification_key,
    sign_checkpoint,
)

ORIGIN = "tre.example/log"
# The pair of Go's package golang.org/x/mod/sumdb/note, published in its documentation, and a note it signed.
PETER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return create_key(tmp_path / "key", ORIGIN)


def tree(size: int) -> Tree:
    return Tree(leaf_hash(str(number).encode()) for number in range(size))


def state(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, tree(size).root())


def signed(key: SigningKey, size: int) -> str:
    first = sign_checkpoint(key, state(0), published=None, proof=())
    return sign_checkpoint(key, state(size), published=first, proof=())


def test_keys_and_notes_are_those_of_other_tools():
    key = parse_signing_key(PETER)
    assert key.verification_key.vkey == PETER_PUBLIC
    assert key.sign(PETER_NOTE.partition("\n\n")[0] + "\n") == PETER_NOTE
    assert open_note(PETER_NOTE, parse_verification_key(PETER_PUBLIC)) == parse_note(PETER_NOTE).text


def test_a_key_is_read_back_as_it_was_made(tmp_path: Path, key: SigningKey):
    assert load_key(tmp_path / "key").secret_line() == key.secret_line()
    (tmp_path / "public").write_text(f"{key.verification_key.vkey}\n")
    assert load_verification_key(tmp_path / "public") == key.verification_key


def test_a_key_file_is_its_owners_alone(tmp_path: Path, key: SigningKey):
    old = os.umask(0)
    try:
        create_key(tmp_path / "other", ORIGIN)
    finally:
        os.umask(old)
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "other"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_a_key_that_others_can_reach_is_not_used(tmp_path: Path, key: SigningKey, mode: int):
    (tmp_path / "key").chmod(mode)
    with pytest.raises(Refused) as refusal:
        load_key(tmp_path / "key")
    assert refusal.value.code == "key_exposed"


def test_a_key_is_never_replaced(tmp_path: Path, key: SigningKey):
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(Refused):
        create_key(tmp_path / "key", ORIGIN)
    assert (tmp_path / "key").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_link_or_pipe_or_folder_is_no_key(tmp_path: Path, key: SigningKey):
    (tmp_path / "link").symlink_to(tmp_path / "key")
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder", "absent"):
        with pytest.raises((Refused, Unavailable)):
            load_key(tmp_path / name)


def test_a_key_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    with pytest.raises(Unavailable):
        create_key(tmp_path / "absent" / "key", ORIGIN)
    with pytest.raises(BadInput):
        create_key(tmp_path / "key", "a name")
    assert list(tmp_path.iterdir()) == []


def test_a_private_key_never_shows_itself(key: SigningKey):
    secret = key.secret_line().rpartition("+")[2]
    assert secret not in repr(key)
    assert secret not in str(CheckpointSigner(key))


def test_errors_about_a_key_do_not_repeat_it(tmp_path: Path, key: SigningKey):
    secret = key.secret_line()
    (tmp_path / "key").write_text(secret[:-3])
    with pytest.raises(BadInput) as refusal:
        load_key(tmp_path / "key")
    assert secret[-20:-3] not in refusal.value.sentence


@pytest.mark.parametrize(
    "line",
    ["", "name", PETER, PETER_PUBLIC + "\n", PETER_PUBLIC[:-1], PETER_PUBLIC.replace("c74f20a3", "c74f20a4"),
     PETER_PUBLIC.replace("c74f20a3", "C74F20A3"), PETER_PUBLIC.replace("Peter", "Paul"), "+c74f20a3+AQ==",
     PETER_PUBLIC.replace("+ARpc", "+Ahpc"), "n+zz+AQ==", "n+00000000+é"],
)  # fmt: skip
def test_a_line_that_is_no_public_key_is_refused(line: str):
    with pytest.raises(BadInput):
        parse_verification_key(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        PETER_PUBLIC,
        PETER.removeprefix("PRIVATE+KEY+"),
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER + " ",
    ],
)
def test_a_line_that_is_no_private_key_is_refused(line: str):
    with pytest.raises(BadInput):
        parse_signing_key(line)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\n", PETER.encode() + b"\n\n", PETER.encode() + b"\nmore\n"]
)
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(BadInput):
        load_key(tmp_path / "key")


def test_any_changed_character_of_a_note_is_seen(key: SigningKey):
    note = key.sign("text\n")
    for at in range(len(note)):
        other = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
        with pytest.raises(BadInput):
            open_note(other, key.verification_key)


def test_another_key_of_the_same_name_does_not_open_a_note(tmp_path: Path, key: SigningKey):
    impostor = create_key(tmp_path / "impostor", ORIGIN)
    with pytest.raises(BadInput):
        open_note(impostor.sign("text\n"), key.verification_key)
    # Nor does the impostor's signature under the real key's id.
    forged = replace(parse_note(impostor.sign("text\n")).signatures[0], key_id=key.verification_key.key_id)
    with pytest.raises(BadInput) as refusal:
        open_note(Note("text\n", (forged,)).encode(), key.verification_key)
    assert refusal.value.code == "signature_wrong"


def test_a_witness_may_sign_beside_the_log(tmp_path: Path, key: SigningKey):
    witness = create_key(tmp_path / "witness", "witness.example")
    both = Note(
        "text\n", (*parse_note(key.sign("text\n")).signatures, *parse_note(witness.sign("text\n")).signatures)
    )
    assert open_note(both.encode(), key.verification_key) == "text\n"
    assert open_note(both.encode(), witness.verification_key) == "text\n"
    twice = Note("text\n", parse_note(key.sign("text\n")).signatures * 2)
    with pytest.raises(BadInput):
        open_note(twice.encode(), key.verification_key)


@pytest.mark.parametrize("text", ["", "no line end"])
def test_a_text_that_cannot_stand_in_a_note_is_not_signed(key: SigningKey, text: str):
    with pytest.raises(BadInput):
        key.sign(text)


def test_the_same_text_always_gives_the_same_signature(key: SigningKey):
    assert key.sign("text\n") == key.sign("text\n")


def test_a_log_may_grow(key: SigningKey):
    note = signed(key, 5)
    grown = sign_checkpoint(key, state(9), published=note, proof=tree(9).consistency_proof(5, 9))
    assert open_checkpoint(grown, key.verification_key) == state(9)


def test_an_earlier_state_of_the_same_log_may_be_signed_for_a_receipt(key: SigningKey):
    note = sign_checkpoint(key, state(3), published=signed(key, 9), proof=tree(9).consistency_proof(3, 9))
    assert open_checkpoint(note, key.verification_key).size == 3


@pytest.mark.parametrize("size", [1, 4, 5, 6, 9])
def test_a_forked_log_is_never_signed(key: SigningKey, size: int):
    """Whatever the size of the fork and whichever proof comes with it."""
    published = signed(key, 5)
    other = Tree(leaf_hash(f"other {number}".encode()) for number in range(9))
    genuine = tree(9)
    small, large = min(5, size), max(5, size)
    for proof in ((), other.consistency_proof(small, large), genuine.consistency_proof(small, large)):
        with pytest.raises(Refused) as refusal:
            sign_checkpoint(key, Checkpoint(ORIGIN, size, other.root(size)), published=published, proof=proof)
        assert refusal.value.code == "log_forked"


def test_growth_without_a_proof_is_not_signed(key: SigningKey):
    with pytest.raises(Refused):
        sign_checkpoint(key, state(9), published=signed(key, 5), proof=())


def test_only_an_empty_log_is_signed_without_a_published_checkpoint(key: SigningKey):
    with pytest.raises(Refused) as refusal:
        sign_checkpoint(key, state(1), published=None, proof=())
    assert refusal.value.code == "published_missing"
    with pytest.raises(Refused):
        sign_checkpoint(key, Checkpoint(ORIGIN, 0, bytes(32)), published=None, proof=())
    assert sign_checkpoint(key, Checkpoint(ORIGIN, 0, EMPTY_ROOT), published=None, proof=())


def test_a_forged_published_checkpoint_is_not_believed(tmp_path: Path, key: SigningKey):
    impostor = create_key(tmp_path / "impostor", ORIGIN)
    with pytest.raises(BadInput):
        sign_checkpoint(key, state(9), published=signed(impostor, 5), proof=tree(9).consistency_proof(5, 9))


def test_another_logs_checkpoint_is_neither_signed_nor_opened(key: SigningKey):
    with pytest.raises(Refused):
        sign_checkpoint(key, Checkpoint("other.example", 0, EMPTY_ROOT), published=None, proof=())
    with pytest.raises(BadInput) as refusal:
        open_checkpoint(key.sign(Checkpoint("other.example", 0, EMPTY_ROOT).text()), key.verification_key)
    assert refusal.value.code == "origin_wrong"


def test_the_signer_is_what_the_log_needs(key: SigningKey):
    signer = CheckpointSigner(key)
    assert signer.origin == ORIGIN
    note = signer.sign(state(0), published=None, proof=())
    assert signer.open(note) == state(0)
    with pytest.raises(TreError):
        signer.open("no note")
