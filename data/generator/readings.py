"""Rows for the reader of statements: our wordings, varied, as {"text", "symbols"}; one file a pass, so that no pass is like another.

data/wordings holds texts with slots and their statements. Here years are numbered as agent.understanding numbers them, figures get a kind, words that
name a column become slots (mostly), names are exchanged for what no table holds (then the statement is NONE), conditions and
units are added, courtesies and typing habits too. A twelfth of the wordings is held out, by its text.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import md5
from pathlib import Path

from agent.figures import schema
from agent.figures.aliases import aliases
from agent.figures.said import FILE as SAID
from agent.figures.said import nouns
from agent.statements.meaning import own_parts
from agent.statements.parsing import parse
from agent.statements.spelling import write
from agent.statements.symbols import symbols_of, vocabulary
from agent.statements.syntax import Binary, Column, Statement, rebuild, walk
from agent.understanding.absent import FILE as ABSENT
from agent.understanding.explained import KnownPairs
from agent.understanding.slots import kind_of
from data.generator import numerals
from data.generator.template_statements import template_wordings

FINTRAIN = Path(__file__).resolve().parents[2] / "FinTrain" / "nl2sql" / "train.json"
WORDINGS = Path(__file__).resolve().parents[1] / "wordings"
PASSES, SEED = 8, 7
TEMPLATES = 2000  # of FinTrain's questions over many companies that a pass takes in besides the wordings
_SLOT = re.compile(r"\[([CYMTPAXKSN]\d)\]")
_RANGE = re.compile(r"\[Y(\d)\]年?度?\s?(?:到|至|-|~|—|–|→)\s?\[Y(\d)\]")
_KINDS = "mhrs"  # money, heads, ratio, per share
# What the marks of the reader's tokenizer begin like.
_BEGINNINGS = {
    "C": "公司",
    "Y": "2020年",
    "P": "杭州",
    "A": "5亿",
    "X": "20%",
    "K": "5",
    "S": "688",
    "N": "2",
}
_FIGURES = {"m": "营业收入", "h": "员工人数", "r": "毛利率", "s": "每股收益"}


@dataclass(frozen=True)
class Wording:
    """text, statement and (of a follow-up) the statement before, all over slots; `source`: the file."""

    text: str
    sql: str
    before: str = ""
    source: str = ""


def marks() -> dict[str, str]:
    """Further tokens of the reader → the text that each begins like."""
    found = {f"[{kind}{n}]": text for kind, text in _BEGINNINGS.items() for n in range(1, 7)}
    found |= {f"[M{n}{kind}]": text for n in range(1, 8) for kind, text in _FIGURES.items()}
    return found | {"[SEP]": "。"}


def numbered(wording: Wording) -> Wording:
    """Years as the agent numbers them: those that are named (inner years of a range too) Y1, Y2, …; the year before the first Y0, the
    one before that Y00, the year after the last Z1."""
    named = {int(n) for n in re.findall(r"\[Y(\d)\]", wording.text)} | {
        int(n) for n in re.findall(r"@Y(\d)", wording.before)
    }
    used = sorted({int(n) for n in re.findall(r"@Y(\d)", wording.sql)})
    if not named:
        last = max(used, default=1)
        names = {year: ("Y1", "Y0", "Y00")[min(2, last - year)] for year in used}
    else:
        inner = {n for a, b in _RANGE.findall(wording.text) for n in range(int(a) + 1, int(b))}
        first, last = min(named), max(named)
        every = sorted(named | inner | {year for year in used if first < year < last})
        names = {year: f"Y{number}" for number, year in enumerate(every, 1)}
        names |= {year: "Y0" if first - year == 1 else "Y00" for year in used if year < first}
        names |= {year: f"Z{year - last}" for year in used if year > last}

    def again(text: str, pattern: str, form: str) -> str:
        return re.sub(pattern, lambda m: form.format(names.get(int(m[1]), f"Y{m[1]}")), text)

    return replace(
        wording,
        text=again(wording.text, r"\[Y(\d)\]", "[{}]"),
        sql=again(wording.sql, r"@Y(\d)", "@{}"),
        before=again(wording.before, r"@Y(\d)", "@{}"),
    )


def wordings() -> Iterator[Wording]:
    """Every wording of data/wordings, its years numbered, its statement in the one spelling."""
    for path in sorted(WORDINGS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "sql" in row:
                text, sql = numerals.slotted(row["text"], row["sql"])
                made = numbered(Wording(text, sql, row.get("before", ""), path.stem))
                yield replace(made, sql=canonical(made.sql), before=canonical(made.before) if made.before else "")


_COLUMN_NAMES = {
    "英文名称": "外文名称",
    "英文全称": "外文名称",
    "英文简称": "外文名称",
    "电子邮箱": "电子信箱",
    "邮箱": "电子信箱",
    "网址": "公司网址",
}
_TIMELESS = re.compile(
    r"(股票代码|股票简称|公司全称|外文名称|法定代表人|电子信箱|公司网址|注册地址|办公地址)(?![@一-鿿])"
)


@cache
def canonical(sql: str) -> str:
    """The one spelling where hands differ: column names, years of text columns, one company against a number over all."""
    if sql == "NONE":
        return sql
    for said, column in _COLUMN_NAMES.items():
        sql = re.sub(rf"(?<![一-鿿]){said}(?![一-鿿])", column, sql)
    years = re.findall(r"@([YZ]\d+)", sql)
    sql = _TIMELESS.sub(rf"\1@{max(years, default='Y1')}", sql)
    sql = re.sub(r"公司@(\w+) IS NOT NULL AND 股票代码@\1 LIKE", r"股票代码@\1 LIKE", sql)
    statement = parse(re.sub("SELECT 公司,", "SELECT ", sql))
    return write(_about_one(statement))


def _about_one(statement: Statement) -> Statement:
    """C1.M1@Y1/(SELECT …) is M1@Y1/(SELECT …) WHERE 公司=C1."""
    select = statement.select
    if select is None or select.where is not None or select.order is not None:
        return statement
    outer = [part for part in own_parts(select.items) if isinstance(part, Column)]
    every = [c for item in select.items for c in walk(item) if isinstance(c, Column) and c.company]
    names = {column.company for column in outer}
    if len(names) != 1 or "" in names or len(every) != len(outer):
        return statement
    company = names.pop()
    bare = rebuild(select, lambda n: replace(n, company="") if isinstance(n, Column) and n.company == company else n)
    return replace(statement, select=replace(bare, where=Binary("=", Column("公司"), Column(company))))


def held_out(text: str) -> bool:
    return int(md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % 12 == 0


class Sayings:
    """Words for columns, by what they are; and words that no table answers, by why."""

    def __init__(self) -> None:
        known = aliases()
        self.nouns = {said: column for said, column in nouns().items() if schema.unit_of(column) != "text"}
        self.texts = [
            (s, c)
            for s, c in nouns().items()
            if schema.unit_of(c) == "text" and c != schema.YEAR and not re.search("[a-zA-Z]", s)
        ]
        self.questions: list[tuple[str, str]] = []
        self.adjectives: list[tuple[str, str]] = []
        for row in _jsonl(SAID):
            column = known.get(row["column"], row["column"])
            if schema.unit_of(column) is None or column.startswith("X"):
                continue
            if row["kind"] == "question":
                self.questions.append((row["said"], column))
            elif row["kind"] == "adjective":
                self.adjectives.append((row["said"], column))
        self.absent: dict[str, list[str]] = {}
        for row in _jsonl(ABSENT):
            if row["said"] not in nouns():
                self.absent.setdefault(row["why"], []).append(row["said"])
        self.asides: dict[str, list[str]] = {"before": [], "behind": []}
        for row in _jsonl(WORDINGS / "asides.jsonl"):
            self.asides[row["at"]].append(row["aside"])
        by_start: dict[str, list[str]] = {}
        for noun in self.nouns:
            by_start.setdefault(noun[:2], []).append(noun)
        self.by_start = {start: sorted(found, key=len, reverse=True) for start, found in by_start.items()}


def _jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Variations:
    """Varies wordings; the same random numbers, the same rows."""

    def __init__(self, rng: random.Random, sayings: Sayings) -> None:
        self._rng, self._sayings = rng, sayings

    def row(self, wording: Wording) -> tuple[str, str]:
        """(what the reader sees, the statement)."""
        wording = self._text_columns(wording)
        kinds: dict[str, str] = {}
        if wording.before:
            text = self._with_kinds(wording.text, kinds)
            earlier = re.sub(r"(?<![A-Za-z])([CMYPAXKSN]\d)(?![\d\]])", r"[\1]", wording.before)
            return f"{self._with_kinds(earlier, kinds)}[SEP]{self._typed(text)}", wording.sql
        if self._rng.random() < 0.7:
            wording, kinds = self.named(wording)
        wording = self._addressed(self._composed(self._exchanged(wording)))
        return self._with_kinds(self._typed(wording.text), kinds), wording.sql

    def _text_columns(self, wording: Wording) -> Wording:
        """[T1] in somebody's words for a text column."""
        for slot in sorted(set(re.findall(r"T\d", wording.text + wording.sql + wording.before))):
            said, column = self._rng.choice(self._sayings.texts)
            sql, before = (re.sub(rf"(?<![A-Za-z]){slot}@", f"{column}@", s) for s in (wording.sql, wording.before))
            wording = Wording(wording.text.replace(f"[{slot}]", said), sql, before, wording.source)
        return wording

    def named(self, wording: Wording) -> tuple[Wording, dict[str, str]]:
        """Words that name a column of the statement become slots, as the agent makes them; kinds: of those slots."""
        found: list[tuple[int, int, str]] = []  # start, end, slot or column
        at, text = 0, wording.text
        while at < len(text):
            slot = _SLOT.match(text, at)
            noun = next((n for n in self._sayings.by_start.get(text[at : at + 2], ()) if text.startswith(n, at)), None)
            if slot:
                if slot[1][0] == "M":
                    found.append((at, slot.end(), slot[1]))
                at = slot.end()
            elif noun and re.search(rf"(?<![一-鿿]){re.escape(self._sayings.nouns[noun])}@", wording.sql):
                found.append((at, at + len(noun), self._sayings.nouns[noun]))
                at += len(noun)
            else:
                at += 1
        slots: dict[str, str] = {}
        pieces, at = [], 0
        for start, end, name in found:
            slots.setdefault(name, f"M{len(slots) + 1}")
            pieces += [text[at:start], f"[{slots[name]}]"]
            at = end
        pieces.append(text[at:])
        sql = re.sub(r"(?<![一-鿿A-Za-z])(M\d|[一-鿿、]+)@", lambda m: f"{slots.get(m[1], m[1])}@", wording.sql)
        kinds = {slot: kind_of(name) for name, slot in slots.items() if not re.fullmatch(r"M\d", name)}
        return replace(wording, text="".join(pieces), sql=sql), kinds

    def _exchanged(self, wording: Wording) -> Wording:
        """Now and then a figure in a rare word of its own, or something that no table holds in a name's place."""
        slots = [m for m in dict.fromkeys(_SLOT.findall(wording.text)) if m[0] == "M"]
        chance = self._rng.random()
        if not slots or wording.sql == "NONE" or chance > 0.185:
            return wording
        slot, absent = self._rng.choice(slots), self._sayings.absent
        if chance < 0.10:
            said, column = self._rng.choice(list(self._sayings.nouns.items()))
            sql = re.sub(rf"\b{slot}@", f"{column}@", wording.sql)
            return replace(wording, text=wording.text.replace(f"[{slot}]", said), sql=sql)
        if chance < 0.15:
            said = self._rng.choice(absent["market"] + absent["figure"])
            return replace(wording, text=wording.text.replace(f"[{slot}]", said), sql="NONE")
        if chance < 0.17 and "C1" not in wording.text:
            return replace(wording, text=f"{self._rng.choice(absent['group'])}里{wording.text}", sql="NONE")
        if "[Y" in wording.text:
            said = self._rng.choice(absent["time"])
            return replace(wording, text=re.sub(r"\[Y\d\]年?", said, wording.text, count=1), sql="NONE")
        return wording

    def _composed(self, wording: Wording) -> Wording:
        """A place or a unit more, where the statement has room for it."""
        text, sql, rng = wording.text, wording.sql, self._rng
        room = sql.startswith("SELECT 公司 ") and not re.search(r"P1|公司=|C1|IN \(|\(SELECT|Y0| OR |上述", sql)
        if room and rng.random() < 0.10:
            year = max(re.findall(r"@(Y\d)", sql), default="Y1")
            where = f"注册地址@{year} LIKE P1"
            sql = (
                sql.replace(" WHERE ", f" WHERE {where} AND ", 1)
                if " WHERE " in sql
                else sql.replace("公司 ", f"公司 WHERE {where} ", 1)
            )
            said = rng.choice(
                (
                    "在[P1]注册的公司里，",
                    "注册地在[P1]的公司中，",
                    "[P1]的公司里，",
                    "[P1]的上市公司中",
                    "只看[P1]的公司，",
                )
            )
            return replace(wording, text=said + text, sql=sql)
        if re.fullmatch(r"SELECT M\d@Y\d WHERE 公司=C1", sql) and rng.random() < 0.06:
            unit = rng.choice(("亿元", "万元", "百万元"))
            said = rng.choice(("，用{}表示", "，单位{}", "，按{}算", " 换算成{}", "（{}）", " 折合{}")).format(unit)
            return replace(wording, text=text.rstrip("？?。") + said, sql=f"{sql} AS {unit}")
        return wording

    def _addressed(self, wording: Wording) -> Wording:
        """Courtesies before and behind."""
        text, rng = wording.text, self._rng
        if rng.random() < 0.2:
            text = rng.choice(rng.choice((_BEFORE, self._sayings.asides["before"]))) + text
        if rng.random() < 0.2:
            text = text.rstrip("？?。") + rng.choice(rng.choice((_BEHIND, self._sayings.asides["behind"])))
        return replace(wording, text=text)

    def _typed(self, text: str) -> str:
        """Punctuation left out, a character missing."""
        if self._rng.random() < 0.12:
            text = re.sub(r"(?<=[一-鿿])[，。？！,?!](?=[一-鿿]|$)", "", text)
        if self._rng.random() < 0.08:
            at = self._rng.randrange(len(text))
            plain = "[" not in text[max(0, at - 3) : at + 4] and "]" not in text[max(0, at - 3) : at + 4]
            if plain and "一" <= text[at] <= "鿿" and text[at] not in _MEANINGFUL:
                text = text[:at] + text[at + 1 :]
        return text

    def _with_kinds(self, text: str, kinds: dict[str, str]) -> str:
        """[M1] → [M1m]: the kind of figure that stands there."""

        def marked(match: re.Match[str]) -> str:
            slot = match[1]
            if slot[0] != "M":
                return match[0]
            if slot not in kinds:
                kinds[slot] = self._rng.choices(_KINDS, (64, 12, 20, 4))[0]
            return f"[{slot}{kinds[slot]}]"

        return _SLOT.sub(marked, text)

    def saying(self) -> tuple[str, str]:
        """A question made of a saying alone: how people ask for a column without naming it, or for what no table holds."""
        rng, chance = self._rng, self._rng.random()
        if chance < 0.5:
            said, column = rng.choice(self._sayings.questions)
            text = rng.choice(
                (
                    "[C1][Y1]年{}",
                    "[C1] [Y1] {}",
                    "[Y1]年[C1]{}",
                    "[C1]在[Y1]年{}呢",
                    "想问下[C1]，[Y1]年{}",
                    "{} [C1] [Y1]",
                )
            )
            unit = (
                " AS 亿元"
                if re.search("(?:几|多少)个?亿", said)
                else " AS 万元"
                if re.search("(?:几|多少)万(?!人)", said)
                else ""
            )
            return text.format(said), f"SELECT {_over_years(column)} WHERE 公司=C1{unit}"
        if chance < 0.87:
            return self._superlative()
        why = rng.choice(list(self._sayings.absent))
        said = rng.choice(self._sayings.absent[why])
        return _ABSENT_QUESTIONS[why].format(said) if rng.random() < 0.8 else said, "NONE"

    def _superlative(self) -> tuple[str, str]:
        rng = self._rng
        while True:
            said, column = rng.choice(self._sayings.adjectives)
            high = re.search("最[高多大强猛快肥长狠厚富赚]|居首|第一|最会", said)
            low = re.search("最[低少小弱慢薄差省短]|垫底|倒数", said)
            if (high or low) and not re.search("亏|跌|降|流出|减|缩|裁", said):
                break
        one = rng.random() < 0.6
        text = rng.choice(_ONE if one else _SEVERAL).format(said)
        return (
            text,
            f"SELECT 公司 ORDER BY {_over_years(column)} {'DESC' if high else 'ASC'} LIMIT {'1' if one else 'K1'}",
        )


def _over_years(column: str) -> str:
    base, suffix = schema.over_last_year(column)
    if suffix == schema.GROWTH:
        return f"增长率({base}@Y0,{base}@Y1)"
    return f"{base}@Y1-{base}@Y0" if suffix else f"{base}@Y1"


_BEFORE = [
    "请问",
    "问一下",
    "帮我查下",
    "麻烦查一下",
    "想了解一下",
    "你好，",
    "您好，请问",
    "嗯",
    "那个",
    "查一下",
    "告诉我",
    "帮忙看看",
    "我想知道",
    "请帮我",
    "求助：",
    "打扰一下，",
]
_BEHIND = ("谢谢", "？", "?", "。", "谢谢！", "啊", "呢", "呀", "，谢谢了", "，急", "麻烦了")
_MEANINGFUL = frozenset("不没无超高低大小多少最前后倒加减乘除和或且")
_ONE = ("[Y1]年{}的公司是哪家", "[Y1] {}的是谁", "[Y1]年哪家公司{}", "谁{}？[Y1]年", "[Y1]年{}的公司")
_SEVERAL = ("[Y1]年{}的[K1]家公司", "[Y1] {}的前[K1]名", "列出[Y1]年{}的[K1]家")
_ABSENT_QUESTIONS = {
    "market": "[C1][Y1]年的{}是多少",
    "figure": "[C1][Y1]年{}多少",
    "group": "[Y1]年{}里营业收入最高的是谁",
    "person": "[C1]的{}是谁",
    "time": "[C1]{}净利润多少",
    "text": "[C1][Y1]年{}",
    "opinion": "[C1]{}",
}


def rows(wordings: Sequence[Wording], seed: int, sayings: Sayings) -> Iterator[dict]:
    """One pass: every wording once, and a ninth as many sayings."""
    rng = random.Random(f"{SEED} {seed}")
    vary, known = Variations(rng, sayings), frozenset(vocabulary())
    made = [vary.row(wording) for wording in wordings] + [vary.saying() for _ in range(len(wordings) // 9)]
    for text, sql in made:
        symbols = symbols_of(sql)
        if known.issuperset(symbols):
            yield {"text": text, "symbols": symbols}


def write_readings(folder: Path, passes: int = PASSES) -> int:
    """Writes the folder that `python -m ptuning.reader --rows` takes, and pairs.txt; returns the number of wordings."""
    folder.mkdir(parents=True, exist_ok=True)
    sayings, every = Sayings(), list(wordings())
    kept = [wording for wording in every if held_out(wording.text)]
    taught = [wording for wording in every if not held_out(wording.text)]
    templates = [numbered(Wording(text, sql, source="FinTrain")) for text, sql in template_wordings(FINTRAIN)]
    for number in range(passes):
        some = random.Random(f"{SEED} templates {number}").sample(templates, TEMPLATES)
        _write(folder / f"train-{number:02}.jsonl", rows([*taught, *some], number, sayings))
    _write(folder / "heldout.jsonl", list(rows(kept, -1, sayings))[: len(kept)])
    (folder / "symbols.json").write_text(json.dumps(vocabulary(), ensure_ascii=False), encoding="utf-8")
    (folder / "marks.json").write_text(json.dumps(marks(), ensure_ascii=False), encoding="utf-8")
    known_pairs(every).save(folder / "pairs.txt")
    return len(every)


def known_pairs(every: Iterable[Wording]) -> KnownPairs:
    """What has been read: our wordings, sayings, and the questions of FinTrain, whose names are surrogates."""
    asked = (row["question"] for row in json.loads(FINTRAIN.read_text(encoding="utf-8")))
    asides = (row["aside"] for row in _jsonl(WORDINGS / "asides.jsonl"))
    return KnownPairs.of([*(w.text for w in every), *(row["said"] for row in _jsonl(SAID)), *asides, *asked])


def _write(path: Path, found) -> None:  # type: ignore[no-untyped-def]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")
