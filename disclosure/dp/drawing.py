"""The noisy release in three steps, so that a ledger can charge between them: plan, aggregate, draw.

The exact vectors exist between `aggregate` and `draw` only. They cannot be printed, copied to another process or
written; whatever fails after the plan is one constant error, because its cause could tell something of a person.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

from disclosure.dp.answer import Answer
from disclosure.dp.bounding import bounded_rows
from disclosure.dp.counting import cells_query, queries_of
from disclosure.dp.design import design_of
from disclosure.dp.dictionary import Dictionary
from disclosure.dp.engine import Data, answered, opened, shape_of, vectors_of
from disclosure.dp.exact import Number
from disclosure.dp.planning import Plan, plan
from disclosure.dp.printing import printed
from disclosure.dp.regression.moments import moments_of, products_query
from disclosure.dp.sampling import draw_all
from disclosure.errors import DisclosureError
from disclosure.models import Model
from disclosure.statistic import Statistic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


class Digested(Protocol):
    """A plan of any kind: all that `Vectors` asks of it is which it is."""

    @property
    def digest(self) -> str:
        """Name of exactly this plan."""
        ...


class Vectors:
    """Exact integer vectors of one plan, closed to print, copy and file."""

    __slots__ = ("_exact", "_plan_digest")

    def __init__(self, exact: "tuple[NDArray[np.int64], ...]", plan_digest: str) -> None:
        self._exact = exact
        self._plan_digest = plan_digest

    def __repr__(self) -> str:
        return "<exact vectors, not shown>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Exact vectors cannot be copied or stored; draw from them where they are.")

    def of(self, asked: Digested) -> "tuple[NDArray[np.int64], ...]":
        """The vectors, for the plan that they were made for.

        Raises:
            DisclosureError: `plan` for another plan, whose noise could be too small for them.
        """
        if asked.digest != self._plan_digest:
            raise DisclosureError(
                "plan", "These vectors belong to another plan; aggregate again for this one."
            )
        return self._exact


def aggregate(
    plan: Plan, data: Data, *, bounded: bool = False, projection_key: bytes | None = None
) -> Vectors:
    """Bound each unit's rows and sum them over the public cells, exactly.

    Args:
        plan: what is asked.
        data: a path, a pandas or Arrow table, or a DuckDB relation.
        bounded: True when the data come from `materialise` with this dictionary.
        projection_key: secret of the edition that decides which rows of a unit stay; None draws a fresh one.

    Raises:
        DisclosureError: `mechanism_failed`, always with the same sentence.
    """

    def exact() -> "tuple[NDArray[np.int64], ...]":
        with opened(data) as rows:
            shape = shape_of(rows)
            kept = bounded_rows(plan.dictionary, shape, bounded=bounded, projection_key=projection_key)
            if isinstance(plan.statistic.asks, Model):
                design = design_of(plan.statistic.asks, plan.dictionary)
                products = answered(rows, products_query(plan, design, kept))
                return (moments_of(products.fetchnumpy(), design),)
            found: dict[int, NDArray[np.int64]] = {}
            for query in queries_of(plan):
                answer = answered(rows, cells_query(plan, query, kept))
                found |= zip(query.places, vectors_of(answer, len(query.vectors)), strict=True)
            return tuple(found[place] for place in sorted(found))

    return Vectors(quietly(exact), plan.digest)


def draw(plan: Plan, vectors: Vectors) -> Answer:
    """Add fresh noise, once, and lay the answer out. Each call is a new release and must be charged.

    Raises:
        DisclosureError: `plan` when the vectors belong to another plan; `mechanism_failed`.
    """
    exact = vectors.of(plan)
    noisy = quietly(lambda: draw_all(plan.noises, exact))
    return printed(plan, noisy)


def release(  # noqa: PLR0913  the words of the contract, all but three by keyword
    stat: Statistic,
    data: Data,
    dictionary: Dictionary,
    *,
    rho: Number | None = None,
    epsilon: Number | None = None,
    mechanism: str = "gaussian",
    bounded: bool = False,
    projection_key: bytes | None = None,
) -> Answer:
    """Plan, aggregate and draw at once. The caller charges `answer.spend`, best before, by `plan`.

    Raises:
        DisclosureError: as `plan`, by question and dictionary alone; else `mechanism_failed`.
    """
    made = plan(stat, dictionary, rho=rho, epsilon=epsilon, mechanism=mechanism)
    return draw(made, aggregate(made, data, bounded=bounded, projection_key=projection_key))


def materialise(data: Data, dictionary: Dictionary, path: Path, *, projection_key: bytes) -> None:
    """Write the rows that count as Parquet, once per edition: later `aggregate(..., bounded=True)` is fast.

    Raises:
        DisclosureError: `mechanism_failed`; a file begun may stay behind.
    """

    def written() -> None:
        with opened(data) as rows:
            kept = bounded_rows(dictionary, shape_of(rows), bounded=False, projection_key=projection_key)
            answered(rows, kept).write_parquet(str(path))

    quietly(written)


def quietly(work: Callable[[], T]) -> T:
    """Do work; any fault becomes one constant error without a cause.

    Raises:
        DisclosureError: `mechanism_failed`.
    """
    results: list[T] = []
    try:
        results.append(work())
    except Exception:  # noqa: BLE001  the cause may hold a value of the data; nothing goes on, see below
        results.clear()
    if not results:
        raise DisclosureError(
            "mechanism_failed",
            "The noisy release could not be computed and nothing was released; ask the data owner to check the "
            "data against the dictionary.",
        )
    return results[0]
