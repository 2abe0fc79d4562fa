"""Which software ran: one digest over the interpreter and every installed package."""

import functools
import hashlib
import importlib.metadata
import platform
import re


def environment_words() -> tuple[str, ...]:
    """The interpreter, the machine's kind, and each installed package as `name==version`, sorted."""
    packages = {
        f"{re.sub(r'[-_.]+', '-', found.name).lower()}=={found.version}"
        for found in importlib.metadata.distributions()
    }
    interpreter = f"{platform.python_implementation()} {platform.python_version()}"
    return (interpreter, f"{platform.system()} {platform.machine()}", *sorted(packages))


@functools.cache
def environment_digest() -> str:
    """SHA-256 over `environment_words`, one a line, in hexadecimal. Read once per process."""
    return hashlib.sha256("\n".join(environment_words()).encode()).hexdigest()
