"""This interpreter and its packages, as they are mounted inside, wherever they live on this machine.

Inside they have fixed places, so that a checkout under /home or /root needs no path of this machine and
cannot collide with the workspace's own /home.
"""

import importlib.util
import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT_INSIDE: Final = "/opt/tre"
BASE_INSIDE: Final = f"{ROOT_INSIDE}/python"
VENV_INSIDE: Final = f"{ROOT_INSIDE}/venv"
SOURCE_INSIDE: Final = f"{ROOT_INSIDE}/source"
PYTHON_INSIDE: Final = f"{VENV_INSIDE}/bin/python"
SOURCE_PACKAGES: Final = ("tre", "disclosure")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How to show this interpreter inside.

    Attributes:
        mounts: path on this machine -> path inside, all read-only.
        files: path inside -> content.
        links: path inside -> what the symbolic link there points to.
        environment: variables that the interpreter needs inside.
    """

    mounts: dict[Path, str]
    files: dict[str, bytes]
    links: dict[str, str]
    environment: dict[str, str]


def this_interpreter() -> Interpreter:
    """Describe the running interpreter, its packages and this project's own source."""
    base = Path(sys.base_prefix).resolve()
    base_inside = str(base) if _is_system(base) else BASE_INSIDE
    mounts = {} if _is_system(base) else {base: BASE_INSIDE}
    packages = _package_folders()
    mounts.update(packages)
    mounts.update(_source_folders(tuple(packages)))
    mounts.update(_shared_files())
    version = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    home = f"home = {base_inside}/bin\ninclude-system-site-packages = false\nversion = {version}\n"
    environment = {"PYTHONPATH": SOURCE_INSIDE, "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    if not _is_system(base) and any((base / "lib").glob("libpython3.*.so*")):
        # An interpreter built with an absolute run path would look for itself where it lives outside.
        environment["LD_LIBRARY_PATH"] = f"{BASE_INSIDE}/lib"
    return Interpreter(
        mounts=mounts,
        files={f"{VENV_INSIDE}/pyvenv.cfg": home.encode()},
        links={PYTHON_INSIDE: _binary_inside(base, base_inside)},
        environment=environment,
    )


def _binary_inside(base: Path, base_inside: str) -> str:
    binary = Path(os.path.realpath(sys.executable))
    if binary.is_relative_to(base):
        return f"{base_inside}/{binary.relative_to(base)}"
    return f"{base_inside}/bin/python{sys.version_info.major}.{sys.version_info.minor}"


def _is_system(path: Path) -> bool:
    return path == Path("/usr") or Path("/usr") in path.parents


def _package_folders() -> dict[Path, str]:
    found: dict[Path, str] = {}
    for name, library in (("purelib", "lib"), ("platlib", sys.platlibdir)):
        folder = Path(sysconfig.get_path(name)).resolve()
        if folder.is_dir() and folder not in found:
            version = f"python{sys.version_info.major}.{sys.version_info.minor}"
            found[folder] = f"{VENV_INSIDE}/{library}/{version}/site-packages"
    return found


def _shared_files() -> dict[Path, str]:
    """What packages of this environment installed beside their code: JupyterLab's pages and kernel specifications."""
    folder = Path(sys.prefix).resolve() / "share" / "jupyter"
    return {} if _is_system(folder) or not folder.is_dir() else {folder: f"{VENV_INSIDE}/share/jupyter"}


def _source_folders(packages: tuple[Path, ...]) -> dict[Path, str]:
    """Folders of this project that an editable installation leaves outside the package folder."""
    found: dict[Path, str] = {}
    for name in SOURCE_PACKAGES:
        spec = importlib.util.find_spec(name)
        for location in (spec and spec.submodule_search_locations) or ():
            folder = Path(location).resolve()
            if not any(folder.is_relative_to(package) for package in packages):
                found[folder] = f"{SOURCE_INSIDE}/{name}"
    return found
