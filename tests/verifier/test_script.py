"""The script as a stranger runs it: one file, one key, three checks, three exit codes."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from tre.signing import CheckpointSigner, create_key, load_key
from tre.vault.log import TransparencyLog

SCRIPT = Path(__file__).parents[2] / "verifier" / "verify.py"
ENTRIES = [b'{"event":%d}' % number for number in range(11)]


def test_a_genuine_release_is_genuine_to_both(release, run):
    assert release.answers(release.bundle) == (True, True)
    for path in (release.bundle, release.bundle / "receipt.json"):
        code, words, errors = run(path, "--key", release.key_file)
        assert (code, errors) == (0, "")
        assert words == "genuine: release release-1, 4 files, 3 approvals, log tre.example/log\n"


def test_another_key_and_no_key_verify_nothing(release, release_by, run, tmp_path: Path):
    impostor = release_by(tmp_path, create_key(tmp_path / "key", "tre.example/log"))
    code, words, errors = run(impostor.bundle, "--key", release.key_file)
    assert (code, words) == (1, "")
    assert errors == "NOT verified: the key has not signed the checkpoint\n"
    code, _, errors = run(release.bundle)
    assert code == 2
    assert "--key" in errors


@pytest.mark.parametrize("content", ["", "key", "a+b+c", "tre.example/log+00000000+AQ=="])
def test_a_file_that_is_no_key_verifies_nothing(release, run, tmp_path: Path, content: str):
    (tmp_path / "key").write_text(content)
    code, words, _ = run(release.bundle, "--key", tmp_path / "key")
    assert (code, words) == (1, "")


def test_wrong_use_and_missing_files_have_their_own_codes(release, run, tmp_path: Path):
    assert run()[0] == 2
    assert run(release.bundle, "more", "--key", release.key_file)[0] == 2
    assert run(tmp_path / "absent", "--key", release.key_file)[0] == 1
    assert run(release.bundle, "--key", tmp_path / "absent")[0] == 1
    code, words, _ = run("--help")
    assert code == 0
    assert "consistency OLD NEW" in words


@dataclass(frozen=True, slots=True)
class Grown:
    """Checkpoints of one log at every size, and the files that the script is given."""

    root: Path
    log: TransparencyLog
    notes: list[str]
    key_file: Path
    verifier: ModuleType
    run: Callable[..., tuple[int, str, str]]

    def consistency(self, old: str, new: str) -> tuple[int, str, str]:
        (self.root / "old").write_text(old)
        (self.root / "new").write_text(new)
        return self.run("consistency", self.root / "old", self.root / "new", "--key", self.key_file)


@pytest.fixture
def grown(tmp_path: Path, verifier: ModuleType, run) -> Grown:
    key = create_key(tmp_path / "key", "tre.example/log")
    log = TransparencyLog(tmp_path / "log", tmp_path / "published" / "checkpoint", CheckpointSigner(key))
    log.begin()
    notes = [(tmp_path / "log" / "checkpoint").read_text()]
    notes += [log.append([entry], start=number) for number, entry in enumerate(ENTRIES)]
    (tmp_path / "log.vkey").write_text(key.verification_key.vkey)
    return Grown(tmp_path, log, notes, tmp_path / "log.vkey", verifier, run)


def in_process(grown: Grown, old: str, new: str) -> bool:
    (grown.root / "old").write_text(old)
    (grown.root / "new").write_text(new)
    verifier = grown.verifier
    try:
        verifier.check_consistency(
            [grown.root / "old", grown.root / "new"], verifier.read_key(grown.key_file)
        )
    except verifier.NotGenuine:
        return False
    return True


def test_growth_from_every_size_verifies_and_no_spoiled_proof_does(grown: Grown):
    for size, note in enumerate(grown.notes):
        proof = grown.log.consistency(size).encode()
        assert in_process(grown, note, proof)
        lines = proof.split("\n")
        for at in range(lines.index("") + 1):
            for other in (lines[:at] + lines[at + 1 :], [*lines[:at], lines[at], *lines[at:]]):
                assert not in_process(grown, note, "\n".join(other))
        for other_size in range(len(grown.notes)):
            if other_size != size:
                assert not in_process(grown, grown.notes[other_size], proof)


def test_a_forked_log_is_seen_by_whoever_kept_a_checkpoint(grown: Grown, tmp_path: Path):
    """Signed by the real key, so nothing but the proof can show it."""
    key = CheckpointSigner(load_key(tmp_path / "key"))
    fork = TransparencyLog(tmp_path / "fork", tmp_path / "fork-published" / "checkpoint", key)
    fork.begin()
    fork.append([b"{}", *ENTRIES[1:]], start=0)
    code, _, errors = grown.consistency(grown.notes[4], fork.consistency(4).encode())
    assert code == 1
    assert "it was changed" in errors


def test_the_script_says_how_the_log_grew(grown: Grown):
    code, words, _ = grown.consistency(grown.notes[4], grown.log.consistency(4).encode())
    assert code == 0
    assert words == "genuine: the log grew from 4 to 11 entries and nothing before was changed\n"


def test_the_whole_log_is_hashed_again(grown: Grown, run, verifier: ModuleType):
    entries, checkpoint = grown.root / "log" / "entries", grown.root / "log" / "checkpoint"
    code, words, _ = run("log", entries, checkpoint, "--key", grown.key_file)
    assert (code, words) == (0, "genuine: all 11 entries are those that the checkpoint states\n")
    genuine, key = entries.read_bytes(), verifier.read_key(grown.key_file)
    for at in range(len(genuine)):
        for other in (genuine[:at] + bytes([genuine[at] ^ 1]) + genuine[at + 1 :], genuine[:at]):
            entries.write_bytes(other)
            with pytest.raises(verifier.NotGenuine):
                verifier.check_log([entries, checkpoint], key)
    entries.write_bytes(b"")
    checkpoint.write_text(grown.notes[0])
    assert run("log", entries, checkpoint, "--key", grown.key_file)[0] == 0


def test_the_script_needs_nothing_of_the_platform():
    words = SCRIPT.read_text()
    assert "import tre" not in words
    assert "from tre" not in words
    # Python 3.8 reads it: no syntax that came later.
    compile(words, str(SCRIPT), "exec", dont_inherit=True)
    ast.parse(words, feature_version=(3, 8))
