"""The three things that the machine may say of an output. By itself, so that rules can name them and load nothing else."""

from enum import Enum


class Verdict(Enum):
    """What the machine says; PASS is only ever earned."""

    PASS = "pass"  # noqa: S105  not a password
    REVIEW = "review"
    FAIL = "fail"
