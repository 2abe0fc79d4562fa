"""What one row of the gateway's table says, and how it is matched."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Fault = Callable[[object], str | None]


class Kind(StrEnum):
    """How a row is answered."""

    OWN = "own"  # by the gateway itself
    PAGE = "page"  # an HTML document, only inside the portal's frame
    ASSET = "asset"  # scripts, styles, fonts and pictures of JupyterLab
    DATA = "data"  # JSON that JupyterLab's page fetches
    SOCKET = "socket"  # a websocket
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row.

    Attributes:
        kind: how it is answered.
        methods: the HTTP methods that it is about; empty stands for all.
        path: what the relative, decoded path must match as a whole.
        query: key -> what its value must match as a whole; other keys do not fit this row.
        required: the keys that must be there.
        implied: pairs that the workspace's server is told where the request leaves them out.
        answers: media types of the answer.
        send_bytes: longest body of the request, or longest message of a websocket, in bytes.
        answer_bytes: longest body of the answer, or longest message of a websocket, in bytes.
        fault: says why a parsed JSON body is refused.
        is_activity: True where it shows that a person is at work, not that a page polls.
        sentence: what a refused person is told.
    """

    kind: Kind
    methods: frozenset[str]
    path: re.Pattern[str]
    query: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    implied: Mapping[str, str] = field(default_factory=dict)
    answers: frozenset[str] = frozenset()
    send_bytes: int = 0
    answer_bytes: int = 0
    fault: Fault | None = None
    is_activity: bool = False
    sentence: str = ""

    def fits(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Whether this row is about such a request."""
        if self.methods and method not in self.methods:
            return False
        if not self.path.fullmatch(path):
            return False
        if self.kind in {Kind.REFUSED, Kind.OWN}:
            return True
        known = all(key in self.query and self.query[key].fullmatch(value) for key, value in query.items())
        return known and self.required <= set(query)


def own(path: str) -> Endpoint:
    """Return the row of a page that the gateway answers itself."""
    return Endpoint(Kind.OWN, frozenset({"GET"}), re.compile(path))


def refused(path: str, sentence: str, methods: str = "") -> Endpoint:
    """Return the row of what is refused by name, with the reason."""
    return Endpoint(Kind.REFUSED, frozenset(methods.split()), re.compile(path), sentence=sentence)


def page(path: str, *, answers: frozenset[str], answer_bytes: int, **query: str) -> Endpoint:
    """Return the row of an HTML document."""
    return Endpoint(
        Kind.PAGE,
        frozenset({"GET"}),
        re.compile(path),
        _patterns(query),
        answers=answers,
        answer_bytes=answer_bytes,
        is_activity=True,
    )


def asset(path: str, *, answers: frozenset[str], answer_bytes: int, **query: str) -> Endpoint:
    """Return the row of a file of JupyterLab's own."""
    return Endpoint(
        Kind.ASSET,
        frozenset({"GET"}),
        re.compile(path),
        _patterns(query),
        answers=answers,
        answer_bytes=answer_bytes,
    )


def data(  # noqa: PLR0913 - one row of a table, each cell by its name
    methods: str,
    path: str,
    *,
    answers: frozenset[str],
    send_bytes: int = 0,
    answer_bytes: int,
    fault: Fault | None = None,
    is_activity: bool = False,
    required: str = "",
    implied: Mapping[str, str] | None = None,
    **query: str,
) -> Endpoint:
    """Return the row of what JupyterLab's page fetches."""
    return Endpoint(
        Kind.DATA,
        frozenset(methods.split()),
        re.compile(path),
        _patterns(query),
        frozenset(required.split()),
        implied or {},
        answers,
        send_bytes,
        answer_bytes,
        fault,
        is_activity,
    )


def socket(path: str, *, send_bytes: int, answer_bytes: int, **query: str) -> Endpoint:
    """Return the row of a websocket."""
    return Endpoint(
        Kind.SOCKET,
        frozenset({"GET"}),
        re.compile(path),
        _patterns(query),
        send_bytes=send_bytes,
        answer_bytes=answer_bytes,
    )


def _patterns(query: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {key: re.compile(value) for key, value in query.items()}
