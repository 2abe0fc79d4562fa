"""Files of a folder that anybody may have written: plain ones, within limits, never through a link or out of it."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from disclosure.errors import DisclosureError

MAX_BYTES: Final = 100_000_000
"""Most bytes of all files together; they are held in memory. Source: ours."""
FILE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. +()-]{0,199}")
"""Names of files: no separator of folders, none that is hidden, none that a terminal would act upon."""
_HERE: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""A link is not followed, and a pipe is not waited for."""


class Folder:
    """An open folder, and how many bytes may still be read from it."""

    def __init__(self, held: int) -> None:
        self._held = held
        self._left = MAX_BYTES

    def content(self, name: str, *, within: str = "", limit: int = MAX_BYTES) -> bytes | None:
        """Return the bytes of a file, or None where there is none.

        Args:
            name: its name.
            within: the folder in the folder in which it lies.
            limit: most bytes.

        Raises:
            DisclosureError: "sacro": its name is unfit, it is no plain file, or it is too large.
        """
        if not FILE_NAME.fullmatch(name):
            raise unfit("names a file with a name that is not allowed")
        try:
            held = self._held if not within else os.open(within, _HERE | os.O_DIRECTORY, dir_fd=self._held)
        except FileNotFoundError:
            return None
        except OSError:
            raise unfit("holds a link or a file where a folder is expected") from None
        try:
            return self._read(held, name, min(limit, self._left))
        finally:
            if within:
                os.close(held)

    def _read(self, held: int, name: str, limit: int) -> bytes | None:
        try:
            opened = os.open(name, _HERE, dir_fd=held)
        except FileNotFoundError:
            return None
        except OSError:
            raise unfit("holds something that is no plain file") from None
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            os.close(opened)
            raise unfit("holds something that is no plain file")
        with os.fdopen(opened, "rb") as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise unfit("is too large to be read")
        self._left -= len(content)
        return content


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """Open a folder.

    Raises:
        DisclosureError: "sacro": there is none.
    """
    try:
        held = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        raise DisclosureError(
            "sacro", "There is no such folder, or it may not be read; name another."
        ) from None
    try:
        yield Folder(held)
    finally:
        os.close(held)


def unfit(what: str) -> DisclosureError:
    """Return the refusal of a folder; it never quotes what stands there."""
    return DisclosureError("sacro", f"The folder {what}, so nothing of it was read; have it written again.")
