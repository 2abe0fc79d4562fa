"""How an item is to leave: its protection and its chart."""

from typing import Annotated

from pydantic import Field

from tre.wire.shape import Name, Shape


class ProtectionShape(Shape):
    """How an exact table is protected before it leaves.

    Attributes:
        method: `suppress`, `drop_records`, or a rounding or `cell_key`, as `disclosure.protect` calls them.
        base: to what counts are rounded, or by how much a cell key may change them, in rows.
    """

    method: Name
    base: int | None = None


class ChartShape(Shape):
    """A chart that goes with a table.

    Attributes:
        kind: `bar`, `line`, `histogram`, `heatmap`, `forest` or `survival`.
        measure: which measure of the table is drawn; None for the first.
    """

    kind: Name
    measure: Name | None = None


class DrawnShape(Shape):
    """A chart as the platform drew it.

    Attributes:
        svg: the picture.
        alternative: what it shows, in words.
    """

    svg: Annotated[str, Field(max_length=8_000_000)]
    alternative: Annotated[str, Field(max_length=100_000)]
