#!/usr/bin/env python3
"""Check that a release bundle is genuine, with nothing of the platform that made it.

    python verify.py BUNDLE --key FILE                     a release and its receipt
    python verify.py consistency OLD NEW --key FILE        the log has only grown between two checkpoints
    python verify.py log ENTRIES CHECKPOINT --key FILE     the entries of a log are those that its checkpoint states

FILE holds the log's public key, one line, which you got from somewhere else than the bundle. Exit code 0: genuine;
1: not genuine, or it could not be checked; 2: wrong use. Needs Python 3.8 and `cryptography`. README.md tells the formats.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import stat
import sys
from pathlib import Path
from typing import Any, Dict, Tuple  # noqa: UP035 - Python 3.8

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Key = Tuple[str, bytes, bytes]  # name, id, public key  # noqa: UP006 - Python 3.8
Record = Dict[str, Any]  # Any: JSON, or the pattern of each text in it  # noqa: UP006 - Python 3.8

MOST_RECEIPT_BYTES = 4 * 1024 * 1024
DIGEST = r"[0-9a-f]{64}"
IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}"
FILE_NAME = r"(?!(?i:receipt\.json)$)[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?"
COUNT = "count"

FILE: Record = {"name": FILE_NAME, "sha256": DIGEST, "bytes": COUNT}
ITEM: Record = {"item": IDENTIFIER, "mode": "exact|noisy", "specification": DIGEST}
CHARGE: Record = {"account": IDENTIFIER, "unit": "nano_rho|atto_delta|releases|cells", "amount": COUNT}
SOURCE: Record = {"name": IDENTIFIER, "sha256": DIGEST}
REVIEWER: Record = {"reviewer": IDENTIFIER}
BODY: Record = {"format": "tre-receipt/1", "release": FILE_NAME, "request": IDENTIFIER, "project": IDENTIFIER}
BODY.update(released_at=COUNT, manifest=DIGEST, policy=DIGEST, environment=DIGEST, title=DIGEST)

# The lists of a body: what an entry is, which parts sort it, how many there are at least.
LISTS = {
    "files": (FILE, ("name",), 1),
    "items": (ITEM, ("item",), 1),
    "charges": (CHARGE, ("account", "unit"), 1),
    "sources": (SOURCE, ("name",), 0),
    "reviewers": (REVIEWER, ("reviewer",), 2),
}


class NotGenuine(Exception):
    """One sentence on what is wrong."""


def require(holds: bool, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Stop with the sentence unless it holds."""
    if not holds:
        raise NotGenuine(sentence)


def canonical(value: object) -> bytes:
    """Sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_receipt(data: bytes) -> tuple[Record, str]:
    """Body and proof of a receipt whose every byte is as it must be."""
    require(len(data) <= MOST_RECEIPT_BYTES, "the receipt is too large")
    try:
        value = json.loads(data.decode())
        is_canonical = canonical(value) == data
    except (ValueError, RecursionError):
        raise NotGenuine("the receipt is not JSON in UTF-8") from None
    require(is_canonical, "the receipt is not canonical JSON")
    is_receipt = isinstance(value, dict) and set(value) == {"body", "proof"}
    require(is_receipt, "the receipt is not a body and a proof")
    require(isinstance(value["proof"], str), "the proof is not text")
    check_body(value["body"])
    return value["body"], value["proof"]


def check_body(body: object) -> None:
    """The body of a receipt: its parts, their order, and two people at least."""
    if not isinstance(body, dict):
        raise NotGenuine("the body is not an object")
    check_record({name: body[name] for name in body if name not in LISTS}, BODY, "the body")
    for name, (shape, key, fewest) in LISTS.items():
        entries = body.get(name)
        if not isinstance(entries, list):
            raise NotGenuine(f"{name} is not a list")
        records = [{"reviewer": one} for one in entries] if name == "reviewers" else entries
        for record in records:
            check_record(record, shape, f"an entry of {name}")
        order = [" ".join(record[part] for part in key) for record in records]
        require(order == sorted(set(order)), f"{name} is not sorted or repeats an entry")
        require(len(records) >= fewest, f"{name} has fewer than {fewest} entries")
    names = {file["name"].lower() for file in body["files"]}
    require(len(names) == len(body["files"]), "two files have the same name")


def check_record(record: object, shape: Record, what: str) -> None:
    """A record has exactly the parts of its shape, each in its form."""
    if not isinstance(record, dict) or set(record) != set(shape):
        raise NotGenuine(f"{what} has missing or unknown parts")
    for name, form in shape.items():
        part = record[name]
        is_count = type(part) is int and 0 <= part < 2**53
        is_text = isinstance(part, str) and bool(re.fullmatch(form, part))
        require(is_count if form == COUNT else is_text, f"{what}: {name} is malformed")


def unbase64(text: str) -> bytes:
    """Bytes of standard base64, which has one spelling only."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise NotGenuine("a base64 text is malformed") from None
    require(base64.b64encode(data).decode() == text, "a base64 text is not in its one spelling")
    return data


def unhash(text: str) -> bytes:
    """The 32 bytes of a hash."""
    data = unbase64(text)
    require(len(data) == 32, "a hash has not 32 bytes")
    return data


def number(text: str) -> int:
    """A size or index."""
    require(bool(re.fullmatch("0|[1-9][0-9]{0,18}", text)) and int(text) < 2**63, "a number is malformed")
    return int(text)


def read_key(path: Path) -> Key:
    """Name, id and public key in a file with the line `name+id+base64`."""
    parts = path.read_text(encoding="utf-8").strip().split("+", 2)
    require(len(parts) == 3, "the key file does not hold a public key")
    blob = unbase64(parts[2])
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + blob).digest()[:4]
    is_key = len(blob) == 33 and blob[0] == 1 and key_id.hex() == parts[1]
    require(is_key, "the key file does not hold an Ed25519 key")
    return parts[0], key_id, blob[1:]


def open_checkpoint(note: str, key: Key, *, is_alone: bool) -> tuple[int, bytes]:
    """Size and root in a checkpoint that the key has signed; it alone, where no other signature may stand."""
    name, key_id, public = key
    text, gap, signatures = note.rpartition("\n\n")
    require(bool(gap) and signatures.endswith("\n"), "the checkpoint is not a signed note")
    lines = signatures[:-1].split("\n")
    require(len(lines) == 1 or not is_alone, "the checkpoint has more than one signature")
    start = f"\u2014 {name} "
    blobs = [unbase64(line[len(start) :]) for line in lines if line.startswith(start)]
    mine = [blob[4:] for blob in blobs if blob[:4] == key_id]
    require(len(mine) == 1, "the key has not signed the checkpoint")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(mine[0], f"{text}\n".encode())
    except InvalidSignature:
        raise NotGenuine("the signature is not of this checkpoint") from None
    parts = text.split("\n")
    require(len(parts) == 3 and parts[0] == name, "the checkpoint is malformed or of another log")
    return number(parts[1]), unhash(parts[2])


def read_proof(text: str, label: str) -> tuple[int, list[bytes], str]:
    """Number, hashes and signed checkpoint of a proof that begins with the line `label NUMBER`."""
    head, gap, note = text.partition("\n\n")
    first, *lines = head.split("\n")
    require(bool(gap) and first.startswith(f"{label} "), "the proof is malformed")
    return number(first[len(label) + 1 :]), [unhash(line) for line in lines], note


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def last_of(proof: list[bytes]) -> bytes:
    """Take the next hash of a proof, which is used up from its end: from the root down."""
    require(bool(proof), "the proof is too short")
    return proof.pop()


def root_from_leaf(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (section 2.1.1)."""
    if size == 1:
        return leaf
    left, beside = 1 << (size - 1).bit_length() - 1, last_of(proof)
    if index < left:
        return node_hash(root_from_leaf(leaf, index, left, proof), beside)
    return node_hash(beside, root_from_leaf(leaf, index - left, size - left, proof))


def roots_from_old(old: int, new: int, proof: list[bytes], old_root: bytes | None) -> tuple[bytes, bytes]:
    """Both roots that a consistency proof leads to (section 2.1.2); `old_root` while it may be a subtree itself."""
    if old == new:
        shared = last_of(proof) if old_root is None else old_root
        return shared, shared
    left, beside = 1 << (new - 1).bit_length() - 1, last_of(proof)
    if old <= left:
        before, after = roots_from_old(old, left, proof, old_root)
        return before, node_hash(after, beside)
    before, after = roots_from_old(old - left, new - left, proof, None)
    return node_hash(beside, before), node_hash(beside, after)


def root_of(leaves: list[bytes]) -> bytes:
    """The root of leaf hashes: neighbours are paired level by level, a last one without a pair moves up."""
    level = leaves or [hashlib.sha256(b"").digest()]
    while len(level) > 1:
        paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def check_bundle(paths: list[Path], key: Key) -> str:
    """Every file is the one released, none is missing or extra, and the log has the receipt."""
    folder = paths[0].parent if paths[0].name == "receipt.json" else paths[0]
    require(folder.is_dir(), f"there is no bundle at {folder}")
    names = {path.name for path in folder.iterdir()}
    for name in names:
        require(stat.S_ISREG((folder / name).lstat().st_mode), f"{name!r} is not a regular file")
    require("receipt.json" in names, "there is no receipt.json")
    body, proof = read_receipt((folder / "receipt.json").read_bytes())
    stated = {file["name"]: file for file in body["files"]}
    for name in sorted(names ^ {*stated, "receipt.json"}):
        raise NotGenuine(f"{name!r} is " + ("missing" if name in stated else "not part of the release"))
    for name, file in sorted(stated.items()):
        data = (folder / name).read_bytes()
        found = {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        require(found == file, f"{name!r} is not the file that was released")
    check_logged(body, proof, key)
    return f"release {body['release']}, {len(stated)} files, {len(body['reviewers'])} approvals, log {key[0]}"


def check_logged(body: Record, proof: str, key: Key) -> None:
    """The proof leads from the body to a log that the key has signed."""
    header, _, rest = proof.partition("\n")
    require(header == "c2sp.org/tlog-proof@v1", "the proof has another format")
    index, hashes, note = read_proof(rest, "index")
    size, root = open_checkpoint(note, key, is_alone=True)
    require(index < size, "the log has no such entry")
    is_in = root_from_leaf(leaf_hash(canonical(body)), index, size, hashes) == root
    require(is_in and not hashes, "the proof does not lead from the receipt to the log")


def check_consistency(paths: list[Path], key: Key) -> str:
    """The log of the second file (consistency proof and checkpoint) begins with the log of the first (checkpoint)."""
    old, new = (path.read_bytes().decode() for path in paths)
    old_size, old_root = open_checkpoint(old, key, is_alone=False)
    claimed, hashes, note = read_proof(new, "old")
    size, root = open_checkpoint(note, key, is_alone=False)
    require(claimed == old_size and old_size <= size, "the proof does not begin at the old checkpoint")
    roots = roots_from_old(old_size, size, hashes, old_root) if old_size else (root_of([]), root)
    require(roots == (old_root, root) and not hashes, "the log has not only grown: it was changed")
    return f"the log grew from {old_size} to {size} entries and nothing before was changed"


def check_log(paths: list[Path], key: Key) -> str:
    """The entries, one a line, are those of the checkpoint."""
    size, root = open_checkpoint(paths[1].read_bytes().decode(), key, is_alone=False)
    *lines, rest = paths[0].read_bytes().split(b"\n")
    require(not rest and len(lines) == size, "the log has not as many entries as its checkpoint states")
    is_same = root_of([leaf_hash(line) for line in lines]) == root
    require(is_same, "the entries are not those that the checkpoint states")
    return f"all {size} entries are those that the checkpoint states"


def main(words: list[str]) -> int:
    """Run one check and say its outcome."""
    checks = {
        "consistency": (check_consistency, ("OLD", "NEW")),
        "log": (check_log, ("ENTRIES", "CHECKPOINT")),
    }
    check, places = checks.get(words[0] if words else "", (check_bundle, ("BUNDLE",)))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for place in places:
        parser.add_argument(place, type=Path)
    parser.add_argument("--key", type=Path, required=True, help="file with the public key, from elsewhere")
    found = parser.parse_args(words if check is check_bundle else words[1:])
    try:
        print(f"genuine: {check([getattr(found, place) for place in places], read_key(found.key))}")
    except (NotGenuine, OSError, UnicodeDecodeError) as error:
        print(f"NOT verified: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
