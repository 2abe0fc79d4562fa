"""A protected table is compared with what was released before, cell by cell and sum by sum."""

import pandas as pd

from disclosure import Policy, Statistic, Verdict, assess, protect

STANDARD = Policy.preset("standard")


def people() -> pd.DataFrame:
    """Two years of 40 and 48 people; eight in one cell."""
    sizes = {(2010, "G"): 20, (2010, "R"): 20, (2011, "G"): 40, (2011, "R"): 8}
    rows = [(year, kind) for (year, kind), size in sizes.items() for _ in range(size)]
    return pd.DataFrame(rows, columns=["year", "kind"]).reset_index(names="person")


def table(*by: str) -> Statistic:
    return Statistic.table("d", by=list(by), unit="person", margins=False)


def test_a_protected_table_that_an_earlier_total_gives_away_fails():
    total = assess(table("year"), people(), STANDARD)
    assert total.verdict is Verdict.PASS
    inner = assess(table("year", "kind"), people(), STANDARD)
    safe = protect(inner, released=[total.released("total")])
    assert safe.report.verdict is Verdict.FAIL
    assert "differencing" in {finding.rule for finding in safe.report.findings}


def test_a_protected_table_that_no_earlier_total_gives_away_is_left_to_a_person():
    unrelated = assess(
        Statistic.table("d", by=["kind"], unit="person", margins=False, where="year == 2010"),
        people(),
        STANDARD,
    )
    inner = assess(table("year", "kind"), people(), STANDARD)
    safe = protect(inner, released=[unrelated.released("unrelated")])
    assert safe.report.verdict is Verdict.REVIEW
