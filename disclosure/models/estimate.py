"""From a design to a fitted model, or to the reason why there is none."""

from disclosure.errors import DisclosureError
from disclosure.models.design import Design
from disclosure.models.fit import Fit
from disclosure.models.formula import term_text
from disclosure.models.model import Model
from disclosure.models.rank import repeated
from disclosure.models.within import effects_count, without_effects


def estimate(model: Model, design: Design, errors: str) -> Fit:
    """Fit one model.

    Args:
        model: what is asked.
        design: the design of one of its formulas.
        errors: how errors are computed.

    Raises:
        DisclosureError: "degrees": no degree of freedom is left, or there is one cluster; "rank": columns repeat
            each other; "separation", "not_converged": there are no estimates.
    """
    _check_size(model, design, errors)
    matrix = without_effects(design.matrix, design.effects, design.weight)
    strata = () if design.strata is None else (design.strata,)
    apart = without_effects(matrix, strata, None)
    terms = dict.fromkeys(term_text(design.columns[place].term) for place in repeated(design.matrix, apart))
    if terms:
        beside = " or of absorbed effects or strata" if design.effects or strata else ""
        raise DisclosureError(
            "rank",
            f"Columns of {', '.join(terms)[:120]} are mixtures of other columns{beside} in these rows, so their "
            "coefficients have no meaning; leave them out, or combinations that do not occur.",
        )
    # the estimators are slow to import
    if model.kind == "ols":
        from disclosure.models.least_squares import least_squares  # noqa: PLC0415

        return least_squares(design, matrix, errors)
    if model.kind == "cox":
        from disclosure.models.hazard import hazard  # noqa: PLC0415

        return hazard(design, model.ties or "efron", errors)
    from disclosure.models.choice import choice  # noqa: PLC0415

    return choice(model.kind, design, errors)


def _check_size(model: Model, design: Design, errors: str) -> None:
    """Refuse designs that leave nothing to estimate an error from."""
    parameters = design.matrix.shape[1] + effects_count(design.effects)
    rows = len(design.response) if design.event is None else int(design.event.sum())
    noun = "rows" if model.kind != "cox" else "events"
    if not design.matrix.shape[1]:
        raise DisclosureError(
            "degrees", "Nothing is left to estimate beside the absorbed effects; add a term."
        )
    if rows <= parameters:
        raise DisclosureError(
            "degrees",
            f"There are not more {noun} than parameters, so nothing can be estimated; use a simpler model.",
        )
    if errors == "cluster" and design.cluster is not None and not design.cluster.max():
        raise DisclosureError(
            "degrees", "Errors cannot be clustered when all rows are one cluster; name another column."
        )
