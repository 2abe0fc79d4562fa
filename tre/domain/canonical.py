"""Canonical JSON: one value, one sequence of bytes, so that a digest or a signature means one thing.

A subset of RFC 8785: keys sorted, no white space, UTF-8, the shortest escapes; numbers are integers that every JSON reader
holds exactly. Text is kept as it was given: no Unicode normalisation, whose tables change from one version to the next.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from tre.domain.errors import BadInput

Json: TypeAlias = str | int | bool | Sequence["Json"] | Mapping[str, "Json"] | None

LARGEST_INTEGER: Final = 2**53 - 1
"""Largest magnitude of a number, without unit. Source: RFC 8259, section 6 (interoperable integers)."""

DEEPEST: Final = 32
"""Deepest nesting that is read, in levels; a receipt has four. Keeps a hostile file from exhausting the stack."""


def encode(value: Json) -> bytes:
    """The canonical bytes of a JSON value.

    Raises:
        BadInput: it holds a fraction, a number too large, a key that is not ASCII text, a lone surrogate, or nests too deep.
    """
    _must_be_plain(value, DEEPEST)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise BadInput("not_canonical", "A text holds half of a character; write it again.") from None


def decode(data: bytes) -> Json:
    """The value of canonical bytes; bytes that `encode` would not have written are refused.

    Raises:
        BadInput: not JSON, or not the canonical form of its value (spaces, order, repeated keys, fractions, escapes).
    """
    try:
        value: Json = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise BadInput("not_canonical", "The file is not JSON in UTF-8; fetch it again.") from None
    if encode(value) != data:
        raise BadInput(
            "not_canonical",
            "The file is not in canonical form: someone has written it again; fetch it again.",
        )
    return value


def digest(value: Json) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(encode(value)).hexdigest()


def _must_be_plain(value: object, depth: int) -> None:
    """Refuse what has no canonical form, before json.dumps would quietly choose one."""
    if depth < 0:
        raise BadInput("not_canonical", "The value nests too deep; a receipt never does.")
    if isinstance(value, dict):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise BadInput("not_canonical", "A key is not ASCII text; rename it.")
        for part in value.values():
            _must_be_plain(part, depth - 1)
    elif isinstance(value, list | tuple):
        for part in value:
            _must_be_plain(part, depth - 1)
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise BadInput(
                "not_canonical", "A number is too large to be read exactly everywhere; write it as text."
            )
    elif not (value is None or isinstance(value, str)):
        raise BadInput(
            "not_canonical",
            "Only text, integers, true, false, null, lists and objects have a canonical form.",
        )
