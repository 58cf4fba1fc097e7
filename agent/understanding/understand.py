"""A question becomes a statement: the model's readings are restored, checked, run and weighed; one number says how sure.

Nothing is answered that is not sure enough: a refusal says which words were not understood and offers the nearest readings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, Protocol

from agent.errors import NotAnswerable, SqlRejected
from agent.figures import schema
from agent.reading import ambiguity
from agent.records import Candidate as Candidate_
from agent.records import DecidedBy, QueryResult, SqlQuery, Value, Written
from agent.statements.evaluate import Evaluator
from agent.statements.meaning import conjuncts, listed_companies, scope
from agent.statements.parsing import parse
from agent.statements.results import Result
from agent.statements.syntax import COMPANY, Binary, Column, Companies, Statement, walk
from agent.statements.tables import Table
from agent.statements.telling import tell
from agent.statements.words import said
from agent.understanding.agreement import agrees, contains
from agent.understanding.candidates import SENSELESS, Candidate, as_one, leaves_out, sensible_readings
from agent.understanding.explained import KnownPairs
from agent.understanding.mentions import SlotFinder, corrects_itself
from agent.understanding.slots import IMPLIED, Before, Slotted, before, joined, of_real, prompt
from agent.understanding.sureness import how_sure

SURE = 0.7  # of the answers that are this sure or surer, so many were right (benchmarks.people)
READINGS = 3  # that a refusal offers
_LIKELY = math.log(0.03)  # a reading less likely than this is not believed, whoever bears it out
_NEAR = 4.0  # log-probability that a reading may lie behind the first one and still be looked at
UNREAD = 4  # characters in a row that nothing explains: then a question is not answered
_ALL = re.compile("全|所有|市场|各家|每家")
# A question that begins with what was shown before and names no company: without anything shown it is about nothing.
_POINTS = re.compile("(?:那么?|然后|请问|再看看?)?(?P<to>里面|其中|它们|它|他们|这家|那家|这些公司|那些公司|这几家|那几家|上面|刚才)(?!的?事)")
Kind = Literal["answer", "refusal", "none", "unclear"]


class Reader(Protocol):
    """What reads slotted questions: the likeliest statements of each, over no other slots than its own."""

    def statements(self, texts: Sequence[str], slots: Sequence[frozenset[str]]) -> list[list[Written]]: ...


@dataclass(frozen=True)
class Understood:
    """What came of a question.

    kind: answer; refusal (understood, but the table has not what is asked); none (no table of figures answers it); unclear (not
    sure enough). sure: estimated probability that the reading is right; told: the answer of an unclear question, for whoever
    has another witness; readings: what may be meant, in words; shown: companies of the rows that were told, in order.
    """

    slotted: Slotted
    kind: Kind
    text: str
    sure: float = 0.0
    candidate: Candidate | None = None
    result: Result | None = None
    told: str = ""
    readings: tuple[str, ...] = ()
    alternatives: tuple[Candidate, ...] = ()  # the candidates that the readings say
    unread: str = ""
    queries: tuple[tuple[str, Mapping[str, Value]], ...] = ()
    shown: tuple[str, ...] = ()
    remembered: bool = False

    def words(self, names: Mapping[str, str]) -> str:
        """The whole question in words, as it was understood; as it was asked where it was not."""
        return said(self.candidate.statement, names) if self.candidate else self.slotted.plain

    @property
    def evidence(self) -> QueryResult | None:
        """The cells that the answer was made of: 公司全称, 年份, 字段, 值."""
        if self.result is None:
            return None
        cells = ((company, int(year), column, value) for (company, year, column), value in self.result.cells.items())
        inner = (("", None, name, value) for name, value in self.result.inner.items() if not isinstance(value, bool))
        return QueryResult((schema.COMPANY, schema.YEAR, "字段", "值"), (*cells, *inner))

    @property
    def sql(self) -> SqlQuery | None:
        """What was asked of the database; the parameters of several statements are told apart by number."""
        if self.candidate is None or not self.queries:
            return None
        texts: list[str] = []
        parameters: dict[str, Value] = {}
        for number, (text, values) in enumerate(self.queries, 1):
            own = f"q{number}_" if len(self.queries) > 1 else ""
            texts.append(re.sub(r":(p\d+)", rf":{own}\1", text))
            parameters |= {f"{own}{name}": value for name, value in values.items()}
        by: DecidedBy = "memory" if self.remembered else "model"
        return SqlQuery(
            ";\n".join(texts),
            parameters,
            Candidate_(self.candidate.text, self.candidate.written.logprob, written_by=by),
        )


@dataclass(frozen=True)
class Talk:
    """What a follow-up leans on: the statement before, the companies it told; statement: the same over real names; wider:
    what the last turns showed together, where they asked the same of another company or more of the same one."""

    earlier: Before
    shown: tuple[str, ...] = ()
    statement: Statement | None = None
    wider: Statement | None = None

    @classmethod
    def after(cls, understood: Understood, latest: int, last: Talk | None = None) -> Talk | None:
        """None after what was no statement. What showed no companies leaves those shown before."""
        if understood.candidate is None or understood.candidate.statement.select is None:
            return last
        real = understood.candidate.statement
        earlier = before(parse(understood.candidate.text), understood.slotted, latest)
        wider = None
        if last and last.statement:
            wider = (joined(last.wider, real) if last.wider else None) or joined(last.statement, real)
        return cls(earlier, understood.shown or (last.shown if last else ()), real, wider)

    @property
    def together(self) -> Talk | None:
        """The talk in which the last turns are one; None where there is no such."""
        if self.wider is None or self.wider.select is None:
            return None
        names = listed_companies(self.wider.select) or self.shown
        return Talk(of_real(self.wider), tuple(names), self.wider)


@dataclass
class Understanding:
    """Understands questions over one table.

    names: 公司全称 → what a company is called; aliases: latest 公司全称 → all it has had; years: of the table;
    absent: (text) → a word in it that no such table answers, "" where there is none; group: the same of words for companies;
    approved: (slotted text) → the statement that a person approved for it, "" where nobody did.
    """

    reader: Reader
    finder: SlotFinder
    pairs: KnownPairs
    table: Callable[[], Table]
    names: Mapping[str, str]
    aliases: Mapping[str, Sequence[str]]
    years: tuple[int, ...]
    absent: Callable[[str], str]
    threshold: float = SURE
    approved: Callable[[str], str] = str
    group: Callable[[str], str] = lambda text: ""

    def over(self, table: Callable[[], Table], years: tuple[int, ...]) -> Understanding:
        """The same over other rows of the table."""
        return replace(self, table=table, years=years, finder=self.finder.at(years[-1]))

    def understand(self, question: str, talk: Talk | None = None) -> Understood:
        """One question, after `talk` where it may be a follow-up.

        Raises:
            DatabaseError: the database cannot answer.
        """
        return self.understand_all([question], [talk])[0]

    def understand_all(self, questions: Sequence[str], talks: Sequence[Talk | None] | None = None) -> list[Understood]:
        """The same for several questions, read together."""
        talks = list(talks or [None] * len(questions))
        again = [(at, t.together) for at, t in enumerate(talks) if t and t.together]
        found = self._read([*questions, *(questions[at] for at, _ in again)], [*talks, *(t for _, t in again)])
        for (at, _), other in zip(again, found[len(questions) :]):
            if other.sure > found[at].sure and other.kind in ("answer", "unclear"):
                found[at] = other
        return found[: len(questions)]

    def _read(self, questions: Sequence[str], talks: Sequence[Talk | None]) -> list[Understood]:
        slotted = [self.finder.slotted(q, t.earlier if t else None) for q, t in zip(questions, talks)]
        texts = [f"{prompt(talk.earlier, s.years)}[SEP]{s.text}" if talk else s.text for s, talk in zip(slotted, talks)]
        written = self.reader.statements(texts, [_slots(s) for s in slotted]) if texts else []
        return [self._understood(s, w, talk) for s, w, talk in zip(slotted, written, talks)]

    def picked(self, understood: Understood, number: int, talk: Talk | None = None) -> Understood:
        """The answer to the reading that somebody chose, counted from 1; what was chosen is sure.

        Raises:
            DatabaseError: the database cannot answer.
        """
        chosen = understood.alternatives[number - 1]
        made = replace(understood, kind="unclear", sure=1.0, candidate=chosen, unread="", result=None)
        return self._decided(self._run(made, chosen.statement, talk))

    def witnessed(self, understood: Understood, answer: str) -> Understood | None:
        """An unclear question's reading that comes to the same as `answer`, which was come to in another way; None if none does.
        The likeliest reading is taken where it tells that and more.

        Raises:
            DatabaseError: the database cannot answer.
        """
        if len(understood.unread) >= UNREAD:
            return None  # words that nothing explains have no witness
        if agrees(understood.told, answer):
            return understood
        for number, other in enumerate(understood.alternatives, 1):
            if other is not understood.candidate and other.written.logprob > _LIKELY:
                picked = self.picked(understood, number)
                if picked.kind == "answer" and agrees(picked.told, answer):
                    return understood if contains(understood.told, picked.told) else picked
        return None

    def _understood(self, slotted: Slotted, written: Sequence[Written], talk: Talk | None) -> Understood:
        # In a talk 换成 and 刚才 stand where a name might: only what has never been read is one.
        strange = [name for name in slotted.unknown if talk is None or self.pairs.unread(name)]
        if strange and not (corrects_itself(slotted.plain) and slotted.names("C")):
            unknown = strange[0]
            near = self.finder.near(unknown)
            text = ambiguity.unknown(unknown, near) if near else f"未查询到{unknown}的相关信息，无法回答该问题。"
            return Understood(slotted, "refusal", text, 1.0, unread=unknown)
        known = self._approved(slotted) if talk is None else ""
        if known:
            written = [Written(known, 0.0, 0.0)]
        unread = "" if known else self.pairs.unread(slotted.text)
        points = _POINTS.match(slotted.plain)
        if points and talk is None and not slotted.names("C"):
            text = f"“{points['to']}”指的是什么，前面没有说到，请把公司或条件说全，无法回答该问题。"
            return Understood(slotted, "refusal", text, 1.0, unread=points["to"])
        free = talk is not None or corrects_itself(slotted.plain)
        sensible = sensible_readings(written, slotted, self.years[-1], self.names)
        written = [reading.written for reading in sensible]
        found = _about_what_was_shown([c for c in sensible if free or not leaves_out(slotted, c)], slotted, talk)
        if not found:
            return self._nothing(slotted, unread, 0.0)
        best = found[0]
        group = "" if known or slotted.names("C") or talk or best.statement.select is None else self.group(slotted.text)
        if group:
            text = f"表里没有“{group}”这样的内容，不能按它挑选公司，无法回答该问题。"
            return Understood(slotted, "refusal", text, 1.0, unread=group)
        if best.statement.select is None:
            sure = how_sure(best.written, [c.written for c in found[1:]], written, unread)
            if sure >= self.threshold or len(found) == 1 or self.absent(slotted.text):
                return self._nothing(slotted, unread, sure, "none")
            found, best = [*found[1:], best], found[1]  # perhaps no table answers it: it takes a witness
        spoken = {said(c.statement, self.names): c for c in reversed(found) if c.statement.select}
        offered = sorted(spoken.items(), key=lambda pair: found.index(pair[1]))[:READINGS]
        readings, alternatives = tuple(words for words, _ in offered), tuple(c for _, c in offered)
        made = Understood(slotted, "unclear", "", 1.0, best, readings=readings, alternatives=alternatives, unread=unread)
        made = replace(made, remembered=bool(known))
        made = self._run(made, best.statement, talk)
        if not known:
            made = replace(made, sure=self._sureness(made, found, written, talk))
        return self._decided(made)

    def _sureness(self, made: Understood, found: Sequence[Candidate], written: Sequence[Written], talk: Talk | None) -> float:
        """How sure the first reading is; the others that come to the same result stand by it."""
        best, others = found[0].written, [c for c in found[1:] if c.written.logprob > found[0].written.logprob - _NEAR]
        sure = how_sure(best, [c.written for c in found[1:]], written, made.unread)
        if sure >= self.threshold or made.result is None or not others:
            return sure
        same = [c for c in others if c.statement.select and self._comes_to(c, talk, made)]
        if not same:
            return sure
        together = as_one(best, *(c.written for c in same))
        different = [c.written for c in found[1:] if c not in same]
        return how_sure(together, different, [together, *different], made.unread)

    def _comes_to(self, candidate: Candidate, talk: Talk | None, made: Understood) -> bool:
        """Whether a reading comes to the same as the first one, or to a part of what that tells."""
        other = self._run(Understood(made.slotted, "unclear", ""), candidate.statement, talk)
        if other.result is None or made.result is None or made.candidate is None:
            return False
        alike = _meaning(candidate.statement, other.result) == _meaning(made.candidate.statement, made.result)
        return alike or contains(made.told, other.told)

    def _decided(self, made: Understood) -> Understood:
        """An answer where the reading is sure enough."""
        if made.result is None:
            enough = made.kind == "refusal" and made.sure >= self.threshold / 2
            return made if enough or made.kind != "refusal" else replace(made, kind="unclear")
        if made.sure < self.threshold or len(made.unread) >= UNREAD:
            return replace(made, text=unclear(made))
        return replace(made, kind="answer", text=made.told)

    def _approved(self, slotted: Slotted) -> str:
        text = self.approved(slotted.text)
        return "" if text == slotted.text else text

    def _nothing(self, slotted: Slotted, unread: str, sure: float, kind: Kind = "unclear") -> Understood:
        """A refusal that names the words: those that no table answers, those that nothing explains."""
        word = self.absent(slotted.text)
        why = "表里的年度数据回答不了这个问题" if kind == "none" else "没有看懂这个问题，请换一种说法"
        if word and kind == "none":
            why = f"表里没有“{word}”这样的内容"
        elif len(unread) >= UNREAD - (kind == "none"):
            why = f"没有看懂“{unread}”"
        return Understood(slotted, kind, f"{why}，无法回答该问题。", sure, unread=unread)

    def _run(self, made: Understood, statement: Statement, talk: Talk | None) -> Understood:
        assert statement.select is not None
        table = self.table()
        evaluator = Evaluator(table, talk.shown if talk else (), self.aliases)
        try:
            self._need_years(statement)
            result = evaluator.run(statement.select)
            text = self._assumed(made.slotted, statement, talk) + tell(statement, result, self.names)
        except NotAnswerable as error:
            return replace(made, kind="refusal", text=str(error), queries=tuple(table.log))
        except (SqlRejected, *SENSELESS):
            return replace(made, text="没有看懂这个问题，请换一种说法，无法回答该问题。", unread="")
        shown = tuple(row.company for row in result.rows if row.company)
        return replace(made, result=result, told=text, queries=tuple(table.log), shown=shown)

    def _assumed(self, slotted: Slotted, statement: Statement, talk: Talk | None) -> str:
        """What is said before an answer for which a year was assumed."""
        columns = [p for p in walk(statement) if isinstance(p, Column) and p.year]
        figures = any(schema.unit_of(column.name) != "text" for column in columns)
        return f"问题没有说年份，按最新的{self.years[-1]}年回答：" if figures and not (slotted.years or talk) else ""

    def _need_years(self, statement: Statement) -> None:
        """Raises NotAnswerable where the table has no such year."""
        wanted = {int(p.year) for p in walk(statement) if isinstance(p, Column) and p.year} - set(self.years)
        if wanted:
            named, have = "、".join(f"{year}年" for year in sorted(wanted)), "、".join(map(str, self.years))
            raise NotAnswerable(f"未查询到{named}的数据（表里有{have}年），无法回答该问题。")


def _about_what_was_shown(found: list[Candidate], slotted: Slotted, talk: Talk | None) -> list[Candidate]:
    """After rows were shown, a number over all companies is meant only where words ask for all: 平均一下 is of those shown."""
    if talk is None or len(talk.shown) < 2 or _ALL.search(slotted.plain) or not found:
        return found
    return [c for c in found if not _is_over_all(c.statement)]


def _is_over_all(statement: Statement) -> bool:
    select = statement.select
    if select is None or scope(select) != "aggregated":
        return False
    own = [p for p in conjuncts(select.where) if not (isinstance(p, Binary) and p.op == "<>" and p.left == Column(COMPANY))]
    return not own and not any(isinstance(part, Companies) for part in walk(select))


def _meaning(statement: Statement, result: Result) -> Hashable:
    """What a statement came to, and how it is told: two that are alike answer the same."""
    unit = "" if statement.unit == "元" else statement.unit
    rows = tuple((row.company, tuple(_rounded(value) for value in row.values)) for row in result.rows)
    return unit, statement.digits, rows


def _rounded(value: object) -> object:
    return round(value, 6) if isinstance(value, Decimal) else value


def _slots(slotted: Slotted) -> frozenset[str]:
    """The symbols of slots that a statement on this question may have."""
    years = {f"Y{number + 1}" for number in range(max(1, len(slotted.years)))} | set(IMPLIED)
    return frozenset(slotted.values) | {f"@{year}" for year in years}


def unclear(understood: Understood) -> str:
    """The refusal of a question that was not understood well enough: in the asker's words, with what may be meant."""
    words = f"没有看懂“{understood.unread}”" if len(understood.unread) >= UNREAD - 1 else "没有把握看懂这个问题"
    offered = "；".join(f"{number}. {reading}" for number, reading in enumerate(understood.readings, 1))
    return f"{words}，无法回答该问题。" + (f"可能的意思：{offered}。" if offered else "")
