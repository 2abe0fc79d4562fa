"""Fitted models put together by hand, so that a rule can be asked about any design."""

import numpy as np

from disclosure.models.design import Column, Design
from disclosure.models.fit import Fit
from disclosure.models.formula import Name
from disclosure.models.remark import Judged
from disclosure.models.units import Units

CONSTANT = Column("Intercept", (), is_dummy=True)


def dummy(name):
    """Return a column of two values of a term."""
    return Column(name, (Name(name),), is_dummy=True)


def numeric(name):
    """Return a column of many values of a term."""
    return Column(name, (Name(name),), is_dummy=False)


def codes(*sizes):
    """Return groups of these sizes, one after the other."""
    return np.repeat(np.arange(len(sizes)), sizes)


def model(response, columns=((CONSTANT, None),), *, kind="ols", units=None, noun="units", **more):
    """Return a fitted model of some columns; a column without values is the constant.

    Args:
        response: what is explained.
        columns: pairs of a column and its values.
        kind: the estimator.
        units: the units of rows, level by level; each row is one where none are named.
        noun: what a unit is called.
        more: parts of the design and of the fit that are not as usual.
    """
    response = np.asarray(response, dtype=np.float64)
    size = len(response)
    values = [np.ones(size) if found is None else np.asarray(found, dtype=float) for _, found in columns]
    matrix = np.column_stack(values) if values else np.zeros((size, 0))
    design = Design(
        rows=np.arange(size),
        response=response,
        matrix=matrix,
        columns=tuple(column for column, _ in columns),
        cells=more.pop("cells", ()),
        weight=more.pop("weight", None),
        effects=more.pop("effects", ()),
        cluster=None,
        strata=None,
        event=more.pop("event", None),
        exposure=None,
    )
    estimate = np.ones(matrix.shape[1])
    fitted = {
        "residual_degrees": size - matrix.shape[1],
        "working": matrix,
        "deviations": np.ones(size),
    } | more
    fit = Fit(design, estimate, np.eye(len(estimate)), None, facts=(), **fitted)
    levels = (np.arange(size),) if units is None else tuple(np.asarray(found) for found in units)
    return Judged(kind, fit, Units(levels), noun)
