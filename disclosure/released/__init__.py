"""What later checks must remember of a release: whole, as a small imprint of it, or as what was said with noise."""

from typing import TypeAlias

from disclosure.released.exact import Released
from disclosure.released.imprint import Imprint, imprint_of
from disclosure.released.noisy import NoisyReleased

Earlier: TypeAlias = Released | Imprint | NoisyReleased
"""Anything that a new table is compared with."""

__all__ = ["Earlier", "Imprint", "NoisyReleased", "Released", "imprint_of"]
