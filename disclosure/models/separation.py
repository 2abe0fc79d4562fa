"""Whether a mixture of columns tells the response without error, so that the likelihood has no maximum.

The test of Albert and Anderson (Biometrika 71, 1984) and Santos Silva and Tenreyro (Economics Letters 107, 2010) as
one linear programme.
"""

from typing import Final

import numpy as np
from scipy import optimize

from disclosure.models.design import Design
from disclosure.models.factors import Doubles

APART: Final = 1e-7
"""Columns of about unit size tell rows apart when a mixture with weights of at most one does so by more than this."""


def is_separated(kind: str, design: Design, scaled: Doubles) -> bool:
    """Whether some mixture of columns is never on the wrong side of any row, and on the right side of one.

    Args:
        kind: "logit", "probit" or "poisson".
        design: the design.
        scaled: its matrix, columns scaled to about unit size.
    """
    response = design.response
    towards = np.where(response > 0, 1.0, -1.0)[:, None] * scaled
    fixed = scaled[response > 0] if kind == "poisson" else None
    free = towards[response == 0] if kind == "poisson" else towards
    if not len(free):
        return False
    found = optimize.linprog(
        -free.sum(axis=0),
        A_ub=-free,
        b_ub=np.zeros(len(free)),
        A_eq=fixed if fixed is not None and len(fixed) else None,
        b_eq=np.zeros(len(fixed)) if fixed is not None and len(fixed) else None,
        bounds=(-1, 1),
        method="highs",
    )
    # a programme that cannot be solved proves nothing: the maximum is then judged by its slope alone
    return bool(found.status == 0 and -found.fun > APART)
