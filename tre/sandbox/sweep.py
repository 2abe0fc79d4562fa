"""How much a researcher's folders hold, counted a little at a time, so that no tree of files can keep the watch busy."""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MOST_FILES: Final = 1_000_000
"""Most files and folders of one workspace. Source: ours, ten times a large collection of packages."""

STEP_SECONDS: Final = 0.05
"""How long one step counts, in seconds: a tenth of the time between two."""

BLOCK_BYTES: Final = 512
"""The unit of `st_blocks`, in bytes. Source: the manual page inode(7)."""


@dataclass(slots=True)
class Sweep:
    """One count after another over the same folders.

    Attributes:
        folders: what is counted, without following a link.
        quota_bytes: how much they may hold together, in bytes.
        used_bytes: what the last whole count came to, in bytes.
    """

    folders: Sequence[Path]
    quota_bytes: int
    used_bytes: int = 0
    _counting: Iterator[int] | None = None
    _bytes: int = 0
    _files: int = field(default=0)

    def is_over(self) -> bool:
        """Count on for a moment. True as soon as there is too much, or as it cannot be counted."""
        until = time.monotonic() + STEP_SECONDS
        if self._counting is None:
            self._counting, self._bytes, self._files = held(self.folders), 0, 0
        try:
            for size in self._counting:
                self._bytes += size
                self._files += 1
                if self._bytes > self.quota_bytes or self._files > MOST_FILES:
                    return True
                if time.monotonic() > until:
                    return False
        except OSError:
            return True  # a tree too deep to be walked is as good as one too large
        self.used_bytes, self._counting = self._bytes, None
        return False


def held(folders: Sequence[Path]) -> Iterator[int]:
    """What each file and folder takes on disk, in bytes; a file with several names counts once over all of them.

    Raises:
        OSError: a folder cannot be read; one that is gone meanwhile counts nothing.
    """
    waiting = list(folders)
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield (
                    found.st_blocks
                    * BLOCK_BYTES
                    // max(found.st_nlink if stat.S_ISREG(found.st_mode) else 1, 1)
                )
                if stat.S_ISDIR(found.st_mode):
                    waiting.append(Path(entry.path))
