"""Follow-up turns: 那2021年呢, 它的毛利率呢, 换成瑞达银行, 前五家呢, made into whole questions from the turn before. Plain code, no model.

A follow-up is a *fragment* (nothing but names, years, columns, ranks and the little words around them) or begins with a pronoun. Like-kind
stretches of the previous question are replaced, the rest stays; where that cannot be, the question is composed anew. A text that is a whole
question of its own is never touched: a false alarm is worse than a follow-up that has to be typed out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.reading.entities import Linker
from agent.reading.followup.fragments import FragmentReader
from agent.reading.followup.rewriting import MOST_COMPANIES, rewrite, with_years
from agent.reading.followup.turn import Fragment, Turn, joined
from agent.reading.keywords import ColumnLinker
from agent.records import Entities

_LEAD = r"(?:[,。、]|那么?(?![些几两二三四234家个])|请问一?下?|麻烦|帮我|再|另外|还有|然后|接着|查一?下|看一?下|看看|告诉我|我?想知道|好的?|嗯|哦|[在的度末底])"
_ONE = r"它(?!们)|(?:该|[这那]家|此|[这那]个|上述)(?:上市)?(?:公司|企业)|[这那]家(?![公企上])|其(?![他她它们中余实次间后所])"
_MANY = r"它们|[这那](?:些|[几两二三四234]家)(?:上市)?(?:公司|企业)?|(?:以上|上述)[这那]?[几两二三四234]家(?:上市)?(?:公司|企业)?"
_PRONOUN = re.compile(rf"(?P<many>{_MANY})|(?P<one>{_ONE})")
_YEAR_MARK = "\ue001"
_BEFORE_PRONOUN = re.compile(rf"(?:{_LEAD}|{_YEAR_MARK})*")
_SHOWN = 40  # characters of what was typed that a message repeats


@dataclass(frozen=True)
class FollowUp:
    """What a text means after the turn before: the whole question `text`, or why it has none (one sentence); neither: take it as typed."""

    text: str | None = None
    problem: str | None = None


class FollowUps:
    """Resolves follow-ups over one table."""

    def __init__(self, linker: Linker, columns: ColumnLinker, latest_year: int) -> None:
        self._linker, self._latest_year = linker, latest_year
        self._reader = FragmentReader(linker, columns)

    def resolve(self, text: str, turn: Turn | None) -> FollowUp:
        """The whole question that `text` is a follow-up of `turn` for."""
        base = turn.years[-1] if turn and turn.years else self._latest_year
        text = self._linker.link(text, base).text  # in the table's words: 它赚了多少钱 asks for its 净利润
        named = self._with_companies(text, turn, base)
        if turn is None or named.problem:
            return named
        said = named.text or text
        fragment = self._reader.read(said, turn, base, certain=named.text is not None)
        if isinstance(fragment, Fragment):
            whole = rewrite(turn, fragment)
            problem = f"没有看懂“{text[:_SHOWN]}”接着上一个问题问什么，请把问题问完整。"
            return FollowUp(whole) if whole else FollowUp(problem=problem)
        if fragment:
            return FollowUp(problem=f"表里没有“{fragment}”（不是公司、字段、年份或地点），请把问题问完整。")
        return FollowUp(with_years(self._linker.link(said, base), turn)) if named.text else named

    def _with_companies(self, text: str, turn: Turn | None, base: int) -> FollowUp:
        """`text` with the pronoun at its beginning replaced by the companies it stands for."""
        pronoun = self._pronoun(self._linker.link(text, base))
        if pronoun is None:
            return FollowUp()
        said, names = pronoun[0], turn.meant(many=bool(pronoun["many"])) if turn else ()
        if not names:
            return FollowUp(problem=f"前面没有提到公司，不知道“{said}”指哪一家，请写出公司名。")
        if pronoun["one"] and len(names) > 1:
            shown = "、".join(names[:MOST_COMPANIES]) + ("等" if len(names) > MOST_COMPANIES else "")
            return FollowUp(problem=f"“{said}”可以指{shown}，请写出公司名。")
        if len(names) > MOST_COMPANIES:
            return FollowUp(problem=f"“{said}”指{len(names)}家公司，一次最多问{MOST_COMPANIES}家，请写出公司名。")
        return FollowUp(text[: pronoun.start()] + joined(names) + text[pronoun.end() :])

    def _pronoun(self, entities: Entities) -> re.Match[str] | None:
        """A pronoun with nothing before it that it could stand for: not 2020年净利润最高的公司,它的…, not 其他应收款."""
        text = marked = entities.text
        for mention in entities.of("year"):
            marked = marked[: mention.start] + _YEAR_MARK * len(mention.text) + marked[mention.end :]
        lead = _BEFORE_PRONOUN.match(marked)
        found = _PRONOUN.match(text, lead.end() if lead else 0)
        taken = [*((m.start, m.end) for m in entities.mentions if m.value), *self._reader.column_spans(entities)]
        if found and any(s < found.end() and found.start() < e for s, e in taken):
            return None
        return found
