"""Claimed estimates: coefficients that an author computed by any estimator, judged by the design handed over with them."""

from disclosure.claimed.asked import Claims

__all__ = ["Claims"]
