"""Finds what a question names and writes the question with slots in its place.

Names, years, amounts and places are code's work; what the words between them mean is the model's.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from agent.figures import schema
from agent.figures.numbers import NUMERAL, find_amounts, parse_number, plain_amounts
from agent.figures.said import nouns
from agent.reading.companies.index import Company
from agent.reading.companies.shared_suffix import written_out
from agent.reading.companies.unknown import COLUMN, COMPANY, OTHER, YEAR, find_unknown, speaks_of_many
from agent.reading.entities import RANKS, Found, Linker, joined, positions
from agent.reading.homophones import Homophones
from agent.reading.places import is_place, located
from agent.reading.years import find_years
from agent.records import Mention
from agent.text import Lookup, Span, mark, normalise
from agent.understanding.slots import Before, Slotted, SlotValue, mark_of, slot_for

_DIGITS = "零一二三四五六七八九"
_MAIL = re.compile(r"[A-Za-z0-9._+-]*@[A-Za-z0-9.-]+[A-Za-z0-9]|(?:https?://|www\.)[A-Za-z0-9._/-]+")
_QUOTED = re.compile(r"[“\"「『'‘](?P<s>[^“”\"」』'’]{2,20})[”\"」』'’]")
_BEGINS = re.compile(r"(?P<s>\d{2,4}|[零〇一二三四五六七八九]{2,4})(?=(?:这?个?数?字?)?(?:开头|打头|起头|字头|开始的))")
_SURNAME = re.compile(r"姓(?![名氏])(?P<s>欧阳|司马|上官|诸葛|[一-鿿])(?=的|[,，。?？]|$)")
_MAIL_AT = re.compile(r"(?P<s>\d{2,3}|[a-zA-Z]{2,})(?=邮箱|信箱)")
_BARE_CODE = re.compile(r"(?<![\d.])[034689]\d{5}(?![\d.%元人万亿])")
_TENTHS = re.compile(r"(?P<n>[一二两三四五六七八九])成(?![本立长绩果分品])(?P<half>半)?")
_FEW = r"(?:1?\d|[零一二两三四五六七八九十])"  # 几亿两位小数: no number of decimals is larger
DECIMALS = re.compile(rf"小数点?后(?:面)?(?:保留)?(?P<a>{_FEW})位|(?<!\d)(?P<b>{_FEW})位小数")
_TIMES = re.compile(rf"(?P<n>{NUMERAL})(?=倍|番)")
_COUNTED = re.compile(rf"(?<![这那第])(?P<n>{NUMERAL})(?=[家名强])")
_SHORT_YEARS = re.compile(r"(?<!\d)[一二][零〇九一二三](?:[、,和][一二][零〇九一二三]){1,3}(?=年|这?[两三四]年)")
# 九华旅游19营收, 19/20/21净利润: two digits that count nothing and follow no 前, 第, 超过 are a year.
_BARE_YEAR = re.compile(
    r"(?<![\d.于过到足第前超达破少多高低大小><=≥≤百每后+*-])[12]\d(?![\d.%元人万亿千百家名位个股倍年月日号强大成岁点条项只]|,\d{3}|[及或和]?[以之][上下内])"
)
_YEAR_END = re.compile(r"(?<!\d)(20\d\d)[./-]12[./-]31(?!\d)")
_FIRST = re.compile(r"第1(?![\d.%])")
_ONE_OR_TWO = frozenset("一两二12")  # 一倍, 两家: words of the sentence, which the model reads
_SAID_YEAR = re.compile(r"\d|[一二][零〇一二三九八]")
_RELATIVE = re.compile(r"去年度?|上一?年度?|今年|本年度?|前年")
_OTHER_YEARS = re.compile(r"前年|前[两二三23]|[近去续][两二三五2-5]|过去")  # years that the model does not read as words
_CORRECTED = re.compile("不对|不是|说错|错了|搞错|口误|更正|改成|应该是|我是说|[哦啊呃不][,，]?是")


def corrects_itself(text: str) -> bool:
    """The asker takes something back: what was named need not count."""
    return _CORRECTED.search(text) is not None


class SlotFinder:
    """Finds mentions over the companies and columns of one table."""

    def __init__(
        self,
        linker: Linker,
        companies: Iterable[Company],
        columns: Collection[str],
        latest_year: int,
        people: Iterable[str] = (),
    ) -> None:
        """people: who stands in the table as 法定代表人; a question that speaks of that column may name them."""
        self.linker, self._latest = linker, latest_year
        self._people = Lookup(people)
        companies = list(companies)
        self._short = {full: short or full for full, short, _ in companies}
        # A name of the table stands for itself, also where people use the word for another column.
        self._said = nouns() | {normalise(name): name for name in columns if len(name) > 1}
        self._words = Lookup(self._said)
        self._homophones = Homophones(self._said)
        self._sure_names = _sure_names(companies, linker.renamed, self._said)
        self._sure = Lookup(self._sure_names)

    def at(self, latest_year: int) -> SlotFinder:
        """The same over a table whose latest year is another one."""
        other = copy.copy(self)
        other._latest = latest_year
        return other

    def near(self, said: str) -> tuple[str, ...]:
        """公司全称 of the companies that a name may mean which is no company's own."""
        return self.linker.alternatives(said)

    def slotted(self, question: str, earlier: Before | None = None) -> Slotted:
        """The question over slots; after `earlier`, whose slots come first."""
        text = self._spelt(question)
        found = Found(text)
        for step in (
            self._companies,
            self._strings,
            self._years,
            self._numbers,
            self._amounts,
            self._places,
            self._columns,
        ):
            step(found)
        return _Writer(text, found.mentions(), earlier).written()

    def _spelt(self, question: str) -> str:
        """Normalised, misspelt columns and shared suffixes (销售、管理费用) written out."""
        text = _YEAR_END.sub(r"\1年12月31日", _FIRST.sub("第一", plain_amounts(normalise(question))))
        known = self._words.spans(text)
        if self._homophones.corrected(text, known) != text:
            known += [(c.start, c.end) for c in self.linker.index.find(text, self._words)]
            text = self._homophones.corrected(text, known)
        return written_out(text, self._words, self._said)

    def _companies(self, found: Found) -> None:
        text, index = found.text, self.linker.index
        for linked in (*joined(index.find(text, self._words), text), *index.special(text)):
            found.add("company", linked.start, linked.end, linked.name)
        for start, end in self._sure.spans(text):
            found.add("company", start, end, self._sure_names[text[start:end]])
        for full in {str(m.value) for m in found.mentions() if m.value}:  # 徐工 beside 徐工机械
            head = self._short.get(full, "")[:2]
            if len(self._short.get(full, "")) > 2 and not is_place(head):
                for match in re.finditer(re.escape(head), text):
                    found.add("company", *match.span(), full)
        for match in _BARE_CODE.finditer(text):
            found.add("company", *match.span(), None)

    def _strings(self, found: Found) -> None:
        for match in _MAIL.finditer(found.text):
            found.add("string", *match.span(), match[0])
        for match in _QUOTED.finditer(found.text):
            if match["s"] not in self._said and not match["s"].endswith("元"):
                found.add("string", *match.span("s"), match["s"])
        if any(self._said[found.text[start:end]] == schema.PERSON for start, end in self._words.spans(found.text)):
            for start, end in self._people.spans(self._plain(found)):
                found.add("string", start, end, found.text[start:end])
        for pattern in (_BEGINS, _SURNAME, _MAIL_AT):
            for match in pattern.finditer(self._plain(found)):
                said = match["s"].replace("〇", "零")
                digits = "".join(str(_DIGITS.find(c)) for c in said) if all(c in _DIGITS for c in said) else said
                found.add("string", *match.span("s"), digits)

    @staticmethod
    def _plain(found: Found) -> str:
        """A name is one block: its characters are no numbers (三元股份)."""
        return mark(found.text, [((m.start, m.end), COMPANY) for m in found.mentions() if m.kind == "company"])

    def _years(self, found: Found) -> None:
        plain = re.sub(r"(?<=20\d\d)人(?=[均最多少数])", "仁", self._plain(found))  # 2020人均, 2020人最多 are no head counts
        for match in _SHORT_YEARS.finditer(plain):
            years = tuple(_two_digits(said) for said in re.split("[、,和]", match[0]))
            found.add("year", match.start(), match.end() + (plain[match.end() : match.end() + 1] == "年"), years)
        for year in find_years(plain, self._latest):
            found.add("year", year.start, year.end, year.years)
        for match in _BARE_YEAR.finditer(plain):
            if self._latest - 9 < (said := 2000 + int(match[0])) <= self._latest:
                found.add("year", *match.span(), (said,))
        for start, _ in self._words.spans(plain):  # 2020年末现金: the 年 is the column's
            found.give_up_last(start, "年")

    def _column_spans(self, found: Found) -> list[Span]:
        return [span for span in self._words.spans(self._plain(found)) if found.is_free(*span)]

    def _numbers(self, found: Found) -> None:
        plain = self._plain(found)
        for match in DECIMALS.finditer(plain):
            group = "a" if match["a"] else "b"
            found.add("digits", *match.span(group), parse_number(match[group]))
        for _, patterns in RANKS:
            for start, end, k in positions(plain, patterns):
                again = plain[start:end] == "一" and plain[start - 1 : start] == plain[end : end + 1]  # 排一排
                if not again and plain[start - 1 : end] != "第一":  # the first place is a word of the sentence
                    found.add("number", start, end, k)

    def _amounts(self, found: Found) -> None:
        plain, columns = self._plain(found), self._column_spans(found)
        for match in _TENTHS.finditer(plain):
            tenths = parse_number(match["n"]) or Decimal(0)
            found.add("percent", *match.span(), (tenths + (Decimal("0.5") if match["half"] else 0)) / 10)
        for amount in find_amounts(plain):
            if not any(start <= amount.start < end for start, end in columns):
                self._amount(found, amount.start, amount.end, amount.value)
        named = any(m.kind == "company" for m in found.mentions())
        for pattern in (_TIMES, _COUNTED):
            for match in pattern.finditer(plain):
                value = parse_number(match["n"])
                counts_them = pattern is _COUNTED and named and match["n"] in "一两二三四五"  # 这五家, after five names
                if value is not None and match["n"] not in _ONE_OR_TWO and not counts_them:
                    found.add("number", *match.span("n"), value)

    @staticmethod
    def _amount(found: Found, start: int, end: int, value: Decimal) -> None:
        text, behind = found.text[start:end], found.text[end : end + 1]
        compared = re.search(r"[过于足到达破超><=]了?$|至[少多]$", found.text[:start][-4:])
        if found.text[start - 1 : start] == "每" or (value == 1 and not compared and re.search("元|块", text)):
            return  # 每百元, 一块钱利润: words of a ratio
        if "%" in text or "百分之" in text:
            found.add("percent", start, end, value)
        elif (behind and behind in "倍番") or text[-1] in "倍番":
            numeral = re.match(NUMERAL, text)
            if numeral and numeral[0] not in _ONE_OR_TWO:
                found.add("number", start, start + numeral.end(), value)
        elif text.endswith("家") or behind == "家":
            found.add("number", start, end - text.endswith("家"), value)
        else:
            found.add("amount", start, end, value)

    def _places(self, found: Found) -> None:
        columns = self._column_spans(found)
        symbols = {"company": COMPANY, "year": YEAR}
        spans = [((m.start, m.end), symbols.get(m.kind, OTHER)) for m in found.mentions()]
        marked = mark(found.text, [*((span, COLUMN) for span in columns), *spans])
        for linked in find_unknown(marked, found.text, self.linker.index):
            found.add("company", linked.start, linked.end, linked.name)
        many = speaks_of_many(found.text) and not any(m.kind == "company" for m in found.mentions())
        for span, place in located(found.text, [*found.taken, *columns], many):
            found.add("place", *span, place)

    def _columns(self, found: Found) -> None:
        """Figures become slots, text columns their own names; places stay in the asker's words (注册在, 总部在)."""
        for start, end in self._column_spans(found):
            column = self._said[found.text[start:end]]
            if schema.unit_of(column) != "text":
                found.add("column", start, end, column)
            elif column not in (schema.YEAR, *schema.PLACE_COLUMNS):
                found.add("text", start, end, column)


def _two_digits(said: str) -> int:
    return 2000 + int("".join(str(_DIGITS.find(c.replace("〇", "零"))) for c in said))


_LEGAL_FORM = re.compile("(?:连锁|控股|集团)*(?:股份)?有限(?:责任)?公司$")


def _sure_names(
    companies: Sequence[Company], renamed: Iterable[Sequence[str]], words: Collection[str]
) -> dict[str, str]:
    """Short names that are no words of the language: they name their company wherever they stand."""
    import jieba

    latest = {former: names[-1] for names in renamed for former in names}
    owners: dict[str, set[str]] = {}
    for full, short, _ in companies:
        bare = normalise(short or "").replace("*ST", "").replace("ST", "")
        for name in {bare, _LEGAL_FORM.sub("", normalise(full))}:
            if len(name) >= 3 and name not in words:
                owners.setdefault(name, set()).add(latest.get(full, full))
    common = set()
    with jieba.get_dict_file() as lines:
        for line in lines:
            word, frequency, *_ = line.decode("utf-8").split(" ")
            if word in owners and int(frequency) >= 5:
                common.add(word)
    return {name: next(iter(owner)) for name, owner in owners.items() if len(owner) == 1 and name not in common}


class _Writer:
    """Writes the question with a slot for each mention."""

    def __init__(self, text: str, mentions: Sequence[Mention], earlier: Before | None) -> None:
        self._text, self._mentions = text, mentions
        self._values: dict[str, SlotValue] = dict(earlier.values) if earlier else {}
        said = {year for m in mentions if m.kind == "year" and _names_years(m.text) for year in _years_of(m)}
        self._years = sorted(said | set(earlier.years if earlier else ()))

    def written(self) -> Slotted:
        writers: Mapping[str, Callable[[Mention], str | None]] = {
            "year": self._year,
            "company": self._company,
            "text": lambda mention: str(mention.value),
        }
        kinds = {
            "place": "P",
            "amount": "A",
            "percent": "X",
            "number": "K",
            "digits": "N",
            "string": "S",
            "column": "M",
        }
        pieces, at = [], 0
        for mention in self._mentions:
            writer = writers.get(mention.kind)
            marked = writer(mention) if writer else self._give(kinds[mention.kind], mention.value)  # type: ignore[arg-type]
            if marked is not None:
                pieces += [self._text[at : mention.start], marked]
                at = mention.end
        text = "".join([*pieces, self._text[at:]])
        unknown = tuple(m.text for m in self._mentions if m.kind == "company" and m.value is None)
        return Slotted(text, self._text, self._values, tuple(self._years), unknown)

    def _give(self, kind: str, value: SlotValue) -> str:
        """The mark of the slot that stands for a value."""
        return mark_of(slot_for(self._values, kind, value), value)

    def _company(self, mention: Mention) -> str | None:
        return None if mention.value is None else self._give("C", str(mention.value))

    def _year(self, mention: Mention) -> str | None:
        """Said years become slots; 上年 and the like stay words, unless no year is said at all."""
        years = _years_of(mention)
        if not _names_years(mention.text):
            if self._years or not _RELATIVE.fullmatch(mention.text) or len(years) > 1:
                return None
            self._years = list(years)
        marks = [f"[Y{self._years.index(year) + 1}]" for year in years]
        suffix = "年" if "年" in mention.text[-7:] or not _SAID_YEAR.search(mention.text) else ""
        if len(years) > 1 and _SAID_YEAR.search(mention.text) and not re.search("[、,和与/及跟]", mention.text):
            return f"{marks[0]}到{marks[-1]}{suffix}"
        return "、".join(marks) + suffix


def _names_years(text: str) -> bool:
    """A number of a year, or words that code counts out (前两年); 上年 and 去年 are left to the model."""
    return _SAID_YEAR.search(text) is not None or _OTHER_YEARS.search(text) is not None


def _years_of(mention: Mention) -> tuple[int, ...]:
    return tuple(mention.value)  # type: ignore[arg-type]
