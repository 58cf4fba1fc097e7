"""A trace as JSON: the one rendering that the batch writes, benchmarks read, and any other program is given; its steps in words."""

from __future__ import annotations

import math
from typing import Any

from agent.records import Candidate, Classification, Trace


def as_json(trace: Trace, steps: bool = True) -> dict[str, Any]:
    """Question and answer; steps: with everything that led to it."""
    row: dict[str, Any] = {"id": trace.question.id, "question": trace.question.text, "answer": trace.answer.text}
    return row | _read(trace) | _placed(trace) | (_steps(trace) if steps else {})


def _placed(trace: Trace) -> dict[str, Any]:
    """Of an answer from a report: its kind and the places that it stands on."""
    sources = [{"file": s.file, "page": s.page, "section": s.section} for s in trace.answer.sources]
    silent = trace.answer.kind == "not_disclosed"
    return {"kind": trace.answer.kind, "sources": sources} if sources or silent else {}


def _read(trace: Trace) -> dict[str, Any]:
    """How the question was read as a statement: kind of answer, how sure, and of an unclear one what may be meant."""
    understood = trace.understood
    if understood is None:
        return {}
    row = {"kind": trace.answer.kind, "sure": round(understood.sure, 4)}
    return row | ({"readings": list(understood.readings)} if understood.kind == "unclear" else {})


def _margin(decided: Classification | Candidate | None) -> float | None:
    """None where there was no other way."""
    return round(decided.margin, 4) if decided and decided.margin < math.inf else None


def _steps(trace: Trace) -> dict[str, Any]:
    evidence = trace.answer.evidence
    return {
        "kind": trace.answer.kind,
        "class": trace.classification.label if trace.classification else None,
        "confidence": round(trace.classification.confidence, 4) if trace.classification else None,
        "margin": _margin(trace.classification),
        "keywords": list(trace.keywords.terms) if trace.keywords else None,
        "columns": [{"text": c.text, "column": c.column, "decided_by": c.decided_by} for c in trace.keywords.columns]
        if trace.keywords
        else None,
        "masked": trace.masked,
        "model_sql": trace.model_sql,
        "sql": trace.sql.text if trace.sql else None,
        "parameters": {k: str(v) for k, v in trace.sql.parameters.items()} if trace.sql else None,
        "decided_by": trace.sql.written_by if trace.sql else None,
        "sql_confidence": round(trace.sql.confidence, 4) if trace.sql else None,
        "sql_margin": _margin(trace.sql.source) if trace.sql else None,
        "evidence": {
            "columns": list(evidence.columns),
            "rows": [[None if v is None else str(v) for v in row] for row in evidence.rows],
        }
        if evidence
        else None,
        "notes": list(trace.notes),
        "seconds": round(trace.seconds, 3),
    }


def steps(trace: Trace) -> list[tuple[str, str]]:
    """Every step of one question: its name, what it found."""
    told = [("问题", trace.question.text)]
    if trace.question.original:
        told = [("问题", trace.question.original), ("理解为", trace.question.text)]
    if trace.entities:
        found = "、".join(f"{m.text or '（默认）'}→{m.value}" for m in trace.entities.mentions)
        told.append(("识别", found or "无"))
    if (found_class := trace.classification) is not None:
        told.append(
            ("分类", f"{found_class.label}（{found_class.confidence:.1%}，decided_by: {found_class.decided_by}）")
        )
    if trace.keywords:
        told.append(("关键词", "、".join(trace.keywords.terms) or "无"))
        columns = "、".join(f"{c.text}→{c.column}（decided_by: {c.decided_by}）" for c in trace.keywords.columns)
        told.append(("字段", columns or "无"))
    if trace.masked:
        told += [("替换后", trace.masked), ("模型的语句", trace.model_sql or "")]
    if trace.understood:
        told.append(("把握", f"{trace.understood.sure:.0%}"))
    if trace.sql:
        rank = f"，第{trace.sql.rank}个写法" if trace.sql.rank > 1 else ""
        by = f"decided_by: {trace.sql.written_by}{rank}，把握{trace.sql.confidence:.0%}"
        told.append(("执行SQL", f"{trace.sql.text}（{by}）"))
    return [*told, *(("说明", note) for note in trace.notes), ("用时", f"{trace.seconds:.2f}秒")]
