"""A real JupyterLab server on a unix socket, as it runs inside a workspace, but without the sandbox."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

EXTENSIONS = (
    "{'jupyterlab': True, 'jupyter_server_terminals': True, 'jupyter_lsp': False, 'notebook_shim': False}"
)


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "HOME": str(folder / "home"),
        "JUPYTER_CONFIG_DIR": str(folder / "configuration"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "configuration" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "configuration" / "workspaces"),
    }


def options(folder: Path, path: Path, base: str) -> list[str]:
    found = {
        "ServerApp.sock": path,
        "ServerApp.base_url": base,
        "ServerApp.root_dir": folder / "home",
        "ServerApp.jpserver_extensions": EXTENSIONS,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "ServerApp.disable_check_xsrf": True,
        "ServerApp.log_level": "ERROR",
        "IdentityProvider.token": "",
        "LabApp.news_url": "",
        "LabApp.extension_manager": "readonly",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    return [f"--{name}={value}" for name, value in found.items()]


@contextlib.contextmanager
def jupyter_lab(folder: Path, path: Path, base: str) -> Iterator[Path]:
    """Serve a home under `folder` at this socket until the block is left; yields the home."""
    home = folder / "home"
    for name in ("home", "configuration", "runtime"):
        (folder / name).mkdir()
    arguments = [
        sys.executable,
        "-m",
        "jupyterlab",
        *options(folder, path, base),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, cwd=home, env=environment(folder), stdout=log, stderr=log)
    try:
        _wait(process, path, base)
        yield home
    finally:
        process.terminate()
        process.wait(60)


def _wait(process: subprocess.Popen[bytes], path: Path, base: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(path))
            connection.request("GET", f"{base}api")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(f"JupyterLab did not start: it ended with {process.poll()}")
