"""Watch one sandbox from outside: keep a little of what it says, and end it when a limit is reached."""

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from tre.sandbox.confinement import Completed, Confinement, Ending

CHUNK_BYTES: Final = 1 << 16
STATUS_BYTES: Final = 4096
GONE_SECONDS: Final = 10.0
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Tick:
    """Something to do at each tick while the sandbox runs; it may end the sandbox by returning how."""

    call: Callable[[], Ending | None] | None


@dataclass(frozen=True, slots=True)
class Supervised:
    """How it ended, and whether the program was ever started."""

    completed: Completed
    was_started: bool


@dataclass(slots=True)
class _Watch:
    """One running sandbox: its streams and what is known about it."""

    process: subprocess.Popen[bytes]
    confinement: Confinement
    status: bytearray = field(default_factory=bytearray)
    kept: dict[str, bytearray] = field(default_factory=lambda: {"stdout": bytearray(), "stderr": bytearray()})
    truncated: bool = False
    ending: Ending = Ending.EXITED
    first_process: int | None = None  # an open descriptor of the sandbox's process 1
    first_number: int = 0

    def keep(self, stream: str, chunk: bytes) -> None:
        if stream == "status":
            self.status += chunk[: STATUS_BYTES - len(self.status)]
            self._learn_first_process()
            return
        room = self.confinement.limits.output_bytes - len(self.kept[stream])
        self.truncated = self.truncated or len(chunk) > room
        self.kept[stream] += chunk[: max(room, 0)]

    def _learn_first_process(self) -> None:
        said = said_by(self.status)
        if self.first_process is None and "child-pid" in said:
            self.first_number = said["child-pid"]
            try:
                self.first_process = os.pidfd_open(self.first_number)
            except ProcessLookupError:
                return  # over already

    def stop(self, ending: Ending) -> None:
        """Kill process 1 inside; the kernel then kills everything else in there."""
        self.ending = ending
        if self.first_process is not None:
            _signal(self.first_process)
        self.process.kill()


def said_by(status: bytes | bytearray) -> dict[str, int]:
    """Read bubblewrap's status messages: whole lines of JSON objects with numbers."""
    said: dict[str, int] = {}
    for line in bytes(status).split(b"\n")[:-1]:
        said.update(json.loads(line))
    return said


def supervise(
    process: subprocess.Popen[bytes], status: int, confinement: Confinement, tick: Tick
) -> Supervised:
    """Wait until nothing of the sandbox is left. `status` is the reading end of bubblewrap's messages."""
    begun = time.monotonic()
    watch = _Watch(process, confinement)
    try:
        _watch_until_over(watch, status, begun + confinement.wall_seconds, tick)
    finally:
        process.kill()  # also when this program is interrupted: nothing may outlive the watch
        _wait_until_gone(watch)
    said = said_by(watch.status)
    completed = Completed(
        ending=watch.ending,
        returncode=process.returncode if watch.ending is Ending.EXITED else -signal.SIGKILL,
        stdout=bytes(watch.kept["stdout"]),
        stderr=bytes(watch.kept["stderr"]),
        truncated=watch.truncated,
        seconds=time.monotonic() - begun,
    )
    return Supervised(completed, was_started="exit-code" in said)


def _watch_until_over(watch: _Watch, status: int, deadline: float, tick: Tick) -> None:
    with selectors.DefaultSelector() as selector:
        for stream, source in (
            ("stdout", watch.process.stdout),
            ("stderr", watch.process.stderr),
            ("status", status),
        ):
            number = source if isinstance(source, int) else _number(source)
            os.set_blocking(number, False)
            selector.register(number, selectors.EVENT_READ, stream)
        next_tick = time.monotonic()
        while selector.get_map() or watch.process.poll() is None:
            wait = min(watch.confinement.tick_seconds, max(0.0, deadline - time.monotonic()))
            _read_some(watch, selector, wait)
            now = time.monotonic()
            if watch.ending is not Ending.EXITED:
                break
            if now >= deadline:
                watch.stop(Ending.WALL_CLOCK)
            elif now >= next_tick:
                next_tick = now + watch.confinement.tick_seconds
                _look(watch, tick)


def _read_some(watch: _Watch, selector: selectors.BaseSelector, wait: float) -> None:
    if not selector.get_map():
        time.sleep(min(wait, 0.02))
    for key, _ in selector.select(wait) if selector.get_map() else ():
        chunk = os.read(key.fd, CHUNK_BYTES)
        if chunk:
            watch.keep(key.data, chunk)
        else:
            selector.unregister(key.fd)


def _number(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise ValueError("a supervised process has pipes")
    return stream.fileno()


def _look(watch: _Watch, tick: Tick) -> None:
    """Stop the sandbox when it holds too much memory, the disk under it is nearly full, or the tick says so."""
    ending = None if tick.call is None else tick.call()
    if ending is not None:
        watch.stop(ending)
        return
    limits = watch.confinement.limits
    if watch.first_number and holds_more_than(watch.first_number, limits.resident_bytes):
        watch.stop(Ending.MEMORY)
        return
    for folder in watch.confinement.writable:
        disk = os.statvfs(folder)
        if disk.f_bavail * disk.f_frsize < limits.free_disk_bytes:
            watch.stop(Ending.DISK)
            return


def holds_more_than(first: int, most: int) -> bool:
    """Do process `first` and everything below it hold more than `most` bytes? Pages that they share count once.

    Exact counting is slow, so it is done only where the quick count, which counts shared pages once per process, says
    too much: a program that forks does not hold its memory again with every child.
    """
    family = _family(first)
    return sum(family.values()) > most and sum(_share(number, held) for number, held in family.items()) > most


def _share(number: int, held: int) -> int:
    """A process's share of the memory it holds, in bytes; all of it where that cannot be read."""
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # ended while we looked
    except OSError:
        return held
    found = [int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")]
    return found[0] if found else held


def _family(first: int) -> dict[int, int]:
    """Memory held by process `first` and each one below it, in bytes, by number."""
    parents: dict[int, int] = {}
    held: dict[int, int] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - twice a second: a plain list is enough
        if entry.isdigit():
            _read_process(int(entry), parents, held)
    family = {first}
    for number in sorted(parents):  # a child may carry a lower number after a wrap, hence the walk upwards
        if _descends(number, first, parents):
            family.add(number)
    return {number: held.get(number, 0) for number in family}


def _read_process(number: int, parents: dict[int, int], held: dict[int, int]) -> None:
    try:
        words = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return  # ended while we looked
    parents[number] = int(words[1])
    held[number] = int(words[21]) * PAGE_BYTES


def _descends(number: int, first: int, parents: dict[int, int]) -> bool:
    seen = 0
    while number > 1 and number != first and seen < 4096:
        number, seen = parents.get(number, 0), seen + 1
    return number == first


def _signal(descriptor: int) -> None:
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return  # over already


def _wait_until_gone(watch: _Watch) -> None:
    """Wait for bubblewrap and for process 1 inside: the kernel ends that one last of all inside."""
    watch.process.wait(GONE_SECONDS)
    for stream in (watch.process.stdout, watch.process.stderr):
        if stream is not None:
            stream.close()
    if watch.first_process is None:
        return
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(watch.first_process, selectors.EVENT_READ)
            selector.select(GONE_SECONDS)
    finally:
        os.close(watch.first_process)
