"""Drafts: what each witness makes of a question, grouped by what it returns, and every check that needs no person.

Witnesses are the prefixes (one or several trained with different seeds), which write SQL over surrogates, and the reader, which
writes a statement over slots: two models and two languages that can only be compared by what they return.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from agent.errors import CaibaoError, NotAnswerable
from agent.figures import schema
from agent.labelling.desk import KEPT_ROWS, Desk, Ran, key_of
from agent.labelling.records import Asked, Draft, Proposal
from agent.model import LanguageModel
from agent.pipeline import unanswerable
from agent.prompts import split_terms
from agent.reading import classify
from agent.reading.absent import unknown_group
from agent.reading.report_text import asks_for_narrative, beyond_a_year
from agent.records import Candidate, Classification, Entities, Masked
from agent.understanding.agreement import agrees
from agent.understanding.understand import UNREAD, Understanding, Understood
from agent.writing import nl2sql
from agent.writing.surrogates import mask

WRITTEN = 4  # statements of each witness that are looked at
SHOWN = 4  # results that a person chooses among
_LEAST = 0.02  # probability below which a statement is not worth a person's look
_CLEAR_MARGIN = 1.5  # of the class, in log-probability (see agent.pipeline.UNSURE)
READER = "阅读模型"


@dataclass
class _Work:
    """One question on its way: what each witness among the prefixes has found."""

    asked: Asked
    entities: Entities
    classes: dict[str, Classification] = field(default_factory=dict)
    terms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    term_sure: float = 0.0
    masked: dict[str, Masked] = field(default_factory=dict)
    written: dict[str, list[Candidate]] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)


class Drafter:
    """Drafts questions with several sets of prefixes and the reader."""

    def __init__(
        self,
        desk: Desk,
        witnesses: Mapping[str, LanguageModel],
        understanding: Understanding | None,
        model: str,
        unchecked: bool = False,
    ) -> None:
        """witnesses: name → prefixes, the first ones decide; model: hash of the prefixes; unchecked: no check counts (only to
        measure what the checks bring)."""
        self.desk, self.witnesses, self.understanding = desk, witnesses, understanding
        self.model, self.unchecked = model, unchecked

    def draft(self, questions: Sequence[Asked]) -> list[Draft]:
        """A draft for each question, in order; one that cannot be a question has a class only, and says why.

        Raises:
            DatabaseError: the database cannot answer.
        """
        works = [_Work(a, self.desk.read(a.question)) for a in questions]
        for name, model in self.witnesses.items():
            self._write(name, model, works)
        texts = [work.asked.question for work in works]
        read: Sequence[Understood | None] = [None] * len(texts)
        if self.understanding is not None:
            read = self.understanding.understand_all(texts)
        return [self._drafted(work, understood) for work, understood in zip(works, read)]

    def _write(self, name: str, model: LanguageModel, works: Sequence[_Work]) -> None:
        """Class, key words and statements of one set of prefixes."""
        texts = [work.entities.text for work in works]
        for work, found in zip(works, classify.classify(model, texts)):
            work.classes[name] = found
        for work, (first, *_) in zip(works, model.candidates("keywords", texts, None, 1)):
            work.terms[name] = split_terms(first.text)
            work.term_sure = max(work.term_sure, math.exp(first.logprob))
        ready = []
        for work in works:
            try:
                work.masked[name] = mask(work.entities, self.desk.keywords(work.entities, work.terms[name]).columns)
            except NotAnswerable as error:
                work.rejected.append(str(error))
            else:
                if work.classes[name].label != "F":
                    ready.append(work)
        found_statements = nl2sql.candidates(model, [w.masked[name] for w in ready], self.desk.columns, WRITTEN)
        for work, written in zip(ready, found_statements):
            work.written[name] = written

    def _drafted(self, work: _Work, read: Understood | None) -> Draft:
        first = next(iter(self.witnesses))
        chosen, terms = work.classes[first], work.terms[first]
        proposals = self._proposals(work, read, terms)
        failed = () if self.unchecked else tuple(self._failed(work, read, terms, proposals))
        sure = min(chosen.confidence, work.term_sure, proposals[0].sure if proposals else 1.0)
        if chosen.label != "F" and not proposals:
            sure = 0.0
        return Draft(
            work.asked.id,
            self.model,
            chosen.label,
            terms,
            round(chosen.confidence, 4),
            tuple(proposals),
            failed,
            round(sure, 4),
            round(_doubt(chosen, proposals, sure, bool(failed)), 4),
        )

    def _proposals(self, work: _Work, read: Understood | None, terms: tuple[str, ...]) -> list[Proposal]:
        """Different results, those that more witnesses came to first."""
        found: list[tuple[Proposal, Ran]] = []
        for name, written in work.written.items():
            for rank, candidate in enumerate(written):
                sure = math.exp(candidate.logprob)
                if rank and sure < _LEAST:
                    continue
                try:
                    ran = self.desk.run(work.asked.question, terms, candidate.text)
                except CaibaoError as error:
                    work.rejected.append(str(error))
                    continue
                over = self.desk.masked(work.asked.question, terms).text
                _add(found, ran, self.desk.proposal(ran, over, candidate.text, name if rank == 0 else "", sure))
        made = [proposal for proposal, _ in found]
        for number, other in enumerate(_told_by(read, self.understanding)):
            same = [at for at, (_, ran) in enumerate(found) if same_result(ran, other)]
            if same and number == 0:
                made[same[0]] = replace(made[same[0]], witnesses=(*made[same[0]].witnesses, READER))
            elif not same:
                made.append(_of_reader(other))
        return sorted(made, key=lambda p: (-len(p.witnesses), not p.sql, -p.sure))[:SHOWN]

    def _failed(
        self, work: _Work, read: Understood | None, terms: Sequence[str], proposals: Sequence[Proposal]
    ) -> list[str]:
        """Checks that did not pass, in words; none for a draft that a program may accept."""
        text, found = work.entities.text, next(iter(work.classes.values()))
        failed = [reason] if (reason := unanswerable(work.asked.question)) else []
        if len({c.label for c in work.classes.values()}) > 1:
            failed.append("不同种子的前缀给出不同的类别")
        if len({tuple(sorted(t)) for t in work.terms.values()}) > 1:
            failed.append("不同种子的前缀给出不同的关键词")
        if found.margin < _CLEAR_MARGIN:
            failed.append("类别没有把握")
        if any(term not in text for term in terms):
            failed.append("关键词不在问题里")
        if read is not None and len(read.unread) >= UNREAD:
            failed.append(f"没有看懂“{read.unread}”")
        if found.label == "F":
            failed += [] if terms else ["开放问题没有关键词"]
            return failed + (["阅读模型能用数据表回答"] if read is not None and read.kind == "answer" else [])
        return failed + self._failed_statement(work, read, terms, proposals)

    def _failed_statement(
        self, work: _Work, read: Understood | None, terms: Sequence[str], proposals: Sequence[Proposal]
    ) -> list[str]:
        entities, text = work.entities, work.entities.text
        columns = self.desk.keywords(entities, terms).columns
        failed = [reason] if (reason := beyond_a_year(text)) else []
        if asks_for_narrative(text):
            failed.append("问的是年报原文")
        if entities.unknown_companies:
            failed.append(f"表里没有“{entities.unknown_companies[0]}”")
        if reason := unknown_group(entities, [(c.start, c.end) for c in columns], self.desk.columns):
            failed.append(reason)
        if not proposals or not proposals[0].sql:
            return [
                *failed,
                f"没有一条语句通过检查（{work.rejected[0] if work.rejected else '只有阅读模型读出了语句'}）",
            ]
        best = proposals[0]
        if not best.rows:
            failed.append("语句没有查到东西")
        if missing := set(self.witnesses) - set(best.witnesses):
            failed.append(f"前缀之间的结果不同（{'、'.join(sorted(missing))}）")
        if self.understanding is not None and READER not in best.witnesses and not _undecided(read):
            failed.append("阅读模型得到另一个结果")
        if (best.shape == "lookup") == (next(iter(work.classes.values())).label == "E"):
            failed.append("类别与语句对不上")
        return failed


def _undecided(read: Understood | None) -> bool:
    """The reader does not know this kind of question; it neither bears out nor contradicts."""
    return read is None or read.kind in ("unclear", "none")


def _add(found: list[tuple[Proposal, Ran]], ran: Ran, made: Proposal) -> None:
    """Statements that return the same are one proposal, as sure as the surest."""
    for at, (known, before) in enumerate(found):
        if key_of(before) == key_of(ran) and known.told == made.told:
            witnesses = tuple(dict.fromkeys((*known.witnesses, *made.witnesses)))
            best = known if known.sure >= made.sure else made
            found[at] = (replace(best, witnesses=witnesses), before)
            return
    found.append((made, ran))


def same_result(ran: Ran, read: Understood) -> bool:
    """Whether a statement over surrogates and one of the reader return the same: the same companies, in order where it is asked
    for, or the same numbers; where numbers are computed after the rows were read, what is told of them."""
    if read.result is None or ran.empty:
        return False
    rows = [dict(zip(ran.result.columns, row)) for row in ran.result.rows]
    companies = [str(row[schema.COMPANY]) for row in rows if row.get(schema.COMPANY)]
    others = [row.company for row in read.result.rows if row.company]
    if ran.intent.shape in ("ranking", "totals"):
        return (bool(companies) and companies == others) or agrees(read.told, ran.told)
    if ran.intent.shape in ("list", "intersection"):
        return set(companies) == set(others) and bool(others)
    numbers = {
        _rounded(v)
        for row in rows
        for name, v in row.items()
        if name not in schema.KEY and isinstance(v, (int, Decimal))
    }
    told = {_rounded(v) for row in read.result.rows for v in row.values if isinstance(v, (int, Decimal))}
    if ran.intent.shape in ("count", "aggregate"):
        return bool(told) and told == numbers
    return agrees(read.told, ran.told)


def _rounded(value: int | Decimal) -> Decimal:
    return round(Decimal(value), 2).normalize()


def _told_by(read: Understood | None, understanding: Understanding | None) -> list[Understood]:
    """The reader's different readings that come to something, the likeliest first."""
    if read is None or understanding is None or read.candidate is None:
        return []
    found = [read] if read.told else []
    for number, other in enumerate(read.alternatives, 1):
        if other is not read.candidate:
            picked = understanding.picked(read, number)
            if picked.told and all(picked.told != known.told for known in found):
                found.append(picked)
    return found


def _of_reader(read: Understood) -> Proposal:
    """What only the reader came to: it can be looked at, but holds no SQL that the prefixes could learn."""
    evidence = read.evidence
    rows = (
        tuple(tuple("" if v is None else str(v) for v in row) for row in evidence.rows[:KEPT_ROWS]) if evidence else ()
    )
    assert read.candidate is not None
    return Proposal(
        read.told, evidence.columns if evidence else (), rows, (READER,), read.sure, statement=read.candidate.text
    )


def _doubt(found: Classification, proposals: Sequence[Proposal], sure: float, failed: bool) -> float:
    """How much a person's answer would tell: little sureness, near classes, results that differ."""
    by_result: dict[str, float] = defaultdict(float)
    for proposal in proposals:
        by_result[proposal.told] += max(proposal.sure, 0.05) * max(1, len(proposal.witnesses))
    total = sum(by_result.values())
    spread = (
        -sum(s / total * math.log(s / total) for s in by_result.values()) / math.log(4) if len(by_result) > 1 else 0.0
    )
    near = math.exp(-max(0.0, found.margin))
    return min(1.0, (1 - sure) * 0.4 + spread * 0.3 + near * 0.15 + 0.15 * failed)
