"""What a confined program may see and use, and how its run ended: values only."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1 << 20
GIBIBYTE: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a confined program may use. Source: research of the project, prototypes of section 3.3.

    Attributes:
        cpu_seconds: processor time of each process, in seconds (RLIMIT_CPU).
        memory_bytes: address space of each process, in bytes (RLIMIT_AS).
        resident_bytes: memory really held by all processes together, in bytes; looked at twice a second.
        file_bytes: largest file that may be written, in bytes (RLIMIT_FSIZE).
        processes: processes and threads of the account inside (RLIMIT_NPROC).
        open_files: open files of each process (RLIMIT_NOFILE).
        temporary_bytes: size of /tmp and of /dev/shm, in bytes each.
        output_bytes: how much of stdout and of stderr is kept, in bytes each; the rest is read and dropped.
        free_disk_bytes: the run is stopped when less than this is free under a writable folder, in bytes.
    """

    cpu_seconds: int = 3600
    memory_bytes: int = 8 * GIBIBYTE
    resident_bytes: int = 4 * GIBIBYTE
    file_bytes: int = 2 * GIBIBYTE
    processes: int = 256
    open_files: int = 1024
    temporary_bytes: int = 256 * MEBIBYTE
    output_bytes: int = MEBIBYTE
    free_disk_bytes: int = 512 * MEBIBYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """One program's whole world. What is not named here does not exist inside.

    Attributes:
        read_only: folder or file on this machine -> absolute path inside, never writable.
        writable: folder on this machine -> absolute path inside.
        files: absolute path inside -> content that exists in memory only (a secret, a kernel specification).
        environment: the whole environment inside; nothing is inherited.
        working_directory: absolute path inside.
        network: True shares this machine's network; False leaves a loopback of its own and nothing else.
        limits: how much it may use.
        wall_seconds: time until everything inside is killed, in seconds.
        inherit: numbers of open file descriptors that stay open inside.
        account: the numeric account that the program gets when the platform runs as root; None keeps root
            without any capability (only for the platform's own programs). An ordinary user's platform
            always confines under that user, as uid 1000 inside.
        group: its numeric group when the platform runs as root; None is the one of the account's own number.
        umask: the file mode bits that new files of the program do not get.
        tick_seconds: how often memory and disk are looked at, in seconds.
    """

    read_only: Mapping[Path, str] = field(default_factory=dict)
    writable: Mapping[Path, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = "/"
    network: bool = False
    limits: Limits = field(default_factory=Limits)
    wall_seconds: float = 600.0
    inherit: tuple[int, ...] = ()
    account: int | None = None
    group: int | None = None
    umask: int = 0o077
    tick_seconds: float = 0.5


class Ending(enum.StrEnum):
    """Why a confined program is over."""

    EXITED = "exited"
    WALL_CLOCK = "wall_clock"
    MEMORY = "memory"
    DISK = "disk"
    QUOTA = "quota"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Completed:
    """How one confined program ended.

    Attributes:
        ending: by itself, or stopped by which limit.
        returncode: its exit status; 128 + n for signal n; -9 when stopped by a limit.
        stdout: the first `Limits.output_bytes` bytes.
        stderr: likewise.
        truncated: True when more was written than kept.
        seconds: wall time, in seconds.
    """

    ending: Ending
    returncode: int
    stdout: bytes
    stderr: bytes
    truncated: bool
    seconds: float
