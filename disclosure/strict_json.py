"""JSON that means one thing: no key stands twice, and no text is too long or too deep to read."""

import json


def read_once(text: str, *, longest: int) -> object:
    """Return what a JSON text holds, or None where it is not such a text.

    Args:
        text: the text.
        longest: most characters that are read.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique) if len(text) <= longest else None
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
