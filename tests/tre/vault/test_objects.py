"""An object is its bytes: stored whole or not at all, checked at every reading, never taken from where it should not be."""

import errno
import hashlib
import io
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tre.domain.errors import BadInput, NotFound, Refused, Unavailable
from tre.vault.objects import STALE_SECONDS, ObjectStore
from tre.vault.storage import CHUNK


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "vault")


def failure_of(act) -> str | None:
    try:
        act()
    except Unavailable as error:
        return error.code
    return None


def staged(store_root: Path) -> list[Path]:
    return list((store_root / "stage").iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"a", b"x" * CHUNK, b"y" * (2 * CHUNK + 7)], ids=["empty", "one", "chunk", "more"]
)
def test_what_is_stored_is_read_back(store: ObjectStore, content: bytes):
    digest = store.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert store.get(digest) == content
    assert store.put(io.BytesIO(content)) == digest
    assert store.has(digest)
    assert list(store.digests()) == [digest]
    assert store.check(digest).read_bytes() == content


def test_everything_is_its_owners_alone(tmp_path: Path):
    old = os.umask(0)
    try:
        store = ObjectStore(tmp_path / "vault")
        path = store.check(store.put(b"content"))
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {place.stat().st_mode & 0o777 for place in (tmp_path / "vault").rglob("*") if place.is_dir()} == {
        0o700
    }


def test_a_slow_pipe_is_stored_whole(store: ObjectStore):
    program = (
        "import sys,time\nfor _ in range(5): sys.stdout.write('x'*70000); sys.stdout.flush(); time.sleep(.02)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        assert store.get(store.put(process.stdout)) == b"x" * 350_000


def test_nothing_is_left_staged(store: ObjectStore, tmp_path: Path):
    store.put(b"a")
    store.put(b"a")
    assert staged(tmp_path / "vault") == []


def test_a_changed_object_is_never_used(store: ObjectStore):
    content = b"z" * 300
    digest = store.put(content)
    path = store.check(digest)
    for at in range(0, 300, 37):
        path.write_bytes(content[:at] + b"!" + content[at + 1 :])
        with pytest.raises(Refused) as refusal:
            store.get(digest)
        assert refusal.value.code == "object_damaged"
        assert store.damaged() == (digest,)
    path.write_bytes(content[:-1])
    with pytest.raises(Refused):
        store.check(digest)


def test_a_damaged_object_is_not_quietly_replaced(store: ObjectStore):
    path = store.check(store.put(b"genuine"))
    path.write_bytes(b"planted")
    with pytest.raises(Refused):
        store.put(b"genuine")
    assert path.read_bytes() == b"planted"


def test_an_object_may_not_be_a_link_or_folder(store: ObjectStore, tmp_path: Path):
    digest = store.put(b"genuine")
    path = store.check(digest)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        store.get(digest)
    with pytest.raises(Refused):
        store.put(b"genuine")
    path.unlink()
    path.mkdir()
    assert store.damaged() == (digest,)


def test_a_missing_object_is_said_to_be_missing(store: ObjectStore):
    with pytest.raises(NotFound):
        store.get("0" * 64)
    assert not store.has("0" * 64)


@pytest.mark.parametrize(
    "digest", ["", "..", "../../etc/passwd", "0" * 63, "A" * 64, "0" * 64 + "\n", "/etc/passwd"]
)
def test_no_path_passes_for_a_digest(store: ObjectStore, digest: str):
    with pytest.raises(BadInput):
        store.get(digest)
    with pytest.raises(BadInput):
        store.has(digest)


def test_a_file_larger_than_agreed_is_refused(store: ObjectStore, tmp_path: Path):
    assert store.put(b"1234", limit=4)
    with pytest.raises(BadInput):
        store.put(b"12345", limit=4)
    assert staged(tmp_path / "vault") == []


def test_only_a_regular_file_is_taken_in(store: ObjectStore, tmp_path: Path):
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (outputs / "genuine").write_bytes(b"genuine")
    (outputs / "link").symlink_to(tmp_path / "secret")
    (outputs / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(outputs / "pipe")
    (outputs / "folder").mkdir()
    (outputs / "way").symlink_to(tmp_path)
    assert store.get(store.put_file(outputs / "genuine")) == b"genuine"
    assert store.put_file(outputs / "genuine", beneath=outputs) == hashlib.sha256(b"genuine").hexdigest()
    for name in ("link", "dangling", "pipe", "folder"):
        for beneath in (None, outputs):
            with pytest.raises(BadInput) as refusal:
                store.put_file(outputs / name, beneath=beneath)
            assert refusal.value.code == "not_a_file"
    for path in (outputs / "way" / "secret", outputs / ".." / "secret", tmp_path / "secret", outputs):
        with pytest.raises(BadInput):
            store.put_file(path, beneath=outputs)
    with pytest.raises(BadInput):
        store.put_file(Path("/dev/zero"))
    with pytest.raises(Unavailable):
        store.put_file(outputs / "absent")
    assert len(list(store.digests())) == 1


def test_a_file_deep_beneath_is_found(store: ObjectStore, tmp_path: Path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"deep")
    assert store.get(store.put_file(tmp_path / "a" / "b" / "c", beneath=tmp_path)) == b"deep"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_fails_at_any_call_leaves_nothing_half_written(tmp_path: Path, faulty_disk, code: int):
    ObjectStore(tmp_path / "vault")
    for at in range(1, 100):
        disk = faulty_disk()
        store = ObjectStore(tmp_path / "vault", disk=disk)
        content = b"content %d" % at
        digest = hashlib.sha256(content).hexdigest()
        disk.at, disk.fault = disk.calls + at, OSError(code, os.strerror(code))
        failure = failure_of(partial(store.put, content))
        if failure is None and disk.calls < disk.at:
            break
        # Nothing is said of the last call, the removal of a staged name that the rename has taken already.
        assert failure in (None, "disk_failed" if code == errno.EIO else "disk_full")
        assert not store.has(digest) or store.get(digest) == content
        disk.fault = None
        assert store.put(content) == digest
        assert store.damaged() == ()
    assert at > 5


def test_short_writes_are_finished(tmp_path: Path, faulty_disk):
    store = ObjectStore(tmp_path / "vault", disk=faulty_disk(most=3))
    assert store.get(store.put(b"0123456789")) == b"0123456789"


def test_a_disk_that_takes_nothing_is_an_error_not_a_loop(tmp_path: Path, faulty_disk):
    store = ObjectStore(tmp_path / "vault", disk=faulty_disk(most=0))
    with pytest.raises(Unavailable):
        store.put(b"content")
    assert staged(tmp_path / "vault") == []


def test_a_real_kernel_limit_is_one_clear_sentence(tmp_path: Path):
    """The kernel itself cuts the write short and then refuses, in a child with a file size limit."""
    program = (
        "import resource, sys; from pathlib import Path; from tre.vault.objects import ObjectStore\n"
        "from tre.domain.errors import Unavailable\n"
        "store = ObjectStore(Path(sys.argv[1]))\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, {resource.RLIM_INFINITY}))\n"
        "try: store.put(b'x' * 3_000_000)\n"
        "except Unavailable as error: print(error.code, len(list(store.digests())), len(list((Path(sys.argv[1])/'stage').iterdir())))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "vault"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "disk_full 0 0\n"


def test_old_staged_files_are_swept_and_new_ones_are_not(store: ObjectStore, tmp_path: Path):
    left = tmp_path / "vault" / "stage" / "left"
    left.write_bytes(b"left by a crash")
    written = left.stat().st_mtime
    digest = store.put(b"kept")
    assert store.sweep(written + STALE_SECONDS - 1) == 0
    assert store.sweep(written + STALE_SECONDS + 1) == 1
    assert staged(tmp_path / "vault") == []
    assert store.get(digest) == b"kept"


def test_a_store_is_not_opened_on_a_link_or_file(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_bytes(b"")
    for name in ("link", "file"):
        with pytest.raises(Refused):
            ObjectStore(tmp_path / name)
    with pytest.raises(Unavailable):
        ObjectStore(tmp_path / "absent" / "vault")
