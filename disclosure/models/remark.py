"""What a rule says of one model, before it stands in a table."""

from dataclasses import dataclass

from disclosure.models.fit import Fit
from disclosure.models.units import Units
from disclosure.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a rule found of a model.

    Attributes:
        rule: the rule's name, as the contract lists them.
        sentence: what was found, for a person, as the end of a sentence; never a value of one unit.
        columns: the coefficients meant, by position; None for the whole model.
        verdict: FAIL makes their rows unsafe, REVIEW asks a person to look.
    """

    rule: str
    sentence: str
    columns: tuple[int, ...] | None = None
    verdict: Verdict = Verdict.FAIL


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A fitted model with the units behind it.

    Attributes:
        kind: the estimator.
        fit: the fitted model.
        units: the units of the rows that it used.
        noun: what a unit is called: "units", or "rows" where no unit is named.
    """

    kind: str
    fit: Fit
    units: Units
    noun: str
