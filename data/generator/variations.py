"""Variations of a wording: other words for its columns, something that no table holds, a place or a unit more, courtesies, typos."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

from agent.figures import schema
from agent.figures.aliases import aliases
from agent.figures.said import FILE as SAID
from agent.figures.said import nouns
from agent.understanding.absent import FILE as ABSENT
from agent.understanding.slots import kind_of
from data.generator.wordings import WORDINGS, Wording

_SLOT = re.compile(r"\[([CYMTPAXKSN]\d)\]")
_KINDS = "mhrs"  # money, heads, ratio, per share
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
        for row in jsonl(SAID):
            column = known.get(row["column"], row["column"])
            if schema.unit_of(column) is None or column.startswith("X"):
                continue
            if row["kind"] == "question":
                self.questions.append((row["said"], column))
            elif row["kind"] == "adjective":
                self.adjectives.append((row["said"], column))
        self.absent: dict[str, list[str]] = {}
        for row in jsonl(ABSENT):
            if row["said"] not in nouns():
                self.absent.setdefault(row["why"], []).append(row["said"])
        self.asides: dict[str, list[str]] = {"before": [], "behind": []}
        for row in jsonl(WORDINGS / "asides.jsonl"):
            self.asides[row["at"]].append(row["aside"])
        by_start: dict[str, list[str]] = {}
        for noun in self.nouns:
            by_start.setdefault(noun[:2], []).append(noun)
        self.by_start = {start: sorted(found, key=len, reverse=True) for start, found in by_start.items()}


def jsonl(path: Path) -> list[dict]:
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
