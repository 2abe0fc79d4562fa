"""Models: OLS, logit, probit, Poisson and Cox, computed on the trusted side and judged by their design."""
