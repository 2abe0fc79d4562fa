"""Votes and history of a request as rows of a page's table."""

from collections.abc import Mapping, Sequence

from tre.web.rendering import moment

Rows = list[list[dict[str, str]]]


def votes(view: Mapping[str, object]) -> Rows:
    """The votes that the reader may see, with whether they are on the present version."""
    return [
        _row(
            one["person"],
            one["decision"],
            one["reason"],
            "this one" if one["manifest_digest"] == view["manifest_digest"] else "an earlier one",
            moment(str(one["cast_at"])),
        )
        for one in _maps(view["votes"])
    ]


def events(view: Mapping[str, object]) -> Rows:
    """What happened to the request, newest first."""
    return [
        _row(moment(str(one["at"])), str(one["event"]).replace("_", " "), one["actor"])
        for one in _maps(view["history"])
    ]


def _row(*texts: object) -> list[dict[str, str]]:
    return [{"text": str(text)} for text in texts]


def _maps(value: object) -> Sequence[Mapping[str, object]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, Sequence) else []
