"""One reading of a path: what the policy matches is, byte for byte, what the workspace's server is asked for."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from hub_config.gateway.refusal import Refusal

LONGEST_TARGET: Final = (
    4096  # characters of path and query; source: ours, twice what Jupyter's own pages send
)
RAW_PATH: Final = re.compile(r"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+")
RAW_QUERY: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
ESCAPED_AGAIN: Final = re.compile(r"%[0-9A-Fa-f]{2}")
# Control, format (bidirectional overrides, zero width), surrogate, private and unassigned characters.
UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
DIGITS: Final = re.compile(r"[0-9]{10,16}")

BAD_PATH: Final = "The address is not written in its plain form; open the workspace again from the portal."


def hostile() -> Refusal:
    """Return the one answer to all addresses that two programs could read in two ways."""
    return Refusal(400, "hostile_path", BAD_PATH)


def split_target(target: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Read the target of a request line: decoded segments of the path, and decoded pairs of the query.

    A final empty segment stands for a slash at the end. The key of a pair may be empty of value: Jupyter appends
    the bare time to defeat caches.

    Raises:
        Refusal: it is not in origin form, or not in the one plain form.
    """
    raw_path, mark, raw_query = target.partition("?")
    if len(target) > LONGEST_TARGET or not RAW_PATH.fullmatch(raw_path):
        raise hostile()
    if mark and not RAW_QUERY.fullmatch(raw_query):
        raise hostile()
    segments = tuple(_decoded(part) for part in raw_path[1:].split("/"))
    if any(not _is_plain(segment) for segment in segments[:-1]) or not (
        segments[-1] == "" or _is_plain(segments[-1])
    ):
        raise hostile()
    return segments, _pairs(raw_query)


def encoded(segments: tuple[str, ...]) -> str:
    """Write decoded segments as a path in the one plain form, without a slash before it."""
    return "/".join(quote(segment, safe="@~") for segment in segments)


def encoded_query(pairs: tuple[tuple[str, str], ...]) -> str:
    """Write decoded pairs as a query in the one plain form."""
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs)


def _pairs(raw_query: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in raw_query.split("&"):
        key, _, value = part.partition("=")
        if not part or (DIGITS.fullmatch(key) and not value):
            continue  # the bare time, which says nothing
        pairs.append((_decoded(key.replace("+", " ")), _decoded(value.replace("+", " "))))
    if len({key for key, _ in pairs}) != len(pairs) or any(_has_unseen(key + value) for key, value in pairs):
        raise hostile()
    return tuple(pairs)


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise hostile() from None


def _is_plain(segment: str) -> bool:
    """Whether no program could read this segment as two, as none, or as a way upwards."""
    folded = unicodedata.normalize("NFKC", segment)
    return (
        segment != ""
        and not {"/", "\\"} & set(segment + folded)
        and not {"", ".", ".."} & {segment.strip(), folded.strip()}
        and not ESCAPED_AGAIN.search(segment)
        and not _has_unseen(segment)
    )


def _has_unseen(text: str) -> bool:
    return bool(UNSEEN & {unicodedata.category(character) for character in text})
