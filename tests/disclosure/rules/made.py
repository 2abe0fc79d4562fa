"""Evidence put together by hand, so that a rule can be asked about any cell, and answers at once."""

from fractions import Fraction

import numpy as np

from disclosure import Policy, Statistic
from disclosure.evidence import Evidence, Sums
from disclosure.grid import Grid
from disclosure.order import Order, Place, Point
from disclosure.quantity import Scale

STANDARD = Policy.preset("standard")
LONG = "a" * 59 + "bc"
"""A name of 61 characters; a sentence has room for 60."""
SHORT = LONG[:60]


def asked(measures=None, **words):
    """Return a table of one dimension without margins."""
    return Statistic.table("d", measures=measures, **{"by": ["g"], "margins": False} | words)


def whole(values):
    return np.array(values, dtype=np.int64)


def numbers(values):
    return np.array(values, dtype=np.float64)


def evidence(rows, units=None, *, keys=None, problems=(), **more):
    """Return evidence of cells with these rows and units, in levels c0, c1 and so on."""
    found = tuple((f"c{place}",) for place in range(len(rows))) if keys is None else tuple(keys)
    grid = Grid(found, {key: place for place, key in enumerate(found)})
    sums = more.pop("sums", {})
    return Evidence(
        grid, whole(rows), whole(rows if units is None else units), sums, problems, lambda: None, **more
    )


def sums(largest, second=None, rest=None, *, rows=None, units=None, same=None):
    """Return totals of which the two largest contributors and the others hold this much, cell by cell."""
    size = len(largest)
    second, rest = second or [0] * size, rest or [0] * size
    rows = rows or [20] * size
    exact = [np.array(values, dtype=object) for values in (largest, second, rest)]
    total = exact[0] + exact[1] + exact[2]
    equal = np.array(same or [False] * size, dtype=np.bool_)
    return Sums(whole(rows), whole(units or rows), total, total, exact[0], exact[1], equal, Scale())


def counted(rows, units=None):
    """Return in how many rows and units a column is present."""
    return sums([1] * len(rows), rows=rows, units=units)


def order(**more):
    """Return where the values of one cell lie; what is not named belongs to fifty units."""
    size = len(next(iter(more.values())).value) if more else 1
    many = Place(numbers([5.0] * size), whole([50] * size))
    points = {Fraction(1, 2): more.pop("median")} if "median" in more else {}
    return Order(**{"least": many, "greatest": many, "commonest": many} | more, points=points)


def place(values, units):
    return Place(numbers(values), whole(units))


def point(*, held, below, above, owners, value=None):
    """Return quantiles, one per cell."""
    values = numbers([5.0] * len(held) if value is None else value)
    return Point(values, np.array(held, dtype=np.bool_), whole(below), whole(above), whole(owners))
