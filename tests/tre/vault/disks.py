"""Disks that fail: one at the n-th call, one that forgets at a power cut what was not synced."""

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tre.vault.storage import Disk


class Crash(BaseException):
    """The process ends here. No handler of ours may catch it, and the disk does nothing more."""


class HastyDisk(Disk):
    """Does not wait for the medium: these tests end processes, not the power, and run many times."""

    crash = Crash

    def sync(self, descriptor: int) -> None:
        pass

    def sync_directory(self, path: Path) -> None:
        path.stat()


@dataclass
class FaultyDisk(HastyDisk):
    """Fails at its n-th call: with an error, or by ending the process; and writes at most `most` bytes at once."""

    at: int = 0
    fault: BaseException | None = None
    most: int = 1 << 30
    calls: int = 0
    is_dead: bool = False

    def __getattribute__(self, name: str) -> object:
        method = super().__getattribute__(name)
        if name.startswith("_") or name not in DISK_CALLS:
            return method
        return partial(self._call, method)

    def _call(self, method: Callable[..., object], *words: object) -> object:
        if self.is_dead:
            raise OSError(errno.EIO, "the process has ended")
        self.calls += 1
        if self.calls == self.at and self.fault is not None:
            self.is_dead = isinstance(self.fault, Crash)
            raise self.fault
        return method(*words)

    def write(self, descriptor: int, data: memoryview) -> int:
        return super().write(descriptor, data[: self.most])


DISK_CALLS = frozenset(name for name in vars(Disk) if not name.startswith("_"))


@dataclass
class _Inode:
    now: bytearray = field(default_factory=bytearray)
    safe: bytes = b""


class ForgetfulDisk(Disk):
    """Does its work for real and keeps a second book: what would be left if the power failed now.

    A file's bytes are safe up to its last sync, a folder's names up to its own last sync. Of what came after, each change
    may or may not have reached the medium, one by one: no file system is worse.
    """

    crash = Crash

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: dict[Path, _Inode | None] = {}  # None is a folder
        self._safe: dict[Path, _Inode | None] = {}
        self._pending: list[tuple[Path, _Inode | None, bool]] = []  # name, what it names, is it there
        self._open: dict[int, _Inode] = {}

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._open[descriptor] = _Inode()
        self._note(path, self._open[descriptor], there=True)
        return descriptor

    def extend(self, path: Path) -> int:
        descriptor = super().extend(path)
        inode = self._names[path]
        assert inode is not None
        self._open[descriptor] = inode
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> int:
        self._open[descriptor].now += data
        return super().write(descriptor, data)

    def truncate(self, descriptor: int, size: int) -> None:
        super().truncate(descriptor, size)
        del self._open[descriptor].now[size:]

    def sync(self, descriptor: int) -> None:
        self._open[descriptor].safe = bytes(self._open[descriptor].now)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        del self._open[descriptor]

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        for path in [one for one in self._names if one == source or source in one.parents]:
            inode = self._names[path]
            moved = target / path.relative_to(source)
            self._note(path, inode, there=False)
            self._note(moved, inode, there=True)
            if (
                path != source and path in self._safe
            ):  # its folder moved as a whole; the name in it was safe before
                self._safe[moved] = inode

    def remove(self, path: Path) -> None:
        super().remove(path)
        self._note(path, self._names[path], there=False)

    def make_directory(self, path: Path) -> None:
        super().make_directory(path)
        self._note(path, None, there=True)

    def remove_directory(self, path: Path) -> None:
        super().remove_directory(path)
        self._note(path, None, there=False)

    def sync_directory(self, path: Path) -> None:
        for change in [one for one in self._pending if one[0].parent == path]:
            self._settle(*change)
            self._pending.remove(change)

    def power_cut(self, seed: int, into: Path) -> None:
        """Lay out below `into` one of the states that the medium may be in."""
        chance = random.Random(seed)  # noqa: S311 - a seeded power cut, no secret
        for change in self._pending:
            if chance.random() < 0.5:
                self._settle(*change)
        into.mkdir()
        for path in sorted(self._safe):
            place = into / path.relative_to(self._root)
            if place.parent.is_dir():
                self._lay_out(place, self._safe[path], chance)

    def _lay_out(self, place: Path, inode: _Inode | None, chance: random.Random) -> None:
        if inode is None:
            place.mkdir(mode=0o700)
            return
        torn = bytes(inode.now[: chance.randint(0, len(inode.now))])
        place.write_bytes(
            chance.choice([inode.safe, torn, bytes(inode.now)]) if inode.safe != inode.now else inode.safe
        )
        place.chmod(0o600)

    def _note(self, path: Path, inode: _Inode | None, *, there: bool) -> None:
        if there:
            self._names[path] = inode
        else:
            self._names.pop(path, None)
        self._pending.append((path, inode, there))

    def _settle(self, path: Path, inode: _Inode | None, there: bool) -> None:
        if there:
            self._safe[path] = inode
        elif self._safe.get(path) is inode:
            self._safe.pop(path, None)
