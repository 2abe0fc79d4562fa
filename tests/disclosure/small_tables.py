"""Small tables by g and h, and how the tests of protection read them."""

import pandas as pd

from disclosure import Policy, Statistic, assess
from disclosure.safe import WITHHELD

STANDARD = Policy.preset("standard")


def frame_of(counts):
    """Return rows whose table of g by h has these counts."""
    rows = [(f"g{g}", f"h{h}") for g, line in enumerate(counts) for h, n in enumerate(line) for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["g", "h"])
    frame["person"] = range(len(frame))
    frame["v"] = (frame["person"] * 7919 % 101) + 1.0
    return frame


def checked(counts, **rest):
    stat = Statistic.table("d", by=["g", "h"], **rest)
    return assess(stat, frame_of(counts), STANDARD)


def keys_of(table):
    columns = [[None if level is None else level for level in table[name]] for name in ("g", "h")]
    return list(zip(*columns, strict=True))


def values_of(table, name="n"):
    return [None if value == WITHHELD else float(value) for value in table[name]]


SMALL = [[3, 20, 30], [25, 18, 40], [50, 60, 22]]
