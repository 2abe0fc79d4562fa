"""`python -I -S tethered.py PROGRAM ARGUMENTS`: become a program that ends with the process that started it.

The hub's proxy and services would go on without it, keep their ports, and serve stale routes to the next hub. This is
no wrapper: the program takes this process's place, so what the hub stops is the program itself. Standard library only.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent = os.getppid()
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent or parent == 1:
        sys.exit("the starting process is gone")
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
