"""Waits until something holds that another process or thread brings about; never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 240
"""Seconds. What is waited for takes a few where nothing else runs, and many where much does."""


def until(holds: Callable[[], object], what: str = "it", *, seconds: float = PATIENCE) -> None:
    """Ask until the answer is yes; fail when it never is."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.05)
