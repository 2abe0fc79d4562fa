"""The log only grows: any change, loss, reordering or rollback is seen, and nothing is signed over it."""

import shutil
from pathlib import Path

import pytest

from tre.domain.checkpoint import parse_consistency_proof, parse_note
from tre.domain.errors import BadInput, Refused, TreError, Unavailable
from tre.domain.tree import leaf_hash, verify_consistency, verify_inclusion
from tre.signing import CheckpointSigner, create_key
from tre.vault.log import TransparencyLog, entries, verify_log

ENTRIES = [b'{"event":%d}' % number for number in range(9)]


@pytest.fixture
def log(house) -> TransparencyLog:
    house.log.begin()
    return house.log


def codes(house, **more) -> list[str]:
    return [fault.code for fault in verify_log(house.root / "log", house.published, house.open, **more)]


def reopened(house, house_on) -> TransparencyLog:
    return house_on(house.root).log


def test_what_is_appended_stands_there_and_verifies(house, log):
    note = log.append(ENTRIES[:4], start=0)
    assert house.open(note).size == log.size == 4
    log.append(ENTRIES[4:], start=4)
    assert entries(house.root / "log") == tuple(ENTRIES)
    assert entries(house.root / "log", 2, 5) == tuple(ENTRIES[2:5])
    assert codes(house, witnessed=[note]) == []
    assert house.published.read_text() == (house.root / "log" / "checkpoint").read_text()


def test_begin_may_be_called_at_every_start(house, house_on, log):
    log.append(ENTRIES, start=0)
    other = reopened(house, house_on)
    other.begin()
    assert other.size == 9
    assert codes(house) == []


def test_appending_twice_logs_once(house, log):
    first = log.append(ENTRIES, start=0)
    assert log.append(ENTRIES, start=0) == first
    assert log.append(ENTRIES[3:5], start=3) == first
    assert log.append([], start=9) == first
    assert entries(house.root / "log") == tuple(ENTRIES)


def test_an_overlap_logs_only_what_is_new(house, log):
    log.append(ENTRIES[:5], start=0)
    log.append(ENTRIES[3:], start=3)
    assert entries(house.root / "log") == tuple(ENTRIES)


def test_other_entries_at_logged_indices_are_refused(house, log):
    log.append(ENTRIES[:5], start=0)
    with pytest.raises(Refused) as refusal:
        log.append([ENTRIES[4], b"{}"], start=3)
    assert refusal.value.code == "log_diverged"
    for start in (6, -1):
        with pytest.raises(Refused) as refusal:
            log.append([b"{}"], start=start)
        assert refusal.value.code == "log_behind"
    assert entries(house.root / "log") == tuple(ENTRIES[:5])


@pytest.mark.parametrize("entry", [b"", b"a\nb", b"\n"])
def test_an_entry_is_one_line(house, log, entry: bytes):
    with pytest.raises(BadInput):
        log.append([ENTRIES[0], entry], start=0)
    assert entries(house.root / "log") == ()


def test_a_proof_is_the_same_whenever_it_is_asked_for(house, house_on, log):
    log.append(ENTRIES[:4], start=0)
    before = [log.proof(index) for index in range(4)]
    log.append(ENTRIES[4:], start=4)
    assert [reopened(house, house_on).proof(index) for index in range(4)] == before
    for index, proof in enumerate(before):
        tree = house.open(proof.checkpoint)
        assert tree.size == index + 1
        assert verify_inclusion(
            leaf_hash(ENTRIES[index]), index, proof.hashes, size=tree.size, root=tree.root
        )


@pytest.mark.parametrize("index", [-1, 4, 10**9])
def test_there_is_no_proof_of_what_is_not_logged(log, index: int):
    log.append(ENTRIES[:4], start=0)
    with pytest.raises(BadInput):
        log.proof(index)


def test_whoever_keeps_a_checkpoint_can_be_shown_that_the_log_only_grew(house, log):
    old = house.open(log.append(ENTRIES[:4], start=0))
    log.append(ENTRIES[4:], start=4)
    proof = parse_consistency_proof(log.consistency(4).encode())
    new = house.open(proof.checkpoint)
    assert verify_consistency((old.size, old.root), (new.size, new.root), proof.hashes)
    with pytest.raises(BadInput):
        log.consistency(10)


def test_every_changed_byte_of_every_file_is_seen(house, log):
    log.append(ENTRIES, start=0)
    for path in (house.root / "log" / "entries", house.root / "log" / "checkpoint", house.published):
        genuine = path.read_bytes()
        for at in range(len(genuine)):
            path.write_bytes(genuine[:at] + bytes([genuine[at] ^ 1]) + genuine[at + 1 :])
            assert codes(house), f"{path.name} byte {at}"
        for end in range(len(genuine)):
            path.write_bytes(genuine[:end])
            assert codes(house), f"{path.name} cut at {end}"
        path.write_bytes(genuine)
    assert codes(house) == []


def test_swapped_dropped_repeated_and_added_entries_are_seen(house, log):
    log.append(ENTRIES, start=0)
    path = house.root / "log" / "entries"
    for other in (
        [*ENTRIES[:3], ENTRIES[4], ENTRIES[3], *ENTRIES[5:]],
        ENTRIES[:3] + ENTRIES[4:],
        ENTRIES[1:],
        [*ENTRIES[:3], *ENTRIES[2:]],
        [*ENTRIES, b"{}"],
    ):
        path.write_bytes(b"".join(entry + b"\n" for entry in other))
        assert codes(house)


def test_lost_files_are_seen_and_stop_the_log(house, house_on, log):
    log.append(ENTRIES, start=0)
    for path in (house.root / "log" / "entries", house.root / "log" / "checkpoint", house.published):
        genuine = path.read_bytes()
        path.unlink()
        assert codes(house) == ["log_damaged"]
        with pytest.raises(Refused):
            reopened(house, house_on).begin()
        with pytest.raises(Refused):
            reopened(house, house_on).append([b"{}"], start=9)
        path.write_bytes(genuine)


def test_a_log_restored_from_an_old_backup_is_not_signed_again(house, house_on, log, tmp_path: Path):
    """Otherwise the log would fork: two signed histories of the same size."""
    log.append(ENTRIES[:4], start=0)
    shutil.copytree(house.root / "log", tmp_path / "backup")
    log.append(ENTRIES[4:], start=4)
    shutil.rmtree(house.root / "log")
    shutil.copytree(tmp_path / "backup", house.root / "log")
    assert codes(house) == ["log_rolled_back"]
    for act in (lambda one: one.begin(), lambda one: one.append([b"{}"], start=4), lambda one: one.proof(0)):
        with pytest.raises(Refused) as refusal:
            act(reopened(house, house_on))
        assert refusal.value.code == "log_rolled_back"
    # The writer that still remembers the longer log does not go on either.
    with pytest.raises(Refused):
        log.append([b"{}"], start=9)


def test_a_rollback_of_everything_is_seen_by_whoever_kept_a_checkpoint(house, log, tmp_path: Path):
    log.append(ENTRIES[:4], start=0)
    shutil.copytree(house.root / "log", tmp_path / "backup")
    old_published = house.published.read_text()
    witnessed = log.append(ENTRIES[4:], start=4)
    shutil.rmtree(house.root / "log")
    shutil.copytree(tmp_path / "backup", house.root / "log")
    house.published.write_text(old_published)
    assert codes(house) == []
    assert codes(house, witnessed=[witnessed]) == ["log_rolled_back"]


def test_a_log_rewritten_and_signed_by_an_impostor_is_refused(house, log, tmp_path: Path):
    log.append(ENTRIES[:4], start=0)
    impostor = CheckpointSigner(create_key(tmp_path / "impostor", "tre.example/log"))
    forged = TransparencyLog(tmp_path / "forged", tmp_path / "elsewhere" / "checkpoint", impostor)
    forged.begin()
    forged.append(ENTRIES[1:5], start=0)
    shutil.rmtree(house.root / "log")
    (tmp_path / "forged").rename(house.root / "log")
    assert codes(house) == ["signature_missing"]


def test_a_log_rewritten_with_the_real_key_disagrees_with_what_was_published(
    house, house_on, log, tmp_path: Path
):
    log.append(ENTRIES[:4], start=0)
    rewritten = house_on(tmp_path / "rewritten")
    rewritten.log.begin()
    rewritten.log.append([b"{}", *ENTRIES[1:]], start=0)
    shutil.rmtree(house.root / "log")
    (rewritten.root / "log").rename(house.root / "log")
    assert codes(house) == ["log_rolled_back"]
    with pytest.raises(Refused):
        reopened(house, house_on).append([b"{}"], start=9)


def test_two_writers_take_turns(house, house_on, log):
    other = reopened(house, house_on)
    for number, entry in enumerate(ENTRIES):
        (log, other)[number % 2].append([entry], start=number)
    assert entries(house.root / "log") == tuple(ENTRIES)
    assert codes(house) == []


def test_a_tail_that_no_checkpoint_covers_was_never_logged(house, house_on, log):
    log.append(ENTRIES[:4], start=0)
    with (house.root / "log" / "entries").open("ab") as file:
        file.write(b'{"planted":1}\n{"torn"')
    assert codes(house) == ["log_tail"]
    reopened(house, house_on).append(ENTRIES[4:], start=4)
    assert entries(house.root / "log") == tuple(ENTRIES)
    assert codes(house) == []


def test_a_crash_at_any_step_then_a_retry_gives_the_same_log(tmp_path: Path, house_on, crash, contents):
    twin = house_on(tmp_path / "twin")
    twin.log.begin()
    twin.log.append(ENTRIES[:4], start=0)
    twin.log.append(ENTRIES[4:], start=4)
    for step in ("log.written", "log.signed", "log.checkpointed", "log.published"):
        root = tmp_path / step
        first = house_on(root)
        first.log.begin()
        first.log.append(ENTRIES[:4], start=0)

        def stop(name: str, step: str = step) -> None:
            if name == step:
                raise crash

        with pytest.raises(crash):
            house_on(root, failpoint=stop).log.append(ENTRIES[4:], start=4)
        again = house_on(root)
        again.log.begin()
        again.log.append(ENTRIES[4:], start=4)
        assert contents(root / "log") == contents(twin.root / "log")
        assert contents(root / "published") == contents(twin.root / "published")


@pytest.mark.parametrize("kind", ["error", "crash"])
def test_a_disk_that_fails_at_any_call_never_breaks_the_log(
    tmp_path: Path, house_on, faulty_disk, crash, kind: str
):
    for at in range(1, 60):
        root = tmp_path / str(at)
        disk = faulty_disk(most=5)
        broken = house_on(root, disk)
        disk.at, disk.fault = (
            disk.calls + at,
            crash() if kind == "crash" else OSError(28, "No space left on device"),
        )
        try:
            broken.log.begin()
            broken.log.append(ENTRIES, start=0)
        except (crash, Unavailable):
            if kind == "error":  # the same process goes on
                broken.log.begin()
                broken.log.append(ENTRIES, start=0)
        again = house_on(root)
        again.log.begin()
        again.log.append(ENTRIES, start=0)
        assert entries(root / "log") == tuple(ENTRIES)
        assert codes(again) == []
        if disk.calls < disk.at:
            break
    assert at > 30


def test_the_log_says_when_its_folder_is_gone(house):
    with pytest.raises(Unavailable):
        _ = house.log.size
    with pytest.raises(Unavailable):
        verify_log(house.root / "log", house.published, house.open)


def test_a_checkpoint_that_is_no_text_is_a_fault(house, log):
    (house.root / "log" / "checkpoint").write_bytes(b"\xff\xfe")
    assert codes(house) == ["log_damaged"]


def test_a_witnessed_note_that_is_no_note_is_a_fault(house, log):
    assert codes(house, witnessed=["no note"]) == ["note_malformed"]
    assert parse_note(house.published.read_text())
    with pytest.raises(TreError):
        house.open("no note")
