"""Which companies does a text name? Full and short names, codes, names without their legal form, and typos.

Where names overlap, the longest wins (东方通 stands inside 东方通信), and a short name counts only where a name can begin and end there. What
surely is a company but is not in the table is reported as such, so that nobody gets the figures of another one. A name that several companies
share is reported the same way; `CompanyIndex.alternatives` tells whom it may mean.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from agent.reading.companies.similar import LEGAL_FORM, SimilarNames
from agent.reading.places import is_place, named_in, without_place
from agent.table.cells import code as stock_code
from agent.text import Lookup, Span, normalise

Company = tuple[str, str, str]

_SUFFIX = re.compile(r"(?:控股)?(?:集团)?(?:股份有限公司|有限责任公司|股份公司|有限公司|公司|集团|股份)|控股")
_SHAPE = re.compile(r"股份有限公司|有限责任公司|有限公司|股份公司|集团公司")
_YEAR_AHEAD = r"(?=(?:19|20)\d\d(?:\D|$))"  # 水井坊(SH600779)2020年, its brackets gone
_NO_FIGURE = r"(?!\d|\.\d|[元人万亿年%股])"
_CODE = re.compile(  # 600001, SH600001, sh.600001, 600001.XSHG; of Hong Kong five digits, or fewer with its mark
    rf"(?<![\d.])(?P<before>(?:S[HZ]|BJ|HK)[.:]?)?(?P<code>\d{{6}}(?:{_YEAR_AHEAD}|{_NO_FIGURE})|\d{{1,5}}{_NO_FIGURE})"
    r"(?P<behind>\.(?:S[HZS]|BJ|HK|XSH[GE]|XHKG)(?![A-Z]))?",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"(?:于|过|足|到|[><=≥≤])(?:等于|了)?$")
_SPECIAL = re.compile(r"S?\*?ST(?=[一-龥])")
_LEFT_OUT = frozenset("()·•・")
_LONGEST_NAME = 40
_LONG_ENOUGH = 4  # of a shorter name both sides must be such as a name can have
_DISTINCT = 5  # a name of so many characters is hardly a part of another one
_LONGEST_PLACE = 8  # 四川省成都市
_MOST_CANDIDATES = 6  # a word that more names hold (科技, 股份) is no name

# What may stand directly before a name, and directly after one.
_BEFORE = re.compile(
    r"(?:^|[^一-龥A-Z0-9*]|\d|年度?|[的在和与及跟同或对比由请从向于是把将给让看查问据为算出]|知道|了解|[听据]说|话说|请问|查询|提供|介绍|分析|告诉我?|分别|关于|代码|对比|比较|公司|股份|企业|简称|说明|概述|简述|报告期内?|以及|还有|其中|截至|截止"
    r"|下|末|底|里|中|期间|[省市]|我国|上市公司|谁更?|至|到|间)$"
)
# 我想去万科,2020年; but 投资机器人的公司 speaks of robots, so that nothing may lean on a short name behind a verb.
_VERB_BEFORE = re.compile(r"(?:[去进买投选炒卖]|入职|加入|面试|投资|买入|卖出|持有|看[好上中]|关注|选择)了?$")
_NOTHING_AFTER = re.compile(r"$|[^一-龥A-Z]|股份|集团")
_AFTER = re.compile(
    r"$|[^一-龥A-Z]|(?:S[HZ]|BJ)\d{6}|[的在和与及跟同或对比是有为之于从自将共各每谁其这那该两呢吗都]|年|二[〇零]|去年|上年|上一?年|前年|今年|本年|近[两三]年|最近|公司|集团|股份|企业|上市|截至|截止|报告期|期[初末]|全年|当年|历年|哪|怎|如何|什么|多少|曾经|目前|现在"
    r"|以及|还有|关于|相[比较]|较|分别|合计|平均|旗下|所属|被|能否|是否|收到|支付|简介|年报|财报|母公司|董事|监事|高管|主要|主营|控股|法"
)
_NOT_A_COMPANY = re.compile(r"(?:行业|产业|板块|概念股?|领域|技术|市场)")


@dataclass(frozen=True)
class Linked:
    """A stretch of the text that names a company; `name` is its 公司全称, None where the table has no such company."""

    start: int
    end: int
    name: str | None


class CompanyIndex:
    """All ways of saying each company's name, and the search for them."""

    def __init__(self, companies: Iterable[Company], years: Mapping[str, Collection[int]] | None = None) -> None:
        """`companies`: (公司全称, 股票简称, 股票代码), empty short names and codes allowed; `years`: 公司全称 → years of its rows."""
        companies = sorted(companies)
        self.renamed = _renamed(companies, years or {})
        latest = {former: names[-1] for names in self.renamed for former in names}
        self._codes: dict[str, str] = {}
        ranked: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for full, short, code in companies:
            owner = latest.get(full, full)
            if code:
                self._codes[stock_code(code) or code] = owner
            for name, rank in _said(full, short):
                ranked[name][rank].add(owner)
        # A name that several companies share belongs to the one whose own name it is, else to none.
        best = {name: by_rank[min(by_rank)] for name, by_rank in ranked.items()}
        self._names = {name: next(iter(owners)) for name, owners in best.items() if len(owners) == 1}
        self._shared = {
            name: tuple(sorted(owners)) for name, owners in best.items() if len(owners) > 1 and min(ranked[name]) <= 1
        }
        self._full = frozenset(name for name in self._names if 0 in ranked[name])
        self._own = frozenset(
            name
            for name in self._names
            if len(name) >= _DISTINCT and min(ranked[name]) <= 2 and not name.endswith("公司")
        )
        self._lookup = Lookup([*self._names, *self._shared])
        self._short = {_SPECIAL.sub("", name): full for name, full in self._names.items() if 1 in ranked[name]}

    def find(self, text: str, columns: Lookup) -> list[Linked]:
        """Companies in order of position; `text` is normalised (NFKC without spaces), `columns` the words that name columns.

        Unknown ones are found by their legal form only; see `similar` and `Linker` for the rest.
        """
        plain = _Plain(text)
        matches = self._exact(plain.text, columns)
        shapes = list(self._shapes(plain.text, matches, columns))
        matches = [m for m in matches if not any(s.start < m.end and m.start < s.end for s in shapes)]
        return [plain.back(m) for m in sorted([*matches, *shapes, *self._by_code(plain.text)], key=lambda m: m.start)]

    def named(self, said: str) -> str | None:
        """The 公司全称 of a company that is called exactly `said`."""
        return self._names.get(bare(said))

    def similar(self, typed: str) -> str | None:
        """The 公司全称 that `typed` is a typo of, None where there is none or more than one."""
        return self._typos.find(bare(typed))

    def alternatives(self, typed: str) -> tuple[str, ...]:
        """公司全称 of the companies that `typed`, which is no company's own name, may mean; typos first."""
        said = bare(typed)
        if said in self._shared:
            return self._shared[said]
        stem = said.removesuffix("公司")
        if len(stem) < 2 or is_place(stem):
            return ()
        shortened = sorted(n for n in self._short if n != stem and (n.startswith(stem) or n.endswith(stem)))
        owners = dict.fromkeys([*self._typos.all_meant(said), *(self._short[name] for name in shortened)])
        return tuple(owners) if len(owners) <= _MOST_CANDIDATES else ()

    @cached_property
    def _typos(self) -> SimilarNames:
        return SimilarNames(self._names)

    def _exact(self, text: str, columns: Lookup) -> list[Linked]:
        occupied = [(s, e) for s, e in columns.spans(text)]
        candidates = [
            (end - start, -start, start, end) for start in range(len(text)) for end in self._lookup.at(text, start)
        ]
        chosen: list[Linked] = []
        for _, _, start, end in sorted(candidates, reverse=True):
            free = all(end <= c.start or c.end <= start for c in chosen)
            if not free:
                continue
            name = self._names.get(text[start:end])
            if text[start:end] in self._full:
                chosen.append(Linked(start, end, name))
            elif self._stands_alone(text, start, end, columns, [*occupied, *((c.start, c.end) for c in chosen)]):
                chosen.append(Linked(_with_special(text, start), _with_suffix(text, end, columns), name))
        return sorted(chosen, key=lambda c: c.start)

    def _stands_alone(self, text: str, start: int, end: int, columns: Lookup, occupied: Sequence[Span]) -> bool:
        """Whether a short name can begin at `start` and end at `end`; of four or more characters one side is enough."""
        if any(s <= start and end <= e for s, e in occupied) or _NOT_A_COMPANY.match(text, end):
            return False
        if text[start:end] in self._own:
            return True
        before = (
            bool(_BEFORE.search(text[max(0, start - 4) : start]))
            or self._behind_a_verb(text, start, end)
            or self._behind_its_place(text, start, end)
            or any(e == start for _, e in occupied)
            or _with_special(text, start) < start
        )
        after = bool(_AFTER.match(text, end)) or any(s == end for s, _ in occupied) or columns.begins(text, end)
        return before and after if end - start < _LONG_ENOUGH else before or after

    @staticmethod
    def _behind_a_verb(text: str, start: int, end: int) -> bool:
        alone = end - start >= _LONG_ENOUGH or _NOTHING_AFTER.match(text, end)
        return bool(alone and _VERB_BEFORE.search(text[max(0, start - 3) : start]))

    def _behind_its_place(self, text: str, start: int, end: int) -> bool:
        """Whether the place before a short name is the one that the full name begins with: 宁波晶国密精."""
        full, before = self._names.get(text[start:end]), text[max(0, start - _LONGEST_PLACE) : start]
        return full is not None and any(
            e == len(before) and bare(full).startswith(re.sub("[省市]$", "", before[s:e]))
            for (s, e), _ in named_in(before)
        )

    def _shapes(self, text: str, matches: Sequence[Linked], columns: Lookup) -> Iterator[Linked]:
        """Names with a legal form that `matches` do not explain."""
        for form in _SHAPE.finditer(text):
            inside = next((m for m in matches if m.start < form.end() and form.start() < m.end), None)
            if inside and (text[inside.start : inside.end] in self._full or form[0] == "集团公司"):
                continue
            start = _name_start(text, form.start(), columns)
            if inside and inside.end >= form.end() and _begins(text, start, inside.start, form.start()):
                continue
            typed = text[start : form.end()]
            if len(LEGAL_FORM.sub("", typed)) < 2 or is_place(LEGAL_FORM.sub("", typed)):
                continue
            yield Linked(start, form.end(), self._names.get(typed) or self.similar(typed))

    def _by_code(self, text: str) -> Iterator[Linked]:
        for match in _CODE.finditer(text):
            market = match["before"] or match["behind"] or ""
            in_hong_kong, digits = "HK" in market.upper(), match["code"]
            if len(digits) < 5 and not in_hong_kong:
                continue
            known = self._codes.get(stock_code(f"{digits}.HK" if in_hong_kong else digits) or digits)
            before = text[max(0, match.start() - 4) : match.start()]
            # What has a market's mark, or a zero before, is a code, whether the table knows it or not.
            surely = bool(market) or re.search(r"代码[为是:]?$", before) or (len(digits) == 5 and digits[0] == "0")
            if (known or surely) and not _COMPARED.search(before):
                yield Linked(match.start(), match.end(), known)

    def special(self, text: str) -> Iterator[Linked]:
        """*ST names: 'ST' and the first characters of a short name, when only one company has them."""
        for match in _SPECIAL.finditer(text):
            for length in (4, 3, 2):
                said = text[match.end() : match.end() + length]
                owners = {full for name, full in self._short.items() if name.startswith(said)}
                if len(said) == length and len(owners) == 1:
                    yield Linked(match.start(), match.end() + length, owners.pop())
                    break


def _renamed(companies: Sequence[Company], years: Mapping[str, Collection[int]]) -> tuple[tuple[str, ...], ...]:
    """The 公司全称 that one 股票代码 has had, oldest first, for every company that changed it; a company has one row a year."""
    by_code: dict[str, set[str]] = defaultdict(set)
    for full, _, code in companies:
        if code and full in years:
            by_code[stock_code(code) or code].add(full)
    return tuple(
        tuple(sorted(names, key=lambda name: max(years[name])))
        for names in by_code.values()
        if len(names) > 1 and not any(set(years[a]) & set(years[b]) for a, b in combinations(names, 2))
    )


def _said(full: str, short: str) -> Iterator[tuple[str, int]]:
    """Every way to say a name, with its rank: 0 full, 1 short, 2 without legal form, 3 also without 集团, 4 without place."""
    name, brief = bare(full), bare(short)
    stem = LEGAL_FORM.sub("", name)
    brand = re.sub(r"(?:控股)?(?:集团|控股)$", "", stem)
    yield name, 0
    if len(brief) >= 2:
        yield brief, 1
        yield _SPECIAL.sub("", brief), 1
        yield re.sub("(?<=[一-龥]{2})[ABH]$", "", brief), 1
    if len(stem) >= 2:
        yield f"{stem}公司", 2
    if name.startswith(f"{stem}集团"):
        yield f"{stem}集团", 2
        yield f"{stem}集团公司", 2
    if len(stem) >= 3:
        yield stem, 2
        yield f"{name[: len(stem)]}股份有限公司", 2
        yield f"{name[: len(stem)]}有限公司", 2
    if len(brand) >= 4:
        yield brand, 3
        yield f"{brand}股份有限公司", 3
    if len(local := without_place(name)) < len(name) and len(LEGAL_FORM.sub("", local)) >= 4:
        yield local, 4


def bare(name: str) -> str:
    """A name as it is looked up: upper case, without brackets and interpuncts."""
    return "".join(c for c in normalise(name) if c not in _LEFT_OUT).upper()


class _Plain:
    """A text without brackets and interpuncts, and the way back: 港务(集团)股份 is searched as 港务集团股份."""

    def __init__(self, text: str) -> None:
        self._source = text
        self._positions = [i for i, c in enumerate(text) if c not in _LEFT_OUT]
        self.text = "".join(text[i] for i in self._positions).upper()

    def back(self, linked: Linked) -> Linked:
        start, end = self._positions[linked.start], self._positions[linked.end - 1] + 1
        inside = self._source[start:end]
        if inside.count("(") > inside.count(")") and self._source[end : end + 1] == ")":
            end += 1
        elif inside.count("(") < inside.count(")") and self._source[start - 1 : start] == "(":
            start -= 1
        return Linked(start, end, linked.name)


def _with_special(text: str, start: int) -> int:
    """`start`, or the start of the *ST before it."""
    match = re.search(r"S?\*?ST$", text[max(0, start - 4) : start])
    return start - len(match[0]) if match else start


def _with_suffix(text: str, end: int, columns: Lookup) -> int:
    """`end`, or the end of the 公司, 集团 … behind the name; 公司网址 is a column, not a suffix."""
    match = _SUFFIX.match(text, end)
    if (
        not match
        or next(columns.at(text, end), None) is not None
        or next(columns.at(text, match.end() - 2), 0) > match.end()
    ):
        return end
    return match.end()


def _begins(text: str, start: int, found: int, form: int) -> bool:
    """Whether a known name at `found` is all of the name that seems to begin at `start`: not 光电股份 in 华灿光电股份有限公司."""
    return (
        found <= start
        or form - found >= _DISTINCT
        or is_place(text[start:found])
        or bool(_BEFORE.search(text[max(0, found - 4) : found]))
    )


def _name_start(text: str, end: int, columns: Lookup) -> int:
    """Where the name begins whose legal form begins at `end`: after the last word that no name holds."""
    floor = max(0, end - _LONGEST_NAME)
    head = text[floor:end]
    stops = re.finditer(
        r"[^一-龥A-Z0-9*]|\d年度?|年度|年(?=[^\d])|(?<![美绿])的|请问一?下?|请|帮我|告诉我|我想|想要?|知道|了解|查询|查一?下|查找|看看|提供|介绍|简要|简述|概述|分析|说明|根据|依据|按照|关于|对于|对比|相比|比较|列出|给出|看下|分别|能否|是否|可否|以及|还有|或者|其中|哪些|哪家|什么|一家|所有|全部|这家|那家|该"
        r"|(?:(?<=公司)|(?<=股份)|(?<=集团))[和与及跟同]|^[在和与及跟同对比从由]|(?<=[年下])[在]",
        head,
    )
    return floor + max((stop.end() for stop in stops), default=0)
