"""An answered question as it is kept and shown: one record for the page, its exports, and the API's evidence."""

from __future__ import annotations

from typing import Any

from agent.errors import CaibaoError
from agent.records import QueryResult, Trace
from agent.table.database import Database
from agent.telling.provenance import formula_lines, source_rows
from agent.telling.readable import is_figure, with_round
from agent.telling.trace import as_json, steps
from agent.writing.memory import Memory

KEPT_ROWS = 500  # of a table; what was cut off is said


def as_told(trace: Trace, database: Database, readings: tuple[str, ...] = ()) -> dict[str, Any]:
    """answer and plain: with and without round figures; sure: 0 to 1 or None; table: see `table`; the rest as `as_json`."""
    row = as_json(trace)
    resolved = trace.question.text if trace.question.original else ""
    return {
        "answer": with_round(trace.answer.text),
        "plain": trace.answer.text,
        "kind": trace.answer.kind,
        "resolved": resolved,
        "sure": row.get("sure"),
        "readings": list(readings),
        "steps": [list(step) for step in steps(trace)],
        "sql": row["sql"],
        "parameters": row["parameters"] or {},
        "table": table(_rows(trace, database)),
        "sources": [{"file": s.file, "page": s.page, "section": s.section} for s in trace.answer.sources],
        "formulas": list(formula_lines(trace)),
        "notes": row["notes"],
        "chart": chart(trace),
        "seconds": row["seconds"],
        "approvable": approvable(trace),
    }


def approvable(trace: Trace) -> bool:
    """Whether its statement can be remembered."""
    try:
        return bool(Memory().pair(trace))
    except CaibaoError:
        return False


def chart(trace: Trace) -> dict[str, Any] | None:
    """The chart of an answer as data, drawn by static/chart.js: {"options": of ECharts, "title": for screen readers}.

    This is the one place where charts come in; nothing chooses any yet.
    """
    return None


def _rows(trace: Trace, database: Database) -> QueryResult | None:
    """The source rows, key first, where there are such; what the answer was made of otherwise."""
    try:
        return source_rows(trace, database) or trace.answer.evidence
    except CaibaoError:  # the answer stands without them
        return trace.answer.evidence


def table(result: QueryResult | None) -> dict[str, Any] | None:
    """columns; rows: exact texts, None for what is empty; figures: which cells are numbers; total, cut: rows found, whether any
    are missing here."""
    if result is None or not result.rows:
        return None
    rows = result.rows[:KEPT_ROWS]
    return {
        "columns": list(result.columns),
        "rows": [[None if v is None else f"{v:f}" if hasattr(v, "as_tuple") else str(v) for v in row] for row in rows],
        "figures": [[is_figure(name, v) for name, v in zip(result.columns, row)] for row in rows],
        "total": len(result.rows),
        "cut": result.truncated or len(result.rows) > KEPT_ROWS,
    }
