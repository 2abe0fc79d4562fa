"""What a model asks: an estimator, one or more formulas, and how their errors are computed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self, cast

from disclosure.content import Content
from disclosure.errors import DisclosureError
from disclosure.models.formula import Call, Categories, Formula, factor_text, parse_formula
from disclosure.naming import check_name

KINDS: Final = ("ols", "logit", "probit", "poisson", "cox")
"""The estimators."""
ERRORS: Final = ("nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")
"""How the covariance of the estimates is computed: from the model, robust against heteroskedasticity, or clustered."""
TIES: Final = ("efron", "breslow")
"""How a Cox model treats events at one time."""
MAX_EQUATIONS: Final = 20
"""Most models side by side. Source: ours; more than a page holds."""
MAX_EFFECTS: Final = 4
"""Most columns whose effects are absorbed, and most strata. Source: ours."""
_OWN: Final = ("model", "part", "term")
NUMBERS: Final = ("estimate", "std_error", "statistic", "p_value", "low", "high")
"""What is printed of a coefficient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One or more models of one kind, side by side.

    Attributes:
        kind: the estimator, one of `KINDS`.
        formula: per model its name and its formula as the author wrote it.
        errors: one of `ERRORS`; None for "cluster" with a cluster, "HC1" with weights, else "nonrobust".
        cluster: the column whose values name the clusters, or None.
        absorb: columns whose effects are taken out and never printed (OLS only).
        strata: columns whose values have a baseline hazard of their own (Cox only).
        event: the column that says whether the time ended with an event (Cox only).
        ties: how events at one time are treated (Cox only).
        exposure: the column of the time or people at risk (Poisson only).
        level: the confidence level of the intervals, above 0 and below 1.
    """

    kind: str
    formula: tuple[tuple[str, str], ...]
    errors: str | None = None
    cluster: str | None = None
    absorb: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    event: str | None = None
    ties: str | None = None
    exposure: str | None = None
    level: float = 0.95

    @property
    def equations(self) -> tuple[tuple[str, Formula], ...]:
        """Per model its name and the frozen tree of its formula."""
        return tuple((name, parse_formula(text)) for name, text in self.formula)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that it reads, sorted, once each."""
        found = {name for _, formula in self.equations for name in formula.columns()}
        found.update(self.other_columns())
        return tuple(sorted(found))

    def other_columns(self) -> tuple[str, ...]:
        """Return the columns that stand outside the formulas, which every model reads."""
        single = (self.cluster, self.event, self.exposure)
        return (*self.absorb, *self.strata, *(name for name in single if name is not None))

    def check(self, by: Sequence[str], weight: str | None) -> None:
        """Refuse what cannot be estimated.

        Raises:
            DisclosureError: "model", "formula", "name", "weight".
        """
        _check_words(self)
        _check_equations(self)
        _check_fit(self, weight)
        for _, formula in self.equations:
            _check_formula(self, formula)
        taken = {*by} & {*_OWN, *NUMBERS}
        if taken:
            raise DisclosureError(
                "name_clash",
                f"The name {min(taken)!r} is a column of every table of estimates; rename yours.",
            )

    def record(self) -> dict[str, object]:
        """Return it as JSON holds it; what is not used does not stand there."""
        found: dict[str, object] = {"kind": self.kind, "formula": [list(pair) for pair in self.formula]}
        for name in ("errors", "cluster", "event", "ties", "exposure"):
            value = getattr(self, name)
            found |= {} if value is None else {name: value}
        for name in ("absorb", "strata"):
            found |= {name: list(getattr(self, name))} if getattr(self, name) else {}
        return found if self.level == 0.95 else found | {"level": self.level}

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Self:
        """Read what `record` wrote, or the words of an author: one formula, a list of them, or names with formulas.

        Raises:
            DisclosureError: "json" for other keys; "model" for a value of another shape.
        """
        words: dict[str, Any] = dict(record)  # Any: `check` looks at each type
        if not {"kind", "formula"} <= set(words) <= {field.name for field in fields(cls)}:
            raise DisclosureError(
                "json", "This is not a model as Statistic.to_json() writes it; write it again."
            )
        words["formula"] = _named(words["formula"])
        for name in ("absorb", "strata"):
            words[name] = _listed(words.get(name, ()), name)
        return cls(**words)

    def question(self) -> object:
        """Return what is asked, the same for all spellings of the formulas and whatever the models are called."""
        canonical = [formula.canonical() for _, formula in self.equations]
        return self.record() | {
            "formula": canonical,
            "absorb": sorted(self.absorb),
            "strata": sorted(self.strata),
        }

    def contents(self) -> dict[str, Content]:
        """Return the columns of the table of estimates."""
        return dict.fromkeys(_OWN, Content.LEVEL) | dict.fromkeys(NUMBERS, Content.NUMBER)

    def sentence(self) -> str:
        """Say in words what is estimated."""
        names = {"ols": "Least squares", "poisson": "Poisson", "cox": "Cox proportional hazards"}
        several = f" and {len(self.formula) - 1} more" if len(self.formula) > 1 else ""
        return f"{names.get(self.kind, self.kind.capitalize())} model {self.formula[0][1]}{several}"

    def errors_with(self, weight: str | None) -> str:
        """Return how errors are computed, where the author left it open."""
        if self.errors is not None:
            return self.errors
        return "cluster" if self.cluster is not None else "nonrobust" if weight is None else "HC1"


def _named(formula: object) -> tuple[tuple[str, str], ...]:
    """Read one formula, a list of formulas, pairs, or a mapping; a formula without a name is called by its number."""
    if isinstance(formula, str):
        return (("(1)", formula),)
    if isinstance(formula, Mapping):
        return tuple((name, text) for name, text in formula.items())
    if not isinstance(formula, list | tuple) or len(formula) > MAX_EQUATIONS:
        raise _wrong(f"`formula` must be a text, or a list of at most {MAX_EQUATIONS}")
    found = []
    for index, entry in enumerate(formula, start=1):
        pair = entry if isinstance(entry, list | tuple) else (f"({index})", entry)
        if len(pair) != 2:
            raise _wrong("A formula with a name is a pair of the two")
        found.append((pair[0], pair[1]))
    return tuple(found)


def _listed(names: object, role: str) -> tuple[str, ...]:
    """Read one name or several; None is none."""
    if names is None or isinstance(names, str):
        return () if names is None else (names,)
    if not isinstance(names, Iterable):
        raise _wrong(f"`{role}` must be a column or a list of columns")
    return tuple(cast("Iterable[str]", names))  # `check` looks at each


def _wrong(fault: str) -> DisclosureError:
    return DisclosureError("model", f"{fault}; correct the model.")


def _check_words(model: Model) -> None:
    """Refuse words that are not from their lists, and names that are none."""
    for value, words, role in (
        (model.kind, KINDS, "kind"),
        (model.errors, (None, *ERRORS), "errors"),
        (model.ties, (None, *TIES), "ties"),
    ):
        if value not in words or not isinstance(value, str | None):
            raise _wrong(f"`{role}` must be one of {', '.join(str(word) for word in words if word)}")
    for name in model.other_columns():
        check_name(name, "column")
    for names in (model.absorb, model.strata):
        if len(names) > MAX_EFFECTS or len(set(names)) < len(names):
            raise _wrong(f"Absorb, or stratify by, at most {MAX_EFFECTS} columns, each once")
    if type(model.level) is not float or not 0 < model.level < 1:
        raise _wrong("`level` must be a number above 0 and below 1, such as 0.95")


def _check_equations(model: Model) -> None:
    if not 1 <= len(model.formula) <= MAX_EQUATIONS:
        raise _wrong(f"Give 1 to {MAX_EQUATIONS} formulas")
    for name, _ in model.formula:
        check_name(name, "model")
    if len({name for name, _ in model.formula}) < len(model.formula):
        raise _wrong("Two models have one name")


def _check_fit(model: Model, weight: str | None) -> None:
    """Refuse options that belong to another estimator."""
    is_cox = model.kind == "cox"
    for given, kind, sentence in (
        (model.absorb, "ols", "Effects are absorbed in OLS only"),
        (model.strata, "cox", "Only a Cox model has strata"),
        (model.ties, "cox", "Only a Cox model treats ties"),
        (model.event, "cox", "Only a Cox model has an event"),
        (model.exposure, "poisson", "Only a Poisson model has an exposure"),
    ):
        if given and model.kind != kind:
            raise _wrong(sentence)
    if is_cox and model.event is None:
        raise _wrong("A Cox model needs `event`, the column that says whether the time ended with one")
    if is_cox and weight is not None:
        raise DisclosureError("weight", "A Cox model is not weighted here; leave the weights out.")
    if (model.errors == "cluster") != (model.cluster is not None) and model.errors is not None:
        raise _wrong("Clustered errors need a cluster, and other errors take none")
    if model.errors in {"HC0", "HC1", "HC2", "HC3"} and is_cox:
        raise _wrong('The errors of a Cox model are "nonrobust" or "cluster"')
    if model.errors in {"HC2", "HC3"} and (model.kind != "ols" or len(model.absorb) > 1):
        raise _wrong('The errors "HC2" and "HC3" are for OLS with at most one absorbed effect; use "HC1"')
    if weight is not None and model.kind != "ols" and model.errors == "nonrobust":
        raise _wrong("Errors of a weighted model that is not OLS must be robust or clustered")


def _check_formula(model: Model, formula: Formula) -> None:
    """Refuse a response that the estimator does not take, and a response that explains itself."""
    response = formula.response
    if isinstance(response, Categories) and model.kind not in {"logit", "probit"}:
        raise _wrong(f"{factor_text(response)} can be explained by logit and probit only")
    if any(response in term for term in formula.terms):
        raise _wrong(f"{factor_text(response)[:60]} stands on both sides of its formula")
    if isinstance(response, Call) and model.kind == "cox":
        raise _wrong("The time of a Cox model is a column, not computed")
    if model.kind == "cox" and not formula.terms:
        raise _wrong("A Cox model needs something that explains; for a curve ask for survival")
