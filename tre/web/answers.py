"""What a handler returns: data only. It becomes an HTTP answer after the transaction has been committed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie to set, or to take away where its value is None.

    Attributes:
        name: with its prefix.
        value: an opaque secret.
        path: where the browser sends it back.
        seconds: how long the browser keeps it; None until it is closed.
    """

    name: str
    value: str | None
    path: str = "/"
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it shows.

    Attributes:
        template: its file.
        title: of the page.
        shows: what the template is given.
        status: of the HTTP answer.
        cookies: to set or to take away.
        frames: an address whose pages, and no others, may be framed by this one.
        forms_to: another origin that this page's form may lead to in the end.
    """

    template: str
    title: str
    shows: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    cookies: tuple[Cookie, ...] = ()
    frames: str = ""
    forms_to: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on elsewhere, with GET."""

    to: str
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """JSON for programs."""

    value: Mapping[str, object]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Download:
    """A file to save, never to show."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that the platform drew, to be shown on a page of ours."""

    media_type: str
    content: bytes


Answer: TypeAlias = Page | Redirect | Record | Download | Image
