"""Numeric accounts that one sandbox at a time borrows when the platform runs as root."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tre.domain.errors import Unavailable

# Within 60706-61183, which systemd's "Users, Groups, UIDs and GIDs" leaves unused on every system.
FIRST_ACCOUNT: Final = 60_900
ACCOUNTS: Final = 64


@contextmanager
def borrowed_account() -> Iterator[int | None]:
    """Lend an account that no other sandbox on this machine has now; None when not root: none is needed.

    The loan is a name that the kernel forgets with the borrowing process, so a crash leaves nothing behind.

    Raises:
        Unavailable: all are lent.
    """
    if os.geteuid() != 0:
        yield None
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as loan:
        for account in range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS):
            try:
                loan.bind(f"\0tre-account-{account}")
            except OSError:
                continue
            yield account
            return
    raise Unavailable(
        "sandbox_full", f"{ACCOUNTS} programs are confined already; try again when one has ended."
    )
