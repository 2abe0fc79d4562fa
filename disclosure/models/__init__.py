"""Models: OLS, logit, probit, Poisson and Cox, computed on the trusted side and judged by their design."""

from disclosure.models.model import Model

__all__ = ["Model"]
