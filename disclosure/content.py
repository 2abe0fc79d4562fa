"""What a column of a report's table holds."""

from enum import Enum


class Content(Enum):
    """What a column of the table holds.

    A LEVEL is a label or None, a COUNT a whole number of at least nought, a NUMBER a double or not a number.
    """

    LEVEL = "level"
    COUNT = "count"
    NUMBER = "number"
    FLAG = "flag"
    RULES = "rules"
