"""A sealed file opens for its key and purpose, whole and unchanged, or not at all."""

import io
import os
from pathlib import Path

import pytest

from tre.domain.errors import BadInput, Refused, Unavailable
from tre.vault import sealed
from tre.vault.sealed import PIECE, opened_chunks, seal, sealed_chunks, unseal, unseal_to

KEY = bytes(range(32))
LABEL = "payload/energy_accounts"
HEADER = 8 + 32
SIZES = (0, 1, 100, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 5)


def sealed_bytes(plain: bytes, key: bytes = KEY, label: str = LABEL) -> bytes:
    return b"".join(sealed_chunks(io.BytesIO(plain), key, label))


def opened(data: bytes, key: bytes = KEY, label: str = LABEL) -> bytes:
    return b"".join(opened_chunks(io.BytesIO(data), key, label))


def refused(data: bytes, key: bytes = KEY, label: str = LABEL) -> bool:
    with pytest.raises(Refused) as refusal:
        opened(data, key, label)
    return refusal.value.code == "seal_broken"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> int:
    """Pieces of 16 bytes, so that every cut and swap can be tried."""
    monkeypatch.setattr(sealed, "PIECE", 16)
    return 16


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_opens(size: int):
    plain = os.urandom(size)
    data = sealed_bytes(plain)
    assert opened(data) == plain
    assert len(data) == HEADER + size + 16 * max(1, -(-size // PIECE))


def test_the_plain_bytes_do_not_show(tmp_path: Path):
    seal(b"AB123456C" * 1000, tmp_path / "sealed", key=KEY, label=LABEL)
    assert b"AB123456C" not in (tmp_path / "sealed").read_bytes()
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o600


def test_no_two_seals_are_alike():
    one, other = sealed_bytes(b"same"), sealed_bytes(b"same")
    assert one[8:40] != other[8:40]
    assert one[40:] != other[40:]


def test_every_flipped_bit_is_seen(small_pieces: int):
    data = sealed_bytes(b"0123456789" * 5)
    for at in range(len(data)):
        for bit in (1, 128):
            assert refused(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])


def test_every_cut_is_seen(small_pieces: int):
    data = sealed_bytes(b"0123456789" * 5)
    for end in range(len(data)):
        assert refused(data[:end])


def test_pieces_cannot_be_swapped_repeated_dropped_or_added(small_pieces: int):
    data = sealed_bytes(bytes(range(64)))
    header, step = data[:HEADER], small_pieces + 16
    pieces = [data[at : at + step] for at in range(HEADER, len(data), step)]
    assert len(pieces) == 4
    for first in range(4):
        for second in range(first + 1, 4):
            order = list(pieces)
            order[first], order[second] = order[second], order[first]
            assert refused(header + b"".join(order))
        assert refused(header + b"".join(pieces[:first] + pieces[first + 1 :]))
        assert refused(header + b"".join([*pieces[: first + 1], *pieces[first:]]))
    assert refused(data + b"x")
    assert refused(data + sealed_bytes(b"")[HEADER:])


def test_pieces_of_another_file_do_not_fit(small_pieces: int):
    one, other = sealed_bytes(bytes(32)), sealed_bytes(bytes(32))
    assert refused(one[:HEADER] + other[HEADER:])
    assert refused(one[: HEADER + 32] + other[HEADER + 32 :])


def test_an_empty_last_piece_is_no_second_way_to_seal(small_pieces: int):
    """Made with the right key, so only the rule about empty pieces can refuse it."""
    data = sealed_bytes(bytes(16))
    header, key = data[:HEADER], sealed._cipher(KEY, data[8:HEADER], LABEL)
    forged = key.encrypt(sealed._nonce(0, is_last=False), bytes(16), header)
    assert refused(header + forged + key.encrypt(sealed._nonce(1, is_last=True), b"", header))


def test_another_key_or_purpose_does_not_open():
    data = sealed_bytes(b"content")
    assert refused(data, key=bytes(32))
    assert refused(data, label="identifiers/energy_accounts")
    assert refused(data, label="")


@pytest.mark.parametrize("key", [b"", bytes(16), bytes(31), bytes(33)])
def test_a_key_of_another_length_is_refused(key: bytes):
    with pytest.raises(BadInput):
        sealed_bytes(b"content", key=key)
    with pytest.raises(BadInput):
        opened(sealed_bytes(b"content"), key=key)


@pytest.mark.parametrize("source", ["path", "bytes", "stream"])
def test_a_file_bytes_or_stream_can_be_sealed(tmp_path: Path, source: str):
    (tmp_path / "plain").write_bytes(b"content")
    given = {"path": tmp_path / "plain", "bytes": b"content", "stream": io.BytesIO(b"content")}[source]
    seal(given, tmp_path / "sealed", key=KEY, label=LABEL)
    assert unseal(tmp_path / "sealed", key=KEY, label=LABEL) == b"content"
    unseal_to(tmp_path / "sealed", tmp_path / "opened", key=KEY, label=LABEL)
    assert (tmp_path / "opened").read_bytes() == b"content"


def test_no_plain_file_appears_unless_all_of_it_is_genuine(tmp_path: Path, small_pieces: int):
    seal(b"0123456789" * 5, tmp_path / "sealed", key=KEY, label=LABEL)
    data = (tmp_path / "sealed").read_bytes()
    (tmp_path / "sealed").write_bytes(data[:-1])
    with pytest.raises(Refused):
        unseal_to(tmp_path / "sealed", tmp_path / "opened", key=KEY, label=LABEL)
    assert [path.name for path in tmp_path.iterdir()] == ["sealed"]


def test_a_full_disk_leaves_the_old_file_as_it_was(tmp_path: Path, faulty_disk):
    target = tmp_path / "sealed"
    seal(b"old", target, key=KEY, label=LABEL)
    before = target.read_bytes()
    for at in range(1, 7):
        disk = faulty_disk(at=at, fault=OSError(28, "No space left on device"))
        with pytest.raises(Unavailable) as refusal:
            seal(b"new", target, key=KEY, label=LABEL, disk=disk)
        assert refusal.value.code == "disk_full"
        assert target.read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["sealed"]


def test_a_link_is_neither_sealed_nor_opened(tmp_path: Path):
    seal(b"content", tmp_path / "sealed", key=KEY, label=LABEL)
    (tmp_path / "link").symlink_to(tmp_path / "sealed")
    with pytest.raises(BadInput):
        unseal(tmp_path / "link", key=KEY, label=LABEL)
    with pytest.raises(BadInput):
        seal(tmp_path / "link", tmp_path / "other", key=KEY, label=LABEL)
    with pytest.raises(Unavailable):
        unseal(tmp_path / "absent", key=KEY, label=LABEL)
