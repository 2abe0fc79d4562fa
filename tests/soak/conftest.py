"""A furnished house for each long test."""

from tests.furnished import database, furnished, house

__all__ = ["database", "furnished", "house"]
