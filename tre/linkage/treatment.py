"""The contract's treatments as SQL over one column of the source: what turns a raw column into payload."""

from typing import Final

from tre.domain.contracts import ColumnType, Contract, Derived, Identifier, Kind, Payload, Rule
from tre.domain.published import Levels, band_labels
from tre.domain.regions import NOT_KNOWN, REGION_OF_AREA
from tre.linkage.source_table import literal, quoted

OLDEST: Final = 120
"""Age in whole years above which a date of birth is taken for a mistake; the oldest verified age in the UK is 115."""

_PHYSICAL: Final = {
    ColumnType.STRING: "varchar",
    ColumnType.INTEGER: "bigint",
    ColumnType.DECIMAL: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
}


def identifier_sql(column: Identifier) -> str:
    """Return an identifier as trimmed text; an empty one is missing."""
    return f"nullif(trim(cast({quoted(column.name)} as varchar)), '') as {quoted(column.kind)}"


def payload_sql(column: Payload) -> str:
    """Return a payload column after its treatment."""
    value = _value(column.name, column.type)
    treatment = column.treatment
    if treatment.band:
        value = _banded(value, treatment.band, whole=column.type is ColumnType.INTEGER)
    if treatment.month:
        value = f"strftime({value}, '%Y-%m')"
    if treatment.top_code is not None:
        value = f"case when {value} > {treatment.top_code} then {treatment.top_code} else {value} end"
    if treatment.round_to is not None:
        value = f"cast(round(({value}) / {treatment.round_to}) * {treatment.round_to} as {_PHYSICAL[column.type]})"
    return f"{value} as {quoted(column.name)}"


def derived_sql(column: Derived, contract: Contract) -> str:
    """Return a payload column made from an identifier; what cannot be understood becomes `NOT_KNOWN`."""
    match column.rule:
        case Rule.REGION:
            value = _region(quoted(contract.column_of(Kind.POSTCODE)))
        case Rule.SEX:
            value = _sex(quoted(contract.column_of(Kind.SEX)), column.published)
        case Rule.AGE_BAND:
            value = _age_band(quoted(contract.column_of(Kind.DOB)), column, contract)
    return f"{value} as {quoted(column.name)}"


def _value(name: str, kind: ColumnType) -> str:
    cast = f"cast({quoted(name)} as {_PHYSICAL[kind]})"
    # NaN is larger than every number to the engine and would be top-coded; it means missing.
    return f"nullif({cast}, 'nan'::double)" if kind is ColumnType.DECIMAL else cast


def _banded(value: str, edges: tuple[int, ...], *, whole: bool) -> str:
    labels = band_labels(edges, whole=whole)
    cases = " ".join(
        f"when {value} < {edge} then {literal(label)}" for edge, label in zip(edges, labels, strict=False)
    )
    return f"case when {value} is null then null {cases} else {literal(labels[-1])} end"


def _region(postcode: str) -> str:
    area = rf"regexp_extract(upper(replace({postcode}, ' ', '')), '^([A-Z]{{1,2}})[0-9]', 1)"
    cases = " ".join(
        f"when {literal(area_letters)} then {literal(region)}"
        for area_letters, region in REGION_OF_AREA.items()
    )
    return f"case {area} {cases} else {literal(NOT_KNOWN)} end"


def _sex(column: str, levels: Levels) -> str:
    female, male = (literal(str(value)) for value in levels.values[:2])
    return (
        f"case upper(trim(cast({column} as varchar))) when 'F' then {female} when 'FEMALE' then {female}"
        f" when 'M' then {male} when 'MALE' then {male} else {literal(NOT_KNOWN)} end"
    )


def _age_band(column: str, derived: Derived, contract: Contract) -> str:
    born = f"try_cast({column} as date)"
    today = f"date {literal(contract.reference_date.isoformat())}"
    age = f"datesub('year', {born}, {today})"
    banded = _banded(age, derived.edges, whole=True)
    known = f"{born} <= {today} and {age} <= {OLDEST}"
    return f"case when {known} then {banded} else {literal(NOT_KNOWN)} end"
