"""What a noisy table would cost and how near it would be, as a researcher sees it before anything is spent."""

from dataclasses import dataclass
from html import escape

from tre.wire import PriceAnswer


@dataclass(frozen=True, slots=True)
class Price:
    """A price. Nothing was asked of the data, and nothing is spent.

    Attributes:
        answer: what the platform said.
    """

    answer: PriceAnswer

    @property
    def rho(self) -> int:
        """The cost, in nano-rho."""
        return self.answer.rho

    @property
    def epsilon(self) -> float:
        """The same in epsilon, at `delta`."""
        return self.answer.epsilon

    @property
    def delta(self) -> float:
        """The published delta."""
        return self.answer.delta

    @property
    def half_widths(self) -> dict[str, float]:
        """Per column, half the width of its 95% interval, in its own unit."""
        return self.answer.half_widths

    @property
    def relative_errors(self) -> dict[str, dict[int, float]]:
        """Per column, the half-width over the value, by how many people stand in the cell."""
        known = self.answer.relative_errors.items()
        return {name: {int(size): error for size, error in errors.items()} for name, errors in known}

    @property
    def remaining(self) -> dict[str, int]:
        """What edition, population and project would still hold, in nano-rho."""
        return self.answer.remaining

    @property
    def affordable(self) -> bool:
        """Has every account that much left?"""
        return self.answer.affordable

    def __repr__(self) -> str:
        return "\n".join(self._sentences())

    def _repr_html_(self) -> str:
        sizes = sorted({size for errors in self.relative_errors.values() for size in errors})
        heads = ["column", "95% interval", *(f"{size:,} people" for size in sizes)]
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>± {half_width:,.4g}</td>'
            + "".join(f"<td>{_share(self.relative_errors.get(name, {}), size)}</td>" for size in sizes)
            + "</tr>"
            for name, half_width in self.half_widths.items()
        )
        head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in self._sentences()[:2])
        caption = "How near, and in relation to cells of so many people"
        return (
            f"{said}<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def _sentences(self) -> list[str]:
        left = ", ".join(f"{account} {amount:,}" for account, amount in self.remaining.items())
        spent_up = any(left < 1 for left in self.answer.exact_left.values())
        exact = " No exact release is left: noise is the way, or a higher cap." if spent_up else ""
        lacking = "" if self.affordable else " An account has not enough left."
        return [
            f"{self.answer.precision}: {self.rho:,} nano-rho (epsilon {self.epsilon:.4g} at delta {self.delta:.3g}).",
            f"Left afterwards, in nano-rho: {left}.{lacking}{exact}",
            *(f"{name}: ± {half_width:,.4g} (95%)" for name, half_width in self.half_widths.items()),
        ]


def _share(errors: dict[int, float], size: int) -> str:
    return f"{errors[size]:.1%}" if size in errors else ""
