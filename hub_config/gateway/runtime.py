"""The folder in which the gateway, the spawner and the platform meet: one owner, closed to everybody else."""

import fcntl
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from hub_config.gateway.refusal import Misconfigured


@dataclass(frozen=True, slots=True)
class Runtime:
    """The names in the folder.

    Attributes:
        folder: the folder itself.
    """

    folder: Path

    @property
    def control(self) -> Path:
        """The gateway's own socket, for spawner and worker."""
        return self.folder / "gateway.sock"

    @property
    def members(self) -> Path:
        """The platform's socket."""
        return self.folder / "members.sock"

    @property
    def address(self) -> Path:
        """Where browsers' traffic is taken: JSON."""
        return self.folder / "gateway.json"

    @property
    def kept(self) -> Path:
        """The registered workspaces, for a gateway that starts again."""
        return self.folder / "workspaces.json"

    def check(self) -> None:
        """Return if the folder is a real one of this account's, closed to others.

        Raises:
            Misconfigured: it is not.
        """
        try:
            status = self.folder.lstat()
        except OSError as error:
            raise Misconfigured(f"{self.folder} is missing: make it, with mode 0700.") from error
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise Misconfigured(f"{self.folder} must be a folder of this account with mode 0700.")

    def lock(self) -> int:
        """Return a descriptor that holds the folder for this process until it ends.

        Raises:
            Misconfigured: another gateway holds it.
        """
        descriptor = os.open(self.folder / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise Misconfigured(f"Another gateway runs in {self.folder}: stop it first.") from error
        self.control.unlink(missing_ok=True)  # of one that was killed
        return descriptor

    def publish(self, port: int) -> None:
        """Say where traffic is taken; done last, so that whoever reads it can connect."""
        write_privately(
            self.address, json.dumps({"url": f"http://127.0.0.1:{port}", "port": port, "pid": os.getpid()})
        )

    def close_control(self) -> None:
        """Keep others from the control socket, whatever the folder's mode becomes."""
        self.control.chmod(0o600)

    def withdraw(self) -> None:
        """Take down what `publish` said."""
        self.address.unlink(missing_ok=True)
        self.control.unlink(missing_ok=True)


def write_privately(path: Path, text: str) -> None:
    """Write a file that only this account may read, as a whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
