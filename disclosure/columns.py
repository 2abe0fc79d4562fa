"""Which columns the table of a statistic has, known from the question alone."""

from disclosure.content import Content
from disclosure.statistic import Statistic


def contents(stat: Statistic) -> dict[str, Content]:
    """Return the table's columns in order: dimensions, what a kind adds, n, units, measures, judgement.

    Each measure has its rows and units beside it.
    """
    found = dict.fromkeys(stat.by, Content.LEVEL)
    found |= {} if stat.asks is None else stat.asks.contents()
    found |= {"n": Content.COUNT, "units": Content.COUNT}
    for measure in stat.measures:
        whole = measure.function == "count" and stat.weight is None
        found[measure.name] = Content.COUNT if whole else Content.NUMBER
        found |= {f"{measure.name}_n": Content.COUNT, f"{measure.name}_units": Content.COUNT}
    return found | {"unsafe": Content.FLAG, "rules": Content.RULES}


def label_columns(stat: Statistic) -> tuple[str, ...]:
    """Return the table's columns of labels: the dimensions, and a model's terms or the parts of a curve."""
    return tuple(name for name, content in contents(stat).items() if content is Content.LEVEL)
