"""Associations: measures and tests of two columns, judged by the people behind each part that they imply."""

from disclosure.association.asked import Association

__all__ = ["Association"]
