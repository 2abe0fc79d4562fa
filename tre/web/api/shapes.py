"""What the API takes. Strict like every shape of the wire: nothing unknown, nothing converted."""

from typing import Literal

from tre.wire import ChartShape, Mode, Name, ProtectionShape, Sentence, Shape, StatisticText


class SignIn(Shape):
    """Name and password, for a personal token."""

    person: Name
    password: Sentence


class Asked(Shape):
    """A statistic, as the text of `Statistic.to_json()`."""

    statistic: StatisticText


class CheckAsked(Asked):
    """A statistic, and how its table is protected before it leaves."""

    protection: ProtectionShape | None = None


class PriceAsked(Asked):
    """A statistic and how precise it is to be: at most one of rho, epsilon and a precision of the menu."""

    rho: float | None = None
    epsilon: float | None = None
    precision: Name | None = None


class SubmissionAsked(Shape):
    """A request to release statistics.

    Attributes:
        mode: `noisy` or `exact`; where none is named, as the data's regime says.
        reason: why they must be exact, from the closed list; only with mode `exact`.
        run: the trusted run whose tables are asked about.
        again: the returned request that this is a new version of.
        items: statistics, each as the text of `Statistic.to_json()`.
        protection: how each of them is protected before it leaves; only with mode `exact`.
        chart: the chart that goes with each of them.
    """

    project: Name
    title: Name
    context: Sentence
    mode: Mode | None = None
    rho: float | None = None
    epsilon: float | None = None
    precision: Name | None = None
    reason: Name | None = None
    run: Name | None = None
    again: Name | None = None
    items: list[StatisticText]
    protection: ProtectionShape | None = None
    chart: ChartShape | None = None


class VoteAsked(Shape):
    """A vote.

    Attributes:
        manifest_digest: of the version that the voter has looked at, as the request shows it.
    """

    decision: Literal["approve", "return", "reject"]
    reason: Sentence
    manifest_digest: Name
