"""The ways to ask for what a package of its own answers: survival, associations, models."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from disclosure.asks import asks_of
from disclosure.derivation import derived_pairs
from disclosure.kind import Kind
from disclosure.statistic.form import Form, dimensions
from disclosure.unit import Unit, split_unit


class Estimates(Form):
    """A statistic that is estimated; each way names what the package's own dataclass explains."""

    __slots__ = ()

    @classmethod
    def survival(  # noqa: PLR0913  the words of the contract
        cls,
        source: str,
        time: str,
        event: str,
        *,
        by: Iterable[str] | None = None,
        at: Sequence[float] | None = None,
        coarsen: bool = False,
        test: str | None = None,
        level: float = 0.95,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        weight: str | None = None,
        title: str = "",
    ) -> Self:
        """Ask for a Kaplan-Meier curve per group, at declared times or at each time of an event.

        With `coarsen`, steps are joined until enough people stand behind each, so that a clean curve can leave.

        Raises:
            DisclosureError: as `table`; "survival": a word that is wrong.
        """
        words = {"time": time, "event": event, "at": at, "coarsen": coarsen, "test": test, "level": level}
        return cls._ask(
            Kind.SURVIVAL,
            source,
            words,
            by=by,
            unit=unit,
            where=where,
            derive=derive,
            weight=weight,
            title=title,
        )

    @classmethod
    def association(  # noqa: PLR0913  the words of the contract
        cls,
        source: str,
        test: str,
        columns: Sequence[str],
        *,
        by: Iterable[str] | None = None,
        reference: Sequence[object] | None = None,
        level: float = 0.95,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        title: str = "",
    ) -> Self:
        """Ask for a measure or test of association of columns, per group: the outcome first, then what may explain it.

        Raises:
            DisclosureError: as `table`; "association": a word that is wrong; "unknown_test".
        """
        words = {"test": test, "columns": columns, "reference": reference, "level": level}
        return cls._ask(
            Kind.ASSOCIATION, source, words, by=by, unit=unit, where=where, derive=derive, title=title
        )

    @classmethod
    def model(  # noqa: PLR0913  the words of the contract
        cls,
        source: str,
        *,
        formula: object,
        kind: str = "ols",
        by: Iterable[str] | None = None,
        weights: str | None = None,
        errors: str | None = None,
        cluster: str | None = None,
        absorb: Sequence[str] | None = None,
        strata: Sequence[str] | None = None,
        event: str | None = None,
        ties: str | None = None,
        exposure: str | None = None,
        level: float = 0.95,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        title: str = "",
    ) -> Self:
        """Ask for one or several models side by side, per group: each a formula such as "y ~ x1 + C(x2)".

        Raises:
            DisclosureError: as `table`; "model", "formula": a word or formula that is wrong.
        """
        words = {"kind": kind, "formula": formula, "errors": errors, "cluster": cluster, "absorb": absorb}
        words |= {"strata": strata, "event": event, "ties": ties, "exposure": exposure, "level": level}
        return cls._ask(
            Kind.MODEL,
            source,
            words,
            by=by,
            unit=unit,
            where=where,
            derive=derive,
            weight=weights,
            title=title,
        )

    @classmethod
    def claims(  # noqa: PLR0913  the words of the contract
        cls,
        source: str,
        estimates: Sequence[Mapping[str, object]],
        *,
        response: str | None = None,
        facts: Mapping[str, float] | None = None,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        title: str = "",
    ) -> Self:
        """Ask that estimates of any estimator may leave, judged by their design: the source has a column per term.

        Each estimate is a mapping with term and estimate, and perhaps std_error, statistic, p_value, low and high.

        Raises:
            DisclosureError: as `table`; "claims": a word that is wrong.
        """
        words = {"estimates": list(estimates), "response": response, "facts": facts}
        return cls._ask(Kind.CLAIMS, source, words, unit=unit, where=where, derive=derive, title=title)

    @classmethod
    def _ask(  # noqa: PLR0913  what every kind has
        cls,
        kind: Kind,
        source: str,
        words: Mapping[str, object],
        *,
        by: Iterable[str] | None = None,
        unit: Unit = None,
        where: str | None = None,
        derive: Mapping[str, str] | None = None,
        weight: str | None = None,
        title: str = "",
    ) -> Self:
        """Make a statistic that carries what it asks."""
        finest, within = split_unit(unit)
        return cls(
            kind=kind,
            source=source,
            by=dimensions(by or ()),
            measures=(),
            unit=finest,
            within=within,
            where=where,
            derive=derived_pairs(derive),
            weight=weight,
            margins=False,
            title=title,
            asks=asks_of(kind, {name: value for name, value in words.items() if value is not None}),
        )
