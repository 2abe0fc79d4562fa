"""Reading a data contract from TOML: all faults at once."""

from enum import StrEnum

from tre.domain.contracts.model import (
    READS,
    ROW_KEY,
    SEX_LEVELS,
    ColumnClass,
    ColumnType,
    Contract,
    Derived,
    Identifier,
    Kind,
    Payload,
    Rule,
    Treatment,
)
from tre.domain.declared import Section, document, finish
from tre.domain.published import Bounds, Levels, Published, band_labels, months, read_published
from tre.domain.regime import Regime
from tre.domain.regions import NOT_KNOWN, REGIONS


def parse_contract(text: str, name: str = "contract") -> Contract:
    """Read a data contract.

    Args:
        text: TOML.
        name: what people call the file, for the error's sentence.

    Raises:
        Faulty: every fault at once, each under its key.
    """
    root, faults = document(text, "contract", name)
    columns = [_column(column, section) for column, section in root.named_sections("columns").items()]
    derived = root.named_sections("derived", required=False)
    contract = Contract(
        dataset=_slug(root, "dataset"),
        title=root.text("title"),
        owner=root.text("owner"),
        unit=root.text("unit"),
        reference_date=root.day("reference_date"),
        adults_only=root.flag("adults_only", default=False),
        identifiers=tuple(each for each in columns if isinstance(each, Identifier)),
        payload=tuple(each for each in columns if isinstance(each, Payload)),
        derived=tuple(_derived(column, section) for column, section in derived.items()),
        refused=tuple(each for each in columns if isinstance(each, str)),
        regime=root.choice("regime", Regime, Regime.EITHER),
    )
    _check_whole(root, contract)
    root.close()
    finish(faults, "contract", name)
    return contract


def _column(name: str, section: Section) -> Identifier | Payload | str:
    """Read one column; of a refused one only the name is kept."""
    column: Identifier | Payload | str = name
    place = section.choice("class", ColumnClass)
    if place is ColumnClass.IDENTIFIER:
        column = _identifier(name, section)
    elif place is ColumnClass.PAYLOAD:
        column = _payload(name, section)
    else:
        section.text("because")
    section.close()
    return column


def _slug(section: Section, key: str) -> str:
    value = section.text(key)
    if value and not (value.isascii() and value.isidentifier() and value.islower()):
        section.fault(key, "must be a lower-case word of letters, digits and underscores")
    return value


def _identifier(name: str, section: Section) -> Identifier:
    kind = section.choice("kind", Kind)
    return Identifier(name, kind, section.choice("type", ColumnType, ColumnType.STRING))


def _payload(name: str, section: Section) -> Payload:
    kind = section.choice("type", ColumnType)
    treatment = _treatment(section, kind)
    whole = kind is ColumnType.INTEGER
    if treatment.band:
        published: Published = Levels(band_labels(treatment.band, whole=whole), section.text("source"))
    elif kind is ColumnType.BOOLEAN:
        published = Levels((False, True), section.text("source"))
    elif treatment.month:
        published = Levels(months(section), section.text("source"))
    else:
        published = read_published(section, wants_levels=kind is ColumnType.STRING)
    if isinstance(published, Bounds) and (treatment.top_code or 0) > published.upper:
        section.fault("top_code", "must not lie above `upper`")
    return Payload(name, kind, treatment, published)


def _treatment(section: Section, kind: ColumnType) -> Treatment:
    numeric = kind in {ColumnType.INTEGER, ColumnType.DECIMAL}
    for key in ("band", "top_code", "round"):
        if section.has(key) and not numeric:
            section.fault(key, "is for integer and decimal columns only")
    month = section.has("treatment")
    if month:
        section.choice("treatment", _Month)
    if month is not (kind is ColumnType.DATE):
        section.fault("treatment", 'a date travels as its month: write treatment = "month", on dates only')
    return Treatment(
        band=section.integers("band") if section.has("band") else (),
        month=month,
        top_code=section.integer("top_code") if section.has("top_code") else None,
        round_to=section.integer("round", least=1) if section.has("round") else None,
    )


class _Month(StrEnum):
    MONTH = "month"


def _derived(name: str, section: Section) -> Derived:
    rule = section.choice("rule", Rule)
    edges = section.integers("band") if rule is Rule.AGE_BAND else ()
    levels: dict[Rule, tuple[str, ...]] = {
        Rule.REGION: REGIONS,
        Rule.AGE_BAND: band_labels(edges, whole=True) if edges else (),
        Rule.SEX: SEX_LEVELS,
    }
    source = section.text("source")
    section.close()
    return Derived(name, rule, edges, Levels((*levels[rule], NOT_KNOWN), source))


def _check_whole(root: Section, contract: Contract) -> None:
    kinds = [each.kind for each in contract.identifiers]
    if kinds.count(Kind.RECORD_ID) != 1:
        root.fault("columns", "exactly one column must be an identifier of kind record_id")
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1} - {Kind.RECORD_ID}):
        root.fault("columns", f"two columns are of kind {kind}; the identifier half has one place for it")
    names = [field.name for field in contract.fields]
    if not names:
        root.fault("columns", "no payload column is declared; a source without payload is not needed here")
    # The engine takes names without regard to case, and keeps `split_` for its own columns.
    folded = [name.casefold() for name in names]
    for name in names:
        if folded.count(name.casefold()) > 1 or name.casefold() == ROW_KEY:
            root.fault(f"columns.{name}", "this name is taken in the payload half; choose another")
    for name in contract.source_types:
        if name.casefold().startswith("split_"):
            root.fault(
                f"columns.{name}", "a name must not begin with split_; rename the column at the source"
            )
    for each in contract.derived:
        if READS[each.rule] not in kinds:
            root.fault(f"derived.{each.name}.rule", f"needs an identifier column of kind {READS[each.rule]}")
