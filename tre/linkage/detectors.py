"""What must never stand in a payload: patterns of identifiers that people put where nobody expects them."""

from dataclasses import dataclass
from typing import Final

_VALUE: Final = "VALUE"
"""Stands for the value's SQL in the conditions below."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One pattern, searched anywhere in a value.

    Attributes:
        name: for the sentence.
        condition: SQL over the word VALUE.
        source: where the shape is defined.
    """

    name: str
    condition: str
    source: str

    def sql(self, value: str) -> str:
        """Return the condition over the SQL of a text."""
        # An underscore counts as a letter for \b, and people join codes with it.
        return self.condition.replace(_VALUE, f"replace({value}, '_', ' ')")


def _pattern(expression: str) -> str:
    return rf"regexp_matches({_VALUE}, '(?i)\b{expression}\b')"


def _nhs_condition() -> str:
    digits = "regexp_replace(number, '[^0-9]', '', 'g')"
    total = " + ".join(
        f"cast(substr({digits}, {place}, 1) as integer) * {11 - place}" for place in range(1, 10)
    )
    valid = f"(11 - ({total}) % 11) % 11 = cast(substr({digits}, 10, 1) as integer)"
    numbers = rf"regexp_extract_all({_VALUE}, '\b[0-9]{{3}}[ -]?[0-9]{{3}}[ -]?[0-9]{{4}}\b')"
    return f"len(list_filter({numbers}, lambda number: {valid})) > 0"


NHS_NUMBER: Final = Detector(
    "an NHS number", _nhs_condition(), "NHS Data Dictionary, NHS NUMBER: ten digits with a modulus 11 check"
)
"""The one identifier that may also hide in a column of whole numbers."""

DETECTORS: Final = (
    Detector(
        "a National Insurance number",
        _pattern("[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]"),
        "HM Revenue and Customs, National Insurance Manual, NIM39110",
    ),
    NHS_NUMBER,
    Detector(
        "a postcode",
        _pattern("[a-z]{1,2}[0-9][a-z0-9]? ?[0-9][abd-hjlnp-uw-z]{2}"),
        "British Standard BS 7666, form of a United Kingdom postcode",
    ),
    Detector(
        "an e-mail address",
        f"regexp_matches({_VALUE}, '[^@ ]+@[^@ ]+[.][A-Za-z]{{2,}}')",
        "RFC 5321, form of a mailbox",
    ),
    Detector(
        "a telephone number",
        rf"regexp_matches({_VALUE}, '(?:[+]44 ?(?:[(]0[)])? ?|\b0044 ?|\b0|[(]0)[1-9](?:[ ()-]{{0,2}}[0-9]){{8,9}}\b')",
        "Ofcom, National Telephone Numbering Plan: nine or ten digits after the 0",
    ),
    Detector(
        "a sort code with an account number",
        rf"regexp_matches({_VALUE}, '\b[0-9]{{2}}[- ]?[0-9]{{2}}[- ]?[0-9]{{2}}[ ,/:-]*[0-9]{{8}}\b')",
        "Pay.UK, form of a Bacs account: six and eight digits",
    ),
)
"""Every detector, in the order in which they are tried."""
