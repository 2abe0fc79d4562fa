"""Both verifiers see whatever was done to a bundle, byte by byte and file by file."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def test_every_flipped_bit_of_every_file_is_seen_by_both(release, copy: Path):
    tried = 0
    for path in sorted(copy.iterdir()):
        genuine = path.read_bytes()
        for at in range(len(genuine)):
            for bit in (0x01, 0x20, 0x80):
                path.write_bytes(genuine[:at] + bytes([genuine[at] ^ bit]) + genuine[at + 1 :])
                assert release.answers(copy) == (False, False), f"{path.name} byte {at} bit {bit}"
                tried += 1
        path.write_bytes(genuine)
    assert tried > 3 * 1500
    assert release.answers(copy) == (True, True)


def test_every_dropped_or_doubled_byte_is_seen_by_both(release, copy: Path):
    for path in sorted(copy.iterdir()):
        genuine = path.read_bytes()
        for at in range(len(genuine)):
            for other in (
                genuine[:at] + genuine[at + 1 :],
                genuine[:at] + genuine[at : at + 1] + genuine[at:],
                genuine[:at],
            ):
                path.write_bytes(other)
                assert release.answers(copy) == (False, False), f"{path.name} byte {at}"
        path.write_bytes(genuine)


def _swap(folder: Path) -> None:
    (folder / "table.csv").rename(folder / "kept")
    (folder / "chart.svg").rename(folder / "table.csv")
    (folder / "kept").rename(folder / "chart.svg")


def _link(folder: Path) -> None:
    (folder / "table.csv").rename(folder.parent / "elsewhere")
    (folder / "table.csv").symlink_to(folder.parent / "elsewhere")


def _link_receipt(folder: Path) -> None:
    (folder / "receipt.json").rename(folder.parent / "receipt.json")
    (folder / "receipt.json").symlink_to(folder.parent / "receipt.json")


SPOILED: dict[str, Callable[[Path], object]] = {
    "extra file": lambda folder: (folder / "extra.csv").write_bytes(b"x"),
    "extra empty file": lambda folder: (folder / "extra.csv").write_bytes(b""),
    "hidden file": lambda folder: (folder / ".hidden").write_bytes(b"x"),
    "extra folder": lambda folder: (folder / "folder").mkdir(),
    "extra pipe": lambda folder: os.mkfifo(folder / "pipe"),
    "extra link": lambda folder: (folder / "link").symlink_to("table.csv"),
    "second receipt": lambda folder: shutil.copy(folder / "receipt.json", folder / "RECEIPT.JSON"),
    "missing file": lambda folder: (folder / "table.csv").unlink(),
    "missing empty file": lambda folder: (folder / "empty.txt").unlink(),
    "missing receipt": lambda folder: (folder / "receipt.json").unlink(),
    "renamed file": lambda folder: (folder / "table.csv").rename(folder / "Table.csv"),
    "swapped files": _swap,
    "file behind a link": _link,
    "receipt behind a link": _link_receipt,
    "empty receipt": lambda folder: (folder / "receipt.json").write_bytes(b""),
    "receipt that is a folder": lambda folder: (
        (folder / "receipt.json").unlink(),
        (folder / "receipt.json").mkdir(),
    ),
    "nested receipt": lambda folder: (folder / "receipt.json").write_bytes(b"[" * 100_000),
    "huge number": lambda folder: (folder / "receipt.json").write_bytes(b"1" * 5000),
    "enormous receipt": lambda folder: (folder / "receipt.json").write_bytes(b" " * (4 * 1024 * 1024 + 1)),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_folder_is_seen_by_both(release, copy: Path, spoil: Callable[[Path], object]):
    spoil(copy)
    assert release.answers(copy) == (False, False)


def repeated_key(data: bytes) -> bytes:
    return data.replace(b'"project":', b'"project":"other","project":', 1)


RESPELLED: dict[str, Callable[[bytes], bytes]] = {
    "spaces": lambda data: json.dumps(json.loads(data)).encode(),
    "indented": lambda data: json.dumps(json.loads(data), indent=1, sort_keys=True).encode(),
    "reordered": lambda data: json.dumps(
        dict(reversed(json.loads(data).items())), separators=(",", ":")
    ).encode(),
    "line end": lambda data: data + b"\n",
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "escaped": lambda data: data.replace(b"fuel", b"\\u0066uel", 1),
    "repeated key": repeated_key,
    "float": lambda data: data.replace(b'"amount":4,', b'"amount":4.0,', 1),
    "exponent": lambda data: data.replace(b'"amount":4,', b'"amount":4e0,', 1),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
}


@pytest.mark.parametrize("respell", RESPELLED.values(), ids=RESPELLED)
def test_another_spelling_of_the_same_receipt_is_refused_by_both(release, copy: Path, respell):
    data = (copy / "receipt.json").read_bytes()
    (copy / "receipt.json").write_bytes(respell(data))
    assert respell(data) != data
    assert release.answers(copy) == (False, False)
