"""Every threshold, with its unit and its source; nobody writes one anywhere else."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Self, TypeGuard

from disclosure.errors import DisclosureError

_HANDBOOK: Final = (
    "SDAP Handbook on Statistical Disclosure Control for Outputs; "
    "Handbook on Statistical Disclosure Control, 2nd ed. (p% and (n,k) rules)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The thresholds of one project.

    Attributes:
        name: what the policy is called.
        min_units: fewest distinct units behind a printed cell, in units. SDAP Handbook: 10.
        zeros_unsafe: whether an empty cell is unsafe (class disclosure). SDAP Handbook; ACRO's default.
        p_percent: a cell is unsafe when what remains beside the two largest contributors is less than this share
            of the largest, from 0 to 1. SDC Handbook, p% rule; ACRO's default 0.10.
        dominance_share: a cell is unsafe when its two largest contributors hold at least this share of the total,
            from 0 to 1. SDC Handbook, (n,k) rule; ACRO's default (2, 0.90).
        single_share: a cell is looked at by a person when its largest contributor holds at least this share of the
            total, from 0 to 1. ABS DataLab output rules, (1, 0.50).
        equal_values_unsafe: whether a cell in which all contributors have one value is unsafe (group disclosure).
            SDAP Handbook, on class disclosure.
        min_degrees: fewest residual degrees of freedom of an estimate. SDAP Handbook: 10.
        mode_share: a commonest value is unsafe when more than this share of the units with a value have it, from
            0 to 1. Statbarns ontology, mode: "not nearly everyone"; 0.90 is ours, as (2, 0.90).
        concentration_share: a Herfindahl index is unsafe when the largest contributor holds at least this share of
            the total, from 0 to 1. Statbarns ontology, non-linear concentration; ABS DataLab output rules, (1, 0.50).
        min_lorenz_units: fewest distinct units in one step of a Lorenz curve, in units. SDAP Handbook, concentration:
            10, as for every cell.
        min_step_units: fewest distinct units with an event, and fewest that leave, in one step of a survival curve,
            and fewest still at risk at its end, in units. SDAP Handbook, survival analysis: 10.
        min_design_units: fewest distinct units that have, and that lack, each category or combination of categories
            on which an estimate rests, in units. ESSnet DwB guidelines for the checking of output based on
            microdata research, regression coefficients; 10 as for every cell.
        leverage_share: an estimate is looked at by a person when one unit has at least this leverage, from 0 to 1.
            Huber, Robust Statistics, 1981, section 7.2: points above 0.5 are to be avoided.
        min_estimates: fewest estimates in the printed table of one model, in coefficients; a single one is a mean.
            ESSnet DwB guidelines, regression coefficients: 2.
        lone_quantile_unsafe: whether a quantile that is one unit's own value is unsafe; otherwise a person looks.
            SDAP Handbook, position statistics: round it, or average its neighbours.
        structural_ends: pairs of column and value that may stand as its least or greatest value, because a rule and
            not a person sets it (such as age 0). SDAP Handbook, end points.
        count_protection: how far below and above its true value a withheld count must remain possible, in rows, where
            it can be as low or high at all. Ours: two people who take themselves away never learn a small count.
        coalition_units: most contributors that put together what they know of their own cells against the other
            withheld cells of a table of values, in units; 1 stands for singletons alone. SDC Handbook, 2nd ed.,
            sections on singletons and on coalitions of respondents: 2.
        cell_key_variance: variance of the change that cell keys make, in multiples of the largest change, from 0 to 1.
            Eurostat's centre of excellence on SDC, guidelines on the cell key method: 3 at a largest change of 5.
        max_cells: most cells of one table with its margins, in cells. Ours: what two people can look through
            by machine, and what bounds memory.
        source: title and edition of the rule book that these values come from.
    """

    name: str = "standard"
    min_units: int = 10
    zeros_unsafe: bool = True
    p_percent: float = 0.10
    dominance_share: float = 0.90
    single_share: float = 0.50
    equal_values_unsafe: bool = True
    min_degrees: int = 10
    mode_share: float = 0.90
    concentration_share: float = 0.50
    min_lorenz_units: int = 10
    min_step_units: int = 10
    min_design_units: int = 10
    leverage_share: float = 0.50
    min_estimates: int = 2
    lone_quantile_unsafe: bool = False
    structural_ends: tuple[tuple[str, float], ...] = ()
    count_protection: int = 2
    coalition_units: int = 2
    cell_key_variance: float = 0.60
    max_cells: int = 100_000
    source: str = _HANDBOOK

    def __post_init__(self) -> None:
        for name in (*_LARGER_IS_STRICTER, *_SMALLER_IS_STRICTER):
            _check_number(name, getattr(self, name))
        for name in _TRUE_IS_STRICTER:
            if type(getattr(self, name)) is not bool:
                raise DisclosureError("policy", f"The policy's {name} must be true or false.")
        _check_ends(self.structural_ends)
        for text in (self.name, self.source):
            if type(text) is not str:
                raise DisclosureError("policy", "The policy's name and source must be texts.")

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return a named policy: "standard", or "strict" for data on health or firms.

        "strict" asks (2, 0.67) (ABS DataLab output rules) and p = 0.15, which is (2, 0.87) by the SDC Handbook's
        p = (1 - k) / k; and no quantile that is one unit's own value.

        Raises:
            DisclosureError: "policy": there is no such preset.
        """
        if name == "standard":
            return cls()
        if name == "strict":
            return cls(name="strict", p_percent=0.15, dominance_share=0.67, lone_quantile_unsafe=True)
        raise DisclosureError(
            "policy", f"There is no policy called {name!r:.60}; choose 'standard' or 'strict'."
        )

    def tightened(self, **overrides: Any) -> Self:  # Any: __post_init__ checks each type
        """Return this policy with stricter thresholds.

        Raises:
            DisclosureError: "policy": an unknown threshold, or one that would be looser.
        """
        unknown = sorted(set(overrides) - {field.name for field in fields(self)})
        if unknown:
            raise DisclosureError("policy", f"A policy has no threshold called {unknown[0]!r:.60}.")
        changed = replace(self, **overrides)
        for name in overrides:
            if _stricter(name, getattr(self, name), getattr(changed, name)) != getattr(changed, name):
                raise DisclosureError("policy", f"The policy's {name} may be made stricter, never looser.")
        return changed

    def to_json(self) -> str:
        """Return the policy as JSON: stable, so equal policies have equal text."""
        record = asdict(self) | {"version": VERSION}
        return json.dumps(record, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | dict[str, object]) -> Self:
        """Read what `to_json` wrote, now or in an earlier version, strictly.

        A threshold that its version did not have yet is what it was when it came.

        Raises:
            DisclosureError: "policy": another shape, a later version, a threshold missing or one too many.
        """
        record = _completed(_record(text))
        if set(record) != {field.name for field in fields(cls)}:
            raise _not_a_policy()
        ends = record["structural_ends"]
        if not isinstance(ends, list | tuple):
            raise DisclosureError("policy", _NOT_ENDS)
        pairs = tuple(tuple(end) if isinstance(end, list) else end for end in ends)
        return cls(**record | {"structural_ends": pairs})

    @property
    def digest(self) -> str:
        """SHA-256 of the JSON text, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


VERSION: Final = 3
"""Version of the JSON form. It is 1 where none stands there, and rises when a threshold is added."""
_ADDED: Final[dict[int, dict[str, float]]] = {
    2: {
        "concentration_share": 0.50,
        "min_lorenz_units": 10,
        "min_step_units": 10,
        "min_design_units": 10,
        "leverage_share": 0.50,
        "min_estimates": 2,
    },
    3: {"count_protection": 2, "coalition_units": 2, "cell_key_variance": 0.60},
}
"""Per version the thresholds that came with it and what they were then; nothing here is ever changed."""
_LARGER_IS_STRICTER: Final = (
    *("min_units", "p_percent", "min_degrees", "min_lorenz_units", "min_step_units"),
    *("min_design_units", "min_estimates", "count_protection", "coalition_units"),
    "cell_key_variance",
)
_SMALLER_IS_STRICTER: Final = (
    *("dominance_share", "single_share", "mode_share", "concentration_share", "leverage_share", "max_cells"),
)
_TRUE_IS_STRICTER: Final = ("zeros_unsafe", "equal_values_unsafe", "lone_quantile_unsafe")
_NOT_ENDS: Final = "The policy's structural_ends must be pairs of a column and a number, such as ('age', 0)."
_WHOLE: Final = frozenset(
    {"min_units", "min_degrees", "max_cells", "min_lorenz_units", "min_step_units", "min_design_units"}
    | {"min_estimates", "count_protection", "coalition_units"}
)


def strictest_of(policies: Iterable[Policy]) -> Policy:
    """Return the policy that is, threshold by threshold, as strict as the strictest of those given.

    Raises:
        DisclosureError: "policy": none was given.
    """
    found = sorted(policies, key=lambda policy: policy.digest)
    if not found:
        raise DisclosureError("policy", "The strictest of no policies is unknown; name at least one.")
    if len({policy.digest for policy in found}) == 1:
        return found[0]
    names = (*_LARGER_IS_STRICTER, *_SMALLER_IS_STRICTER, *_TRUE_IS_STRICTER, "structural_ends")
    merged = {name: _strictest(name, [getattr(policy, name) for policy in found]) for name in names}
    sources = "; ".join(dict.fromkeys(policy.source for policy in found))
    return Policy(name="+".join(sorted({policy.name for policy in found})), source=sources, **merged)


def _strictest(name: str, values: list[Any]) -> Any:  # Any: int, float or bool by field
    strictest = values[0]
    for value in values[1:]:
        strictest = _stricter(name, strictest, value)
    return strictest


def _stricter(name: str, one: Any, other: Any) -> Any:  # Any: int, float or bool by field
    """Return the stricter of two values of a field; a text may change freely."""
    if name in _LARGER_IS_STRICTER or name in _TRUE_IS_STRICTER:
        return max(one, other)
    if name == "structural_ends":
        return tuple(end for end in other if end in one)
    return min(one, other) if name in _SMALLER_IS_STRICTER else other


def _check_number(name: str, value: object) -> None:
    """Refuse thresholds that switch a rule off by being no number."""
    whole = name in _WHOLE
    if not _is_number(value, whole=whole):
        raise DisclosureError("policy", f"The policy's {name} must be a {'whole ' if whole else ''}number.")
    if not 0 < value < math.inf or (not whole and value > 1):
        raise DisclosureError(
            "policy", f"The policy's {name} must be above 0{'' if whole else ' and at most 1'}."
        )


def _check_ends(ends: object) -> None:
    """Refuse ends that are no pairs of a column and a number."""
    if not isinstance(ends, tuple) or not all(isinstance(end, tuple) and len(end) == 2 for end in ends):
        raise DisclosureError("policy", _NOT_ENDS)
    if not all(type(column) is str and _is_number(value, whole=False) for column, value in ends):
        raise DisclosureError("policy", _NOT_ENDS)


def _is_number(value: object, *, whole: bool) -> TypeGuard[float]:
    """Whether a value is an int, or a float where that is allowed; a bool is neither."""
    return type(value) is int or (not whole and type(value) is float)


def _record(text: str | dict[str, object]) -> dict[str, Any]:  # Any: __post_init__ checks each type
    if isinstance(text, dict):
        return dict(text)
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise _not_a_policy()
    return record


def _completed(record: dict[str, Any]) -> dict[str, Any]:  # Any: __post_init__ checks each type
    """Take the version out and add the thresholds that came after it."""
    version = record.pop("version", 1)
    if type(version) is not int or not 1 <= version <= VERSION:
        raise _not_a_policy()
    for later in range(version + 1, VERSION + 1):
        if _ADDED[later].keys() & record.keys():
            raise _not_a_policy()
        record |= _ADDED[later]
    return record


def _not_a_policy() -> DisclosureError:
    return DisclosureError("policy", "This is not a policy as Policy.to_json() writes it; write it again.")
