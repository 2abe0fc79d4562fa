"""What a browser may send into a workspace: text that somebody could have typed, never files."""

from collections.abc import Mapping
from typing import Final

MODEL_KEYS: Final = frozenset(
    {"name", "path", "type", "format", "content", "created", "last_modified", "mimetype", "size", "writable"}
    | {"hash", "hash_algorithm"}
)
UPLOAD: Final = "Files do not enter a workspace by upload: ask for an import, which a data steward looks at and then provides."
UNKNOWN: Final = "The workspace's page sent something that this gateway does not know; reload the page."


def save_fault(body: object) -> str | None:
    """Say why this is no saved notebook or text, or None if it is one."""
    if not isinstance(body, Mapping):
        return UNKNOWN
    kind = (body.get("type"), body.get("format"))
    if kind not in {("notebook", "json"), ("notebook", None), ("file", "text"), ("directory", None)}:
        return UPLOAD
    return None if set(body) <= MODEL_KEYS else UPLOAD


def creation_fault(body: object) -> str | None:
    """Say why this creates more than an empty file, an empty folder or a copy, or None if it does not."""
    if body is None:
        return None
    if not isinstance(body, Mapping) or not set(body) <= {"type", "ext", "path", "copy_from"}:
        return UNKNOWN
    return None if all(value is None or isinstance(value, str) for value in body.values()) else UNKNOWN


def rename_fault(body: object) -> str | None:
    """Say why this does more than rename, or None if it does not."""
    if not isinstance(body, Mapping) or set(body) != {"path"} or not isinstance(body["path"], str):
        return UNKNOWN
    return None


def object_fault(body: object) -> str | None:
    """Say why this is no JSON object, or None if it is one or nothing."""
    return None if body is None or isinstance(body, Mapping) else UNKNOWN
