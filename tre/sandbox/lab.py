"""A workspace's JupyterLab in its sandbox: what it sees, how it is reached, and what ends it."""

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tre.sandbox import lab_driver
from tre.sandbox.bubblewrap import confine, python_inside
from tre.sandbox.channel_socket import CHANNEL_INSIDE
from tre.sandbox.confinement import GIBIBYTE, Completed, Confinement, Ending, Limits
from tre.sandbox.sweep import Sweep

LONGEST_LIFE: Final = 7 * 24 * 3600.0
"""Time until a workspace's server is stopped in any case, in seconds. Source: ours; culling ends idle ones long before."""

TICK_SECONDS: Final = 1.0
"""How often memory, disk and quota of a workspace are looked at, in seconds. Source: ours; thirty share two cores."""

QUOTA_BYTES: Final = 10 * GIBIBYTE
"""How much the folders of one workspace may hold, in bytes. Source: ours."""

BACKLOG: Final = 128

# What no page of a workspace should offer: the gateway refuses it all anyway, and a button that fails helps nobody.
# Source: research of the project on egress inside Jupyter, section 4.
DISABLED: Final = (
    "@jupyterlab/filebrowser-extension:download",
    "@jupyterlab/filebrowser-extension:open-browser-tab",
    "@jupyterlab/filebrowser-extension:share-file",
    "@jupyterlab/filebrowser-extension:open-url",
    "@jupyterlab/docmanager-extension:download",
    "@jupyterlab/docmanager-extension:open-browser-tab",
    "@jupyterlab/notebook-extension:export",
    "@jupyterlab/extensionmanager-extension",
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/apputils-extension:print",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """One workspace's server.

    Attributes:
        base_url: the path that its pages lie under, with a slash at both ends.
        listening: the socket that it answers on, made outside; it is closed here when the sandbox has it.
        channel: the socket file that leads to the platform.
        data: folder of the project's extract; read-only at /data inside.
        home: the person's own folder.
        shared: the project's folder.
        outputs: the folder that derived tables are written to.
        template: files for an empty home, by name.
        limits: how much it may use.
        quota_bytes: how much home and outputs may hold together, in bytes.
        account: the numeric account when the platform runs as root.
        group: the project's numeric group likewise.
        packages: a folder of packages that the operator offers, read-only at /packages; None for none.
    """

    base_url: str
    listening: socket.socket
    channel: Path
    data: Path
    home: Path
    shared: Path
    outputs: Path
    template: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    quota_bytes: int = QUOTA_BYTES
    account: int | None = None
    group: int | None = None
    packages: Path | None = None


def run_lab(lab: Lab, stopped: Callable[[], bool]) -> Completed:
    """Serve a workspace until it ends, `stopped()` says so, or a limit is reached; call it in a thread that stays.

    The kernel kills a sandbox with the thread that started it.

    Raises:
        Unavailable: no sandbox can be had; nothing was started.
    """
    sweep = Sweep((lab.home, lab.outputs, lab.shared), lab.quota_bytes)

    def tick() -> Ending | None:
        if stopped():
            return Ending.STOPPED
        return Ending.QUOTA if sweep.is_over() else None

    return confine([python_inside(), "-P", "-m", "tre.sandbox.lab_driver"], confinement_of(lab), on_tick=tick)


def confinement_of(lab: Lab) -> Confinement:
    """What the server may see and use."""
    order = {"listening": lab.listening.fileno(), "base_url": lab.base_url}
    pages = {"disabledExtensions": dict.fromkeys(DISABLED, True)}
    offered = {} if lab.packages is None else {lab.packages: "/packages"}
    return Confinement(
        read_only={lab.data: "/data", lab.channel: CHANNEL_INSIDE, **offered},
        writable={lab.home: "/home", lab.shared: "/shared", lab.outputs: "/outputs"},
        files={
            lab_driver.ORDER_INSIDE: json.dumps(order).encode(),
            "/opt/tre/jupyter/config/labconfig/page_config.json": json.dumps(pages).encode(),
            # Without this mark Jupyter moves old settings of a home that it has been in before into this folder.
            "/opt/tre/jupyter/config/migrated": b"",
            **{f"{lab_driver.TEMPLATE_INSIDE}/{name}": content for name, content in lab.template.items()},
        },
        environment=_environment(has_packages=lab.packages is not None),
        working_directory="/home",
        limits=lab.limits,
        wall_seconds=LONGEST_LIFE,
        inherit=(lab.listening.fileno(),),
        account=lab.account,
        group=lab.group,
        umask=0o007,
        tick_seconds=TICK_SECONDS,
    )


def _environment(*, has_packages: bool) -> dict[str, str]:
    """Settings are read from places that the researcher cannot write, and written to the home."""
    installing = (
        {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/packages"} if has_packages else {"PIP_NO_INDEX": "1"}
    )
    return {
        "SHELL": "/bin/bash",
        "TERM": "xterm-256color",
        "JUPYTER_CONFIG_DIR": "/opt/tre/jupyter/config",
        "JUPYTER_DATA_DIR": "/home/.local/share/jupyter",
        "JUPYTER_RUNTIME_DIR": "/tmp/runtime",  # noqa: S108 - a place inside
        "JUPYTERLAB_SETTINGS_DIR": "/home/.jupyter/lab/user-settings",
        "JUPYTERLAB_WORKSPACES_DIR": "/home/.jupyter/lab/workspaces",
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": "/home/.ipython",
        "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108 - a place inside
        **installing,
    }


@contextmanager
def listening_at(path: Path) -> Iterator[socket.socket]:
    """Make the socket that a workspace answers on, in a folder that only the platform can write to.

    Researchers hold the socket, never its name, so there is nothing that they could replace by a link.
    """
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind(os.fspath(path))
        path.chmod(0o600)
        made.listen(BACKLOG)
        try:
            yield made
        finally:
            path.unlink(missing_ok=True)
