"""Both verifiers refuse a receipt that somebody else wrote, and one that no honest release has even if the log signed it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tre.domain.checkpoint import Note, parse_note
from tre.signing import create_key


def spelled(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


FORGED: dict[str, Callable[[dict], object]] = {
    "another project": lambda body: body.update(project="other"),
    "no charge": lambda body: body.update(charges=[]),
    "lower charge": lambda body: body["charges"][0].update(amount=1),
    "another reviewer": lambda body: body.update(reviewers=["reviewer-2", "reviewer-6"]),
    "another mode": lambda body: body["items"][0].update(mode="noisy"),
    "dropped file": lambda body: body["files"].pop(),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_well_formed_but_other_body_is_refused_by_both(release, copy: Path, forge):
    value = json.loads((copy / "receipt.json").read_bytes())
    forge(value["body"])
    (copy / "receipt.json").write_bytes(spelled(value))
    for path in copy.iterdir():
        if path.name not in {"receipt.json", *(file["name"] for file in value["body"]["files"])}:
            path.unlink()
    assert release.answers(copy) == (False, False)


# Bodies that the real log has signed: only the rules on bodies can refuse them.
UNFIT: dict[str, Callable[[dict], object]] = {
    "one reviewer": lambda body: body.update(reviewers=["reviewer-2"]),
    "one reviewer twice": lambda body: body.update(reviewers=["reviewer-2", "reviewer-2"]),
    "no charge": lambda body: body.update(charges=[]),
    "no item": lambda body: body.update(items=[]),
    "no file": lambda body: body.update(files=[]),
    "another format": lambda body: body.update(format="tre-receipt/2"),
    "unknown part": lambda body: body.update(note="x"),
    "missing part": lambda body: body.pop("policy"),
    "missing list": lambda body: body.pop("items"),
    "list for a text": lambda body: body.update(project=["p"]),
    "text for a list": lambda body: body.update(sources="none"),
    "true for a number": lambda body: body.update(released_at=True),
    "negative amount": lambda body: body["charges"][0].update(amount=-1),
    "amount too large": lambda body: body["charges"][0].update(amount=2**53),
    "unknown unit": lambda body: body["charges"][0].update(unit="epsilon"),
    "unknown mode": lambda body: body["items"][0].update(mode="raw"),
    "malformed digest": lambda body: body.update(manifest="0"),
    "unsorted items": lambda body: body["items"].reverse(),
    "unsorted reviewers": lambda body: body["reviewers"].reverse(),
    "number for a reviewer": lambda body: body.update(reviewers=[1, 2]),
    "climbing release": lambda body: body.update(release="../up"),
    "release called receipt.json": lambda body: body.update(release="receipt.json"),
    "file called RECEIPT.json": lambda body: body["files"].insert(
        0, {"name": "RECEIPT.json", "sha256": "0" * 64, "bytes": 0}
    ),
    "file in a folder": lambda body: body["files"].append({"name": "up/x", "sha256": "0" * 64, "bytes": 0}),
    "files that differ by case": lambda body: body["files"].insert(
        0, {**body["files"][0], "name": "CHART.svg"}
    ),
    "file name with a line end": lambda body: body["files"][0].update(name="a\n"),
}


@pytest.mark.parametrize("unfit", [*UNFIT.values(), dict.copy], ids=[*UNFIT, "fit"])
def test_a_body_that_no_honest_release_has_is_refused_by_both_even_when_logged(release, logged, unfit):
    body = json.loads((release.bundle / "receipt.json").read_bytes())["body"]
    unfit(body)
    found = logged(spelled(body))
    fits = unfit not in UNFIT.values()
    assert found.answers(found.bundle) == (fits, fits)


def _proof(folder: Path, change: Callable[[str], str]) -> None:
    value = json.loads((folder / "receipt.json").read_bytes())
    value["proof"] = change(value["proof"])
    (folder / "receipt.json").write_bytes(spelled(value))


def test_a_proof_with_fewer_more_or_other_hashes_is_refused_by_both(release, copy: Path):
    genuine = (copy / "receipt.json").read_bytes()
    lines = json.loads(genuine)["proof"].split("\n")
    last = lines.index("")
    assert last >= 3
    for at in range(last):
        for other in (
            lines[:at] + lines[at + 1 :],
            [*lines[:at], lines[at], *lines[at:]],
            [*lines[:at], "", *lines[at:]],
        ):
            _proof(copy, lambda _, other=other: "\n".join(other))
            assert release.answers(copy) == (False, False)
            (copy / "receipt.json").write_bytes(genuine)


def test_a_signature_that_the_key_cannot_vouch_for_is_refused_by_both(release, copy: Path, tmp_path: Path):
    witness = create_key(tmp_path / "witness", "witness.example")

    def cosigned(proof: str) -> str:
        head, _, note = proof.partition("\n\n")
        log = parse_note(note)
        return f"{head}\n\n{Note(log.text, log.signatures + parse_note(witness.sign(log.text)).signatures).encode()}"

    _proof(copy, cosigned)
    assert release.answers(copy) == (False, False)


def test_a_whole_release_of_another_key_is_refused_by_both(release, release_by, tmp_path: Path):
    """The impostor has everything but the key: same name, same files, a log and a receipt of their own."""
    impostor = release_by(tmp_path, create_key(tmp_path / "key", "tre.example/log"))
    assert impostor.answers(impostor.bundle) == (True, True)
    assert release.answers(impostor.bundle) == (False, False)


def test_the_key_never_comes_from_the_bundle(release, copy: Path):
    shutil.copy(release.key_file, copy / "log.vkey")
    assert release.answers(copy) == (False, False)
