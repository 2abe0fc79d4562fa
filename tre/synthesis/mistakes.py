"""How records go wrong: slips of key, scanner and hand, short forms, swapped dates. All at once over a column."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tre.synthesis.names import NICKNAMES

Texts = NDArray[np.str_]
Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]

_CONFUSED: Final = {
    "0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B",
    "A": "SQ4", "B": "8VN", "C": "XVG", "D": "SFO", "E": "RWF", "F": "DGE", "G": "FH6", "H": "GJN", "I": "1LO",
    "J": "HKU", "K": "JLX", "L": "1KI", "M": "NW", "N": "MBH", "O": "0IP", "P": "OLR", "Q": "WAO", "R": "ETK",
    "S": "5AD", "T": "RYF", "U": "YIV", "V": "UCB", "W": "EQV", "X": "ZCK", "Y": "TUV", "Z": "2XA",
}  # fmt: skip
"""For each character those that a scanner or a neighbouring key puts in its place."""

_LAST: Final = 127


def _replacements() -> NDArray[np.uint32]:
    table = np.repeat(np.arange(_LAST + 1, dtype=np.uint32)[:, None], 3, axis=1)
    for right, wrong in _CONFUSED.items():
        table[ord(right)] = [ord(wrong[place % len(wrong)]) for place in range(3)]
    return table


_REPLACEMENTS: Final = _replacements()


def chosen(count: int, rate: float, rng: np.random.Generator) -> Flags:
    """Choose each of `count` records with probability `rate`."""
    return rng.random(count) < rate


def _letters(texts: Texts) -> NDArray[np.uint32]:
    """Return a copy of the texts as a matrix of code points, one row for each text."""
    return texts.copy().view(np.uint32).reshape(len(texts), texts.dtype.itemsize // 4)


def with_slips(texts: Texts, rate: float, rng: np.random.Generator) -> Texts:
    """Give some texts one slip: a character dropped, doubled, swapped with the next, or taken for another."""
    rows = np.flatnonzero(chosen(len(texts), rate, rng) & (np.strings.str_len(texts) > 1))
    wide = texts.astype(f"<U{texts.dtype.itemsize // 4 + 1}")
    letters = _letters(wide[rows])
    length = np.strings.str_len(texts[rows])
    place = (rng.random(len(rows)) * (length - 1)).astype(np.int64)
    kind = rng.integers(0, 4, len(rows))
    column = np.arange(letters.shape[1])[None, :]
    here = place[:, None]
    source = np.broadcast_to(column, letters.shape).copy()
    source += ((kind == 0)[:, None] & (column >= here)).astype(np.int64)
    source -= ((kind == 1)[:, None] & (column > here)).astype(np.int64)
    swap = (kind == 2)[:, None]
    source += (swap & (column == here)).astype(np.int64) - (swap & (column == here + 1)).astype(np.int64)
    inside = source < letters.shape[1]
    slipped = np.where(
        inside, np.take_along_axis(letters, np.minimum(source, letters.shape[1] - 1), axis=1), 0
    )
    taken = np.flatnonzero(kind == 3)
    original = np.minimum(slipped[taken, place[taken]], _LAST)
    slipped[taken, place[taken]] = _REPLACEMENTS[original, rng.integers(0, 3, len(taken))]
    wide[rows] = np.ascontiguousarray(slipped.astype(np.uint32)).view(wide.dtype).ravel()
    return wide


def with_one_wrong(texts: Texts, rate: float, rng: np.random.Generator) -> Texts:
    """Give some texts one character that was taken for another: what happens to postcodes."""
    rows = np.flatnonzero(chosen(len(texts), rate, rng))
    letters = _letters(texts[rows])
    place = (rng.random(len(rows)) * np.strings.str_len(texts[rows])).astype(np.int64)
    line = np.arange(len(rows))
    letters[line, place] = _REPLACEMENTS[
        np.minimum(letters[line, place], _LAST), rng.integers(0, 3, len(rows))
    ]
    changed = texts.copy()
    changed[rows] = letters.view(texts.dtype).ravel()
    return changed


def with_short_forms(texts: Texts, rate: float, rng: np.random.Generator) -> Texts:
    """Put short forms in place of some given names that have one."""
    full = np.array(sorted(NICKNAMES))
    short = np.array([NICKNAMES[name] for name in full])
    # Names without a short form are passed over, so the rate is raised to hold for all names together.
    rows = np.flatnonzero(chosen(len(texts), min(2 * rate, 1), rng))
    place = np.minimum(np.searchsorted(full, texts[rows]), len(full) - 1)
    known = full[place] == texts[rows]
    changed = texts.copy()
    changed[rows[known]] = short[place[known]]
    return changed


def with_initials(texts: Texts, rate: float, rng: np.random.Generator) -> Texts:
    """Cut some given names to their first letter."""
    return np.where(chosen(len(texts), rate, rng), texts.astype("<U1"), texts)


def with_mixed_case(texts: Texts, who: Flags) -> Texts:
    """Write some texts with one capital in place of all."""
    changed = texts.copy()
    changed[who] = np.strings.capitalize(texts[who])
    return changed


def without_spaces(texts: Texts, rate: float, rng: np.random.Generator) -> Texts:
    """Write some texts without their spaces."""
    who = chosen(len(texts), rate, rng)
    changed = texts.copy()
    if who.any():  # numpy cannot replace in no text at all
        changed[who] = np.strings.replace(texts[who], " ", "")
    return changed


def with_wrong_dates(
    born: NDArray[np.int64], *, swapped: float, slip: float, rng: np.random.Generator
) -> Days:
    """Swap day and month of some dates, and let a part of others slip."""
    date = born.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    day = (date - month).astype(np.int64) + 1
    year = month.astype("datetime64[Y]")
    number = (month - year.astype("datetime64[M]")).astype(np.int64) + 1
    swap = chosen(len(born), swapped, rng) & (day <= 12)
    turned = (year.astype("datetime64[M]") + (day - 1)).astype("datetime64[D]") + (number - 1)
    date = np.where(swap, turned, date)
    slips = chosen(len(born), slip, rng) & ~swap
    kind = rng.integers(0, 3, len(born))
    sign = rng.choice([-1, 1], len(born))
    years = np.where(kind == 0, 10, 1) * sign
    # Day 28 exists in every month, so that no slip makes a date that is none.
    moved_year = (month + 12 * years).astype("datetime64[D]") + (np.minimum(day, 28) - 1)
    return np.where(slips, np.where(kind == 2, date + sign, moved_year), date)
