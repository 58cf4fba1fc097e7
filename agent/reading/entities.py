"""Plain code that finds companies, years, places, amounts and ranks in a question: names by dictionary, numbers by grammar."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from agent.figures import schema
from agent.figures.aliases import names_of
from agent.figures.numbers import NUMERAL, find_amounts, parse_number
from agent.reading import shares
from agent.reading.companies.index import Company, CompanyIndex, Linked
from agent.reading.companies.shared_suffix import written_out
from agent.reading.companies.unknown import COLUMN, COMPANY, OTHER, YEAR, find_unknown, speaks_of_many
from agent.reading.homophones import Homophones
from agent.reading.places import located
from agent.reading.spoken import standard
from agent.reading.years import find_years
from agent.records import Entities, Mention, MentionKind
from agent.text import mark, normalise

_K = rf"(?P<k>{NUMERAL})(?![\d.%零一二两三四五六七八九十百千万亿]|(?<=一)[直致般样向共起同定])"
_COUNTER = r"(?:家|个|名|位|只|支|强)"
_BEST = r"最(?:为)?(?:[高低大小多少强弱好差快慢]|靠[前后])|居[首前]|垫底"
_TOP = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![以之目提])前{_K}(?!年|季|个?月|个?季|半|者|期|次|任|述|[大名位]?(?:客户|供应商|股东)|手|后)",
        rf"(?<![a-z])top-?{_K}",
        rf"(?:{_BEST})的?(?:那|前)?{_K}{_COUNTER}",
        rf"(?:哪(?!一)|列出|给出|找出|选出|列举|返回|显示){_K}{_COUNTER}",
        rf"(?:排名|排在|位列|位居)?(?<!点)(?:最后|倒数|后){_K}(?:家|名|位(?!小数)|强|个(?!月))",
        rf"排(?:名|在)?后{_K}",
        rf"(?<![需必主重])(?:只?要|取|挑){_K}{_COUNTER}(?=$|[?。,!吧就即])",
        rf"(?:{_BEST})的?{_K}大?(?:公司|企业|上市)",
        rf"{_K}大(?:公司|企业|上市公司)",
    )
)
_KTH = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<!后)第{_K}(?!季|方|产业|届|期|次|条|章|节|部分|页|阶段|轮|批|大(?:客户|供应商|股东)|个?(?:交易日|季度|月|年)|[年、,:])",
        rf"(?:排名|排行|排|位居|位列|名列)(?:在|为|是)?(?:第)?{_K}(?!年|家|元|以[前内上])",
        rf"倒数(?:第)?{_K}(?!家|名|位|个)",
    )
)
RANKS: tuple[tuple[MentionKind, tuple[re.Pattern[str], ...]], ...] = (("kth", _KTH), ("top", _TOP))
_LARGEST_K = 100_000
_SAME_COMPANY = re.compile(r"[(,]?(?:(?:股票|证券)?(?:代码|简称)|简称)?[:为是]?")  # 四方科技(股票代码:603339)


class Linker:
    """Links what a question names to the companies of a table."""

    def __init__(
        self,
        companies: Iterable[Company],
        column_names: Collection[str] = (),
        years: Mapping[str, Collection[int]] | None = None,
    ) -> None:
        """`companies`: (公司全称, 股票简称, 股票代码); `column_names`: columns of the table that the schema may not know;
        `years`: 公司全称 → years of its rows, from which a change of name is told from two companies.
        """
        self._companies = CompanyIndex(companies, years)
        names = names_of(column_names)
        self._said, self._columns = names.column, names.words
        # 研发费用增长率 is spelt right where 研发费用 is.
        self._homophones = Homophones(
            name for name, column in self._said.items() if not schema.over_last_year(column)[1]
        )

    def link(self, text: str, latest_year: int | None = None) -> Entities:
        """Everything named in `text`. Mentions never overlap; their spans refer to the normalised `Entities.text`.

        `latest_year`: what 去年 leans on where the text names no year.
        """
        text = self._read(text)
        found = Found(text)
        for linked in (*joined(self._companies.find(text, self._columns), text), *self._companies.special(text)):
            found.add("company", linked.start, linked.end, linked.name)
        # A name is one block from here on: its characters are no numbers (三元股份, 中国第一重型机械).
        plain = mark(text, [(span, COMPANY) for span in found.taken])
        grown = any(schema.over_last_year(self._said[plain[s:e]])[1] for s, e in self._columns.spans(plain))
        for year in find_years(plain, latest_year, grown):
            found.add("year", year.start, year.end, year.years)
        columns = [span for span in self._columns.spans(plain) if found.is_free(*span)]
        for kind, patterns in RANKS:
            for start, end, k in positions(plain, patterns):
                found.add(kind, start, end, k)
        for amount in find_amounts(plain):
            if not any(start <= amount.start < end for start, end in columns):
                found.add("amount", amount.start, amount.end, amount.value)
        self._add_unknown_companies(found, columns)
        about_many = speaks_of_many(text) and not any(m.kind == "company" for m in found.mentions())
        for span, place in located(text, [*found.taken, *columns], about_many):
            found.add("place", *span, place)
        return Entities(text, found.mentions())

    def _read(self, text: str) -> str:
        """A question in the table's words: everyday words, misspelt and shortened names of columns are replaced."""
        text = standard(normalise(text))
        known = self._columns.spans(text)
        if self._homophones.corrected(text, known) != text:
            known += [(c.start, c.end) for c in self._companies.find(text, self._columns)]
            text = self._homophones.corrected(text, known)
        return written_out(shares.named(text, self._columns, self._said), self._columns, self._said)

    @property
    def index(self) -> CompanyIndex:
        return self._companies

    @property
    def renamed(self) -> tuple[tuple[str, ...], ...]:
        """The 公司全称 of each company that changed it, oldest first; it is linked by the last."""
        return self._companies.renamed

    def company(self, said: str) -> str | None:
        """The 公司全称 of the company that is called `said`, a typo allowed; None where there is none."""
        return self._companies.named(said) or self._companies.similar(said)

    def alternatives(self, said: str) -> tuple[str, ...]:
        """公司全称 of the companies that `said` may mean where it is no company's own name: shared, shortened, or misspelt."""
        return self._companies.alternatives(said)

    def _add_unknown_companies(self, found: Found, columns: list[tuple[int, int]]) -> None:
        symbols = {"company": COMPANY, "year": YEAR}
        spans = [((m.start, m.end), symbols.get(m.kind, OTHER)) for m in found.mentions()]
        marked = mark(found.text, [*((span, COLUMN) for span in columns), *spans])
        for linked in find_unknown(marked, found.text, self._companies):
            found.add("company", linked.start, linked.end, linked.name)


class Found:
    """Mentions so far; what comes first keeps its place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._mentions: list[Mention] = []
        self._taken = bytearray(len(text))

    @property
    def taken(self) -> list[tuple[int, int]]:
        return [(m.start, m.end) for m in self._mentions]

    def is_free(self, start: int, end: int) -> bool:
        return not any(self._taken[start:end])

    def add(self, kind: MentionKind, start: int, end: int, value: object) -> None:
        if self.is_free(start, end):
            self._mentions.append(Mention(kind, start, end, self.text[start:end], value))
            self._taken[start:end] = b"\1" * (end - start)

    def give_up_last(self, start: int, character: str) -> None:
        """The mention whose last character stands at `start` and is `character` ends before it."""
        for number, mention in enumerate(self._mentions):
            if mention.end == start + 1 < len(self.text) and self.text[start] == character and mention.end - mention.start > 1:
                self._mentions[number] = replace(mention, end=start, text=mention.text[:-1])
                self._taken[start] = 0

    def mentions(self) -> tuple[Mention, ...]:
        return tuple(sorted(self._mentions, key=lambda m: m.start))


def joined(companies: Iterable[Linked], text: str) -> list[Linked]:
    """A name and its code behind it are one mention: 四方科技(603339)."""
    joined: list[Linked] = []
    for linked in companies:
        last = joined[-1] if joined else None
        between = text[last.end : linked.start] if last else ""
        if last and linked.name and last.name == linked.name and _SAME_COMPANY.fullmatch(between):
            closed = between.startswith("(") and text[linked.end : linked.end + 1] == ")"
            joined[-1] = Linked(last.start, linked.end + closed, linked.name)
        else:
            joined.append(linked)
    return joined


def positions(text: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[tuple[int, int, int]]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            k = parse_number(match["k"])
            if k is not None and k == int(k) and 0 < k <= _LARGEST_K:
                yield *match.span("k"), int(k)
