"""One column of numbers that a table asks for, and what may be asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from disclosure.errors import DisclosureError
from disclosure.naming import check_name

Argument: TypeAlias = str | float | None

COUNTED: Final = frozenset({"count", "proportion"})
"""Aggregations of rows: any column will do, or none."""
ADDED: Final = frozenset({"sum", "mean"})
"""Aggregations of a total, which one or two contributors may dominate."""
ORDERED: Final = frozenset({"median", "quantile", "min", "max", "mode"})
"""Aggregations that are somebody's value."""
SPREAD: Final = frozenset({"std", "var", "cv"})
"""Aggregations of squared distances from the mean; "cv" is the standard deviation divided by the mean."""
SHARED: Final = frozenset({"gini", "hhi", "lorenz"})
"""Aggregations of how a total is shared out among the units: Gini's coefficient, Herfindahl's index (the sum of squared
shares), and the share of the total that the units with least hold, such as ("lorenz", "bill", 0.9)."""
DIVIDED: Final = frozenset({"ratio"})
"""Aggregations that are a ratio of totals, such as ("ratio", "claims", "policies")."""
FUNCTIONS: Final = (
    *("count", "sum", "mean", "median", "quantile", "min", "max", "mode", "std", "var", "proportion"),
    *("cv", "gini", "hhi", "lorenz", "ratio"),
)
"""The aggregations a measure may use."""
RESERVED: Final = frozenset({"n", "units", "unsafe", "rules"})
"""Column names that a report adds itself."""
SHARES: Final = ("index", "columns", "all")
"""Of what a proportion is taken, in pandas' words: of its row (all levels of the last dimension), of its column (all
levels of the others), of the whole table."""
PLACES: Final = 10_000
"""A quantile is a whole number of ten-thousandths. Source: ours; finer ones lie nearer an end than ten units."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of numbers in a table.

    Attributes:
        name: the author's name for it.
        function: one of `FUNCTIONS`.
        column: what is aggregated; None only for a count or proportion of rows.
        argument: which quantile, above 0 and below 1; or of what a proportion is taken, one of `SHARES`; or the column
            by whose total a ratio divides; else None.
    """

    name: str
    function: str
    column: str | None
    argument: Argument = None

    @property
    def point(self) -> Fraction | None:
        """Which quantile is asked, exactly; None where no quantile is."""
        if self.function == "median":
            return Fraction(1, 2)
        return Fraction(repr(self.argument)) if self.function == "quantile" else None

    @property
    def step(self) -> Fraction | None:
        """Up to which share of the units a Lorenz curve is asked, exactly; None where none is."""
        return Fraction(repr(self.argument)) if self.function == "lorenz" else None

    @property
    def halves(self) -> tuple[str, str, str]:
        """The names of a ratio's evidence: above the line, below it, and what is below without what is above.

        Both totals are of the rows in which both columns are present.
        """
        whole = f"{self.column} / {self.argument}"
        return f"{whole}: above the line", f"{whole}: below the line", f"{whole}: below without above"

    def columns(self) -> tuple[str, ...]:
        """Return the columns that the measure reads."""
        found = (self.column, str(self.argument) if self.function in DIVIDED else None)
        return tuple(name for name in found if name is not None)

    def record(self) -> list[object]:
        """Return the measure as JSON holds it."""
        rest: list[object] = [] if self.argument is None else [self.argument]
        return [self.name, self.function, self.column, *rest]

    def question(self) -> list[str]:
        """Return what is asked, without the author's name for it."""
        rest = [] if self.argument is None else [str(self.argument)]
        return [self.function, self.column or "", *rest]


def measure_of(name: object, asked: object) -> Measure:
    """Read ("sum", "bill"), or ("quantile", "bill", 0.9).

    Raises:
        DisclosureError: "measure".
    """
    if isinstance(asked, list | tuple) and 2 <= len(asked) <= 3:
        return Measure(name, *asked)  # type: ignore[arg-type]  # Statistic.__post_init__ checks the types
    raise DisclosureError("measure", f"Write the measure {name!r:.60} as a pair such as ('sum', 'bill').")


def quantile_of(value: str, point: object) -> Measure:
    """Return the quantile of a column, called by its hundredths, such as q25."""
    name = f"q{100 * point:.6g}" if isinstance(point, float) else "q"
    return Measure(name, "quantile", value, point)  # type: ignore[arg-type]  # Statistic.__post_init__ checks


def check_measure(measure: Measure) -> None:
    """Refuse an unknown aggregation, and a column or argument where it does not belong.

    Raises:
        DisclosureError: "name", "unknown_measure", "measure".
    """
    check_name(measure.name, "measure")
    if measure.function not in FUNCTIONS:
        raise DisclosureError(
            "unknown_measure",
            f"The measure {measure.name[:60]!r} asks for {measure.function!r:.60}; "
            f"choose one of {', '.join(FUNCTIONS)}.",
        )
    if measure.column is not None:
        check_name(measure.column, "column")
    elif measure.function not in COUNTED:
        raise DisclosureError("measure", f"The measure {measure.name[:60]!r} needs a column.")
    _check_argument(measure)


def check_weighted(measures: Sequence[Measure]) -> None:
    """Refuse a weight where none is understood.

    Raises:
        DisclosureError: "weight".
    """
    if not measures:
        raise DisclosureError(
            "weight", "A weighted table needs a measure, such as {'people': ('count', None)}."
        )
    for measure in measures:
        if measure.function not in COUNTED | ADDED | DIVIDED:
            raise DisclosureError(
                "weight",
                f"A weighted {measure.function} is not computed here; leave the weight out or ask for a mean.",
            )


def check_clashes(by: Sequence[str], measures: Sequence[Measure], more: Iterable[str] = ()) -> None:
    """Refuse names that would stand twice in a report; `more` are those of a kind's own columns.

    Raises:
        DisclosureError: "name_clash".
    """
    taken = set(RESERVED)
    names = [*by, *more]
    for measure in measures:
        names += [measure.name, f"{measure.name}_n", f"{measure.name}_units"]
    for name in names:
        if name in taken:
            raise DisclosureError(
                "name_clash",
                f"The name {name[:60]!r} stands twice in the table or is one of its own; rename it.",
            )
        taken.add(name)


def _check_argument(measure: Measure) -> None:
    name, argument = measure.name[:60], measure.argument
    if measure.function in {"quantile", "lorenz"}:
        is_point = isinstance(argument, float) and 0 < argument < 1
        if not is_point or PLACES % Fraction(repr(argument)).denominator:
            raise DisclosureError(
                "measure",
                f"The {measure.function} {name!r} must lie above 0 and below 1 with at most four decimal places, such as 0.25.",
            )
    elif measure.function == "proportion":
        if argument not in SHARES:
            raise DisclosureError(
                "measure", f"The proportion {name!r} must say of what: one of {', '.join(SHARES)}."
            )
    elif measure.function in DIVIDED:
        check_name(argument, "column below the line")
    elif argument is not None:
        raise DisclosureError("measure", f"The measure {name!r} takes a function and a column, nothing more.")
