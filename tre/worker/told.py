"""What the platform knows, in the shapes that a workspace is told it in."""

import math
from collections.abc import Mapping
from typing import Final, Literal

from disclosure.columns import label_columns
from disclosure.verdict import Verdict
from tre import wire
from tre.services import views
from tre.services.outputs.judging import Judged

VERDICTS: Final[Mapping[Verdict, Literal["PASS", "REVIEW", "FAIL"]]] = {
    Verdict.PASS: "PASS",
    Verdict.REVIEW: "REVIEW",
    Verdict.FAIL: "FAIL",
}


def check_answer(judged: Judged, *, is_claim: bool) -> wire.CheckAnswer:
    """Write a judgement in the agreed shape; a table whose values are its author's claim never passes."""
    report = judged.report
    passes = report.verdict is Verdict.PASS
    verdict = Verdict.REVIEW if is_claim and passes else report.verdict
    cells, by = report.cells, list(label_columns(report.statistic))
    labels = [tuple(map(_scalar, row)) for row in cells[by].itertuples(index=False, name=None)]
    findings = tuple(
        wire.FindingShape(
            rule=each.rule, sentence=each.sentence, cells=tuple(labels[cell] for cell in each.cells)
        )
        for each in report.findings
    )
    rows = tuple(tuple(_scalar(value) for value in row) for row in cells.itertuples(index=False, name=None))
    columns, drawn = tuple(map(str, cells.columns)), judged.drawn
    picture = None if drawn is None else wire.DrawnShape(svg=drawn.svg, alternative=drawn.alternative)
    return wire.CheckAnswer(
        verdict=VERDICTS[verdict], findings=findings, columns=columns, rows=rows, drawn=picture
    )


def _scalar(value: object) -> wire.Scalar:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return plain if isinstance(plain, bool | int | float | str) or plain is None else str(plain)


def account_shape(line: views.View) -> wire.Account:
    """Write a balance in the agreed shape."""
    kind, _, name = str(line["account"]).partition(":")
    amounts = {
        key: int(str(line[key]))
        for key in ("cap", "spent", "reserved", "remaining", "exact_releases", "exact_cells")
    }
    return wire.Account(kind=kind, name=name, **amounts)


def price_answer(precision: str, found: views.View) -> wire.PriceAnswer:
    """Write an outlook of `tre.services.outputs.pricing` in the agreed shape."""
    return wire.PriceAnswer.model_validate(
        {
            "precision": precision,
            "rho": found["nano_rho"],
            "epsilon": found["epsilon"],
            "delta": found["delta"],
            "half_widths": found["half_width_95"],
            "remaining": found["remaining_after"],
            "relative_errors": _by_text(found["relative_error_95"]),
            "affordable": found["affordable"],
            "exact_left": found["exact_left"],
        }
    )


def _by_text(errors: object) -> dict[str, dict[str, object]]:
    """JSON has texts for keys."""
    tables = errors.items() if isinstance(errors, Mapping) else ()
    return {str(name): {str(size): value for size, value in table.items()} for name, table in tables}
