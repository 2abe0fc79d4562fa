"""Numbers that the state gives to people, right in form: National Insurance and NHS numbers."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_FIRST: Final = "ABCEGHJKLMNOPRSTWXYZ"
_SECOND: Final = "ABCEGHJKLMNPRSTWXYZ"
_NEVER: Final = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})

_PREFIXES: Final = np.array(
    [first + second for first in _FIRST for second in _SECOND if first + second not in _NEVER]
)
"""Prefixes in use. Source: HM Revenue and Customs, National Insurance Manual, NIM39110."""

NINO_COUNT: Final = len(_PREFIXES) * 1_000_000 * 4
"""How many National Insurance numbers there can be."""

NHS_COUNT: Final = 60_000_000
"""How many NHS numbers are drawn from: those that begin with 4 to 9."""

Integers = NDArray[np.int64]


def nino_text(number: Integers) -> NDArray[np.str_]:
    """Write numbers below `NINO_COUNT` as National Insurance numbers, like AB123456C."""
    prefix, rest = np.divmod(number, 4_000_000)
    digits, suffix = np.divmod(rest, 4)
    padded = np.strings.zfill(digits.astype("<U6"), 6)
    return np.strings.add(np.strings.add(_PREFIXES[prefix], padded), np.array(list("ABCD"))[suffix])


def nhs_text(number: Integers) -> NDArray[np.str_]:
    """Write numbers below `NHS_COUNT` as NHS numbers: ten digits of which the last is the modulus 11 check."""
    eight = number + 40_000_000
    total = sum((eight // 10**power % 10) * (power + 3) for power in range(8))
    # A check digit of 10 does not exist; another ninth digit avoids it.
    ninth = np.where((11 - total % 11) % 11 == 10, 1, 0)
    check = (11 - (total + 2 * ninth) % 11) % 11
    text: NDArray[np.str_] = (eight * 100 + ninth * 10 + check).astype("<U10")
    return text
