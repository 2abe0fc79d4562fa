"""Inside the sandbox: JupyterLab on a socket that it was born with. All of it is the researcher's, and not trusted outside."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, Final

ORDER_INSIDE: Final = "/opt/tre/lab/order.json"
TEMPLATE_INSIDE: Final = "/opt/tre/lab/template"
PLACES: Final = {"data": "/data", "shared": "/shared", "outputs": "/outputs"}


def main() -> int:
    """Serve JupyterLab until it is told to stop."""
    order = json.loads(Path(ORDER_INSIDE).read_text(encoding="utf-8"))
    furnish(Path("/home"))
    serve(order)
    return 0


def furnish(home: Path) -> None:
    """Put the links and the first notebook where there are none yet; what the researcher has changed stays."""
    for name, target in PLACES.items():
        if not os.path.lexists(home / name):
            (home / name).symlink_to(target)
    mark = home / ".local" / "share" / "tre-furnished"
    if mark.exists():
        return
    for file in sorted(Path(TEMPLATE_INSIDE).iterdir()) if Path(TEMPLATE_INSIDE).is_dir() else ():
        if not os.path.lexists(home / file.name):
            (home / file.name).write_bytes(file.read_bytes())
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def serve(order: dict[str, Any]) -> None:  # Any: a JSON document that this platform wrote
    """Run the server on the inherited socket."""
    from jupyter_server.serverapp import ServerApp  # noqa: PLC0415 - slow, only inside
    from jupyterlab.labapp import LabApp  # noqa: PLC0415

    listening = socket.socket(fileno=order["listening"])
    listening.settimeout(0)  # not blocking: the server accepts until there is nobody left to accept

    class InheritedServer(ServerApp):
        """Takes the socket that was made outside instead of binding one."""

        name = "jupyter-server"

        def _bind_http_server_unix(self) -> bool:
            self.http_server.add_socket(listening)
            return True

        def _unix_sock(self) -> str:
            return self.sock

    LabApp.serverapp_class = InheritedServer
    LabApp.launch_instance(argv=options(order))


def options(order: dict[str, Any]) -> list[str]:  # Any: as above
    """Settings of the server. Only the gateway reaches it, so it asks nobody for a password; nothing here protects data.

    The origin of a request is the gateway's to check. Extensions are named one by one: others cost memory and start-up.
    """
    return [
        "--ServerApp.sock=inherited",
        f"--ServerApp.base_url={order['base_url']}",
        "--ServerApp.root_dir=/home",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_remote_access=True",
        "--ServerApp.allow_origin=*",
        "--ServerApp.disable_check_xsrf=True",
        "--ServerApp.jpserver_extensions={'jupyter_server_terminals': True}",
        "--ServerApp.log_level=WARN",
        "--IdentityProvider.token=",
        "--KernelManager.transport=ipc",
        "--ServerApp.terminado_settings={'shell_command': ['/bin/bash']}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]


if __name__ == "__main__":
    sys.exit(main())
