"""The receipt of a release: what left, by whose approval, at what cost, and the proof that the log knows of it.

The body is a leaf of the transparency log. It holds no personal data: reviewers stand there under pseudonyms, the title as
a salted digest. `receipt.json` is the canonical JSON of body and proof, and nothing else.
"""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final, TypeAlias

from tre.domain import canonical
from tre.domain.checkpoint import InclusionProof, parse_inclusion_proof
from tre.domain.errors import BadInput

FORMAT: Final = "tre-receipt/1"
RECEIPT_NAME: Final = "receipt.json"
FEWEST_REVIEWERS: Final = 2
"""People who must approve a release, in people. Source: DESIGN, promise 4; SDAP handbook on output statistical disclosure control."""

LARGEST_RECEIPT: Final = 4 * 1024 * 1024
"""Largest receipt that is read, in bytes: some 20,000 files. Keeps a hostile bundle from filling memory."""

MODES: Final = ("exact", "noisy")
UNITS: Final = ("atto_delta", "cells", "nano_rho", "releases")

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}[A-Za-z0-9_-]|[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """One file of the bundle: its name, the SHA-256 of its bytes in hexadecimal, its length in bytes."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ReleasedItem:
    """One statistic, run or file of the request: its id, noisy or exact, and the digest of what was asked."""

    item: str
    mode: str
    specification: str


@dataclass(frozen=True, slots=True)
class Charge:
    """What the release cost one account: an amount of `nano_rho`, of `atto_delta`, of exact `releases`, or of exact `cells`."""

    account: str
    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class Source:
    """An edition or extract that the release was computed from, and its digest."""

    name: str
    sha256: str


_Part: TypeAlias = ReleasedFile | ReleasedItem | Charge | Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a receipt states.

    Attributes:
        release, request, project: identifiers; `release` is also the name of the bundle's folder.
        released_at: seconds since 1970-01-01 UTC, from the release's row, so that a repeated publication writes the same bytes.
        manifest: digest of the manifest that was voted on.
        policy: digest of the disclosure policy that the verdict used.
        environment: digest of the environment that the platform or the trusted run used.
        title: salted digest of the title (`salted_digest`).
        reviewers: pseudonyms of those who approved, sorted, at least two.
        files, items, charges, sources: sorted by name, item, (account, unit), name.
    """

    release: str
    request: str
    project: str
    released_at: int
    manifest: str
    policy: str
    environment: str
    title: str
    reviewers: tuple[str, ...]
    files: tuple[ReleasedFile, ...]
    items: tuple[ReleasedItem, ...]
    charges: tuple[Charge, ...]
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        """Refuse a body that no honest release has, so that neither writer nor reader meets one.

        Raises:
            BadInput: fewer than two reviewers, no file, a bad name, digest, amount, mode or unit, a repeated or unsorted entry.
        """
        fault = _fault_of(self)
        if fault:
            raise BadInput("receipt_body", f"The receipt cannot be used: {fault}.")

    def leaf(self) -> bytes:
        """The entry of this release in the log: canonical JSON."""
        return canonical.encode(_plain(self))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A body and the proof that it stands in the log."""

    body: Body
    proof: InclusionProof

    def encode(self) -> bytes:
        """The bytes of `receipt.json`."""
        return canonical.encode({"body": _plain(self.body), "proof": self.proof.encode()})


def salted_digest(salt: bytes, text: str) -> str:
    """Digest of a free text that cannot be guessed without the salt, which is kept apart and can be erased."""
    return hmac.new(salt, text.encode(), "sha256").hexdigest()


def is_file_name(name: str) -> bool:
    """May a released file be called that: one to a hundred ASCII letters, digits, dots, dashes, no leading or last dot?"""
    return bool(_FILE_NAME.fullmatch(name)) and name.lower() != RECEIPT_NAME


def decode(data: bytes) -> Receipt:
    """Read `receipt.json`; whatever `Receipt.encode` would not have written is refused.

    Raises:
        BadInput: too long, not canonical, not a receipt of this format, or its proof is malformed.
    """
    if len(data) > LARGEST_RECEIPT:
        raise BadInput("receipt_malformed", "The receipt is larger than any that is written; fetch it again.")
    value = canonical.decode(data)
    if not isinstance(value, dict) or not isinstance(value.get("proof"), str):
        raise _malformed()
    proof = parse_inclusion_proof(value["proof"])
    receipt = Receipt(_body(value.get("body")), proof)
    if receipt.encode() != data:
        raise _malformed()
    return receipt


def _plain(value: Body | _Part | tuple[str | _Part, ...] | str | int) -> canonical.Json:
    """A body as JSON: dataclasses become objects, tuples lists."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, str | int):
        return value
    record = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return {"format": FORMAT, **record} if isinstance(value, Body) else record


def _body(value: object) -> Body:
    record = _record(value, Body, "format")
    if record["format"] != FORMAT:
        raise _malformed()
    reviewers = tuple(_text(one) for one in _list(record["reviewers"]))
    files = [_record(one, ReleasedFile) for one in _list(record["files"])]
    items = [_record(one, ReleasedItem) for one in _list(record["items"])]
    charges = [_record(one, Charge) for one in _list(record["charges"])]
    sources = [_record(one, Source) for one in _list(record["sources"])]
    return Body(
        release=_text(record["release"]),
        request=_text(record["request"]),
        project=_text(record["project"]),
        released_at=_count(record["released_at"]),
        manifest=_text(record["manifest"]),
        policy=_text(record["policy"]),
        environment=_text(record["environment"]),
        title=_text(record["title"]),
        reviewers=reviewers,
        files=tuple(
            ReleasedFile(_text(one["name"]), _text(one["sha256"]), _count(one["bytes"])) for one in files
        ),
        items=tuple(
            ReleasedItem(_text(one["item"]), _text(one["mode"]), _text(one["specification"])) for one in items
        ),
        charges=tuple(
            Charge(_text(one["account"]), _text(one["unit"]), _count(one["amount"])) for one in charges
        ),
        sources=tuple(Source(_text(one["name"]), _text(one["sha256"])) for one in sources),
    )


def _record(value: object, shape: type[_Part | Body], *more: str) -> dict[str, object]:
    names = {field.name for field in fields(shape)} | set(more)
    if not isinstance(value, dict) or set(value) != names:
        raise _malformed()
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _malformed()
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _malformed()
    return value


def _count(value: object) -> int:
    # `true` is an int to Python, but not to anybody else.
    if not isinstance(value, int) or isinstance(value, bool):
        raise _malformed()
    return value


def _malformed() -> BadInput:
    return BadInput("receipt_malformed", f"The receipt is not in the form {FORMAT}; fetch the bundle again.")


def _fault_of(body: Body) -> str | None:
    """The first thing that no honest body has, or None."""
    return next(
        (sentence for holds, sentence in (*_form_rules(body), *_order_rules(body)) if not holds), None
    )


def _form_rules(body: Body) -> Iterator[tuple[bool, str]]:
    numbers = [body.released_at, *(one.bytes for one in body.files), *(one.amount for one in body.charges)]
    names = [body.release, body.request, body.project, *body.reviewers, *(one.name for one in body.sources)]
    names += [*(one.item for one in body.items), *(one.account for one in body.charges)]
    digests = [
        body.manifest,
        body.policy,
        body.environment,
        body.title,
        *(one.specification for one in body.items),
    ]
    digests += [*(one.sha256 for one in body.files), *(one.sha256 for one in body.sources)]
    yield (
        all(_IDENTIFIER.fullmatch(name) for name in names),
        "an identifier has other characters than A-Z a-z 0-9 . _ : @ / -",
    )
    yield is_file_name(body.release), "the release's identifier cannot name a folder"
    yield all(_DIGEST.fullmatch(one) for one in digests), "a digest is not 64 hexadecimal digits"
    yield (
        all(0 <= number <= canonical.LARGEST_INTEGER for number in numbers),
        "a number is negative or too large",
    )
    yield (
        all(is_file_name(file.name) for file in body.files),
        "a file has a name that a released file may not have",
    )
    yield all(item.mode in MODES for item in body.items), "an item is neither exact nor noisy"
    yield all(charge.unit in UNITS for charge in body.charges), "a charge has an unknown unit"
    yield len(set(body.reviewers)) >= FEWEST_REVIEWERS, "fewer than two people approved it"
    yield bool(body.files and body.items and body.charges), "it has no file, no item or no charge"


def _order_rules(body: Body) -> Iterator[tuple[bool, str]]:
    # Names that differ by case alone fall together on some disks.
    yield _is_distinct([file.name.lower() for file in body.files]), "two files have the same name"
    yield _is_strictly_sorted(list(body.reviewers)), "its reviewers are not sorted or repeat"
    yield _is_strictly_sorted([file.name for file in body.files]), "its files are not sorted"
    yield _is_strictly_sorted([item.item for item in body.items]), "its items are not sorted or repeat"
    yield (
        _is_strictly_sorted([f"{one.account} {one.unit}" for one in body.charges]),
        "its charges are not sorted or repeat",
    )
    yield (
        _is_strictly_sorted([source.name for source in body.sources]),
        "its sources are not sorted or repeat",
    )


def _is_distinct(values: list[str]) -> bool:
    return len(set(values)) == len(values)


def _is_strictly_sorted(values: list[str]) -> bool:
    return values == sorted(set(values))
