"""Conclusions with one thing wrong, and the same conclusions in other honest words: what a checker must stop and let pass.

Every function takes a template's sentence and a random source and returns its version, None where the sentence has nothing to change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

AMOUNT = re.compile(r"(?<![\d.\-/第前])(-?\d+(?:\.\d+)?)(元|%|人)")
_YEAR = re.compile(r"(20\d\d)(?=年)")
_FLIPS = (
    ("最高", "最低"),
    ("更高", "更低"),
    ("大于", "小于"),
    ("不低于", "不超过"),
    ("增加了", "减少了"),
    ("不相同", "相同"),
    ("每年均", "至少有一年"),
    ("不含", "含"),
)
_ADDED = (
    "同比增长{a}.{b}%。",
    "比上年增加{a}{b}万元。",
    "行业平均为{a}{b}.5万元。",
    "在全部公司中排名第{a}。",
    "另有{a}家公司情况类似。",
    "其中研发费用为{a}{b}00元。",
)


@dataclass(frozen=True)
class Told:
    """A sentence, the companies it names, and names that it could confuse them with."""

    text: str
    companies: Sequence[str]
    others: Sequence[str]


Change = Callable[[Told, random.Random], str | None]


def _pick(rng: random.Random, pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return rng.choice(found) if found else None


def _put(text: str, match: re.Match[str], new: str) -> str | None:
    return None if new == match[0] else text[: match.start()] + new + text[match.end() :]


def digit_changed(told: Told, rng: random.Random) -> str | None:
    match = _pick(rng, re.compile(r"(?<=\d|[^A-Za-z@.])\d(?=[\d.]*(?:元|人|家|%))"), told.text)
    return _put(told.text, match, rng.choice([d for d in "0123456789" if d != match[0]])) if match else None


def digits_swapped(told: Told, rng: random.Random) -> str | None:
    pairs = [m for m in re.finditer(r"(?=(\d)(\d)[\d.]*(?:元|人|%))", told.text) if m[1] != m[2]]
    if not pairs:
        return None
    at, first, second = (chosen := rng.choice(pairs)).start(), chosen[1], chosen[2]
    return told.text[:at] + second + first + told.text[at + 2 :]


def unit_changed(told: Told, rng: random.Random) -> str | None:
    match = _pick(rng, AMOUNT, told.text)
    if not match or not Decimal(match[1]):
        return None
    wrong = {"元": ("万元", "亿元", "人", "美元"), "人": ("万人", "元", "家"), "%": ("", "个百分点", "元")}[match[2]]
    return _put(told.text, match, match[1] + rng.choice(wrong))


def percent_moved(told: Told, rng: random.Random) -> str | None:
    match = _pick(rng, re.compile(r"(-?\d+\.\d+)%"), told.text)
    if not match or not Decimal(match[1]):
        return None
    return _put(told.text, match, rng.choice((f"{Decimal(match[1]) / 100}%", f"{Decimal(match[1]) * 100}%", match[1])))


def year_changed(told: Told, rng: random.Random) -> str | None:
    match = _pick(rng, _YEAR, told.text)
    return (
        _put(told.text, match, str(rng.choice([y for y in range(2018, 2023) if y != int(match[1])]))) if match else None
    )


def company_swapped(told: Told, rng: random.Random) -> str | None:
    named = [name for name in told.companies if name in told.text]
    if not named:
        return None
    old = rng.choice(named)
    return told.text.replace(
        old, rng.choice([n for n in (*told.others, *named) if old not in n and n not in old] or ["甲乙"]), 1
    )


def values_swapped(told: Told, rng: random.Random) -> str | None:
    found = list(AMOUNT.finditer(told.text))
    pairs = [(a, b) for i, a in enumerate(found) for b in found[i + 1 :] if a[2] == b[2] and a[1] != b[1]]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    return told.text[: a.start()] + b[0] + told.text[a.end() : b.start()] + a[0] + told.text[b.end() :]


def direction_flipped(told: Told, rng: random.Random) -> str | None:
    there = [(a, b) for pair in _FLIPS for a, b in (pair, pair[::-1]) if a in told.text]
    there = [(a, b) for a, b in there if not (a in ("相同", "含") and "不" + a in told.text)]
    if "第" in told.text and (match := re.search(r"(?<=\d)[高低](?=的公司)", told.text)):
        return _put(told.text, match, {"高": "低", "低": "高"}[match[0]])
    return told.text.replace(*rng.choice(there), 1) if there else None


def number_added(told: Told, rng: random.Random) -> str | None:
    return told.text + rng.choice(_ADDED).format(a=rng.randint(1, 9), b=rng.randint(1, 9))


def rounded_beyond(told: Told, rng: random.Random) -> str | None:
    """One or two figures left of many, or decimals that nobody knows."""
    match = _pick(rng, re.compile(r"(?<![\d.\-])(\d{5,})(\.\d+)?元"), told.text)
    if not match:
        return None
    value = Decimal(match[1] + (match[2] or ""))
    kept = value.quantize(Decimal(1).scaleb(value.adjusted() - rng.randint(0, 1)), ROUND_HALF_UP)
    coarse = f"{kept:f}元" if rng.random() < 0.5 else f"{(kept / 10**8).normalize():f}亿元"
    return _put(
        told.text,
        match,
        coarse
        if kept != value and rng.random() < 0.6
        else f"{value}{rng.randint(1, 9)}7元"
        if match[2]
        else f"{value}.37元",
    )


def sign_lost(told: Told, rng: random.Random) -> str | None:
    match = _pick(rng, AMOUNT, told.text)
    if not match or not Decimal(match[1]):
        return None
    return _put(told.text, match, match[0][1:] if match[0].startswith("-") else "-" + match[0])


WRONG: dict[str, Change] = {
    "改一位数字": digit_changed,
    "相邻数字互换": digits_swapped,
    "单位改变": unit_changed,
    "百分号与小数点": percent_moved,
    "年份改变": year_changed,
    "公司换成别家": company_swapped,
    "两个数值互换": values_swapped,
    "方向相反": direction_flipped,
    "多出一个数": number_added,
    "超出精度": rounded_beyond,
    "正负号": sign_lost,
}


def _in_unit(size: int, unit: str) -> Change:
    def change(told: Told, rng: random.Random) -> str | None:
        def converted(match: re.Match[str]) -> str:
            value = Decimal(match[1])
            if abs(value) < size or match[2] != "元":
                return match[0]
            return f"{(value / size).quantize(Decimal('0.01'), ROUND_HALF_UP)}{unit}"

        return _changed(told.text, AMOUNT.sub(converted, told.text))

    return change


def _changed(before: str, after: str) -> str | None:
    return None if before == after else after


def thousands(told: Told, rng: random.Random) -> str | None:
    return _changed(told.text, AMOUNT.sub(lambda m: f"{Decimal(m[1]):,f}{m[2]}", told.text))


def full_width(told: Told, rng: random.Random) -> str | None:
    wide = str.maketrans("0123456789.%", "０１２３４５６７８９．％")
    return _changed(told.text, AMOUNT.sub(lambda m: m[0].translate(wide), told.text))


_HAN = "零一二三四五六七八九"


def _chinese(number: int) -> str:
    """1 to 99 as they are said."""
    tens, ones = divmod(number, 10)
    return ("" if not tens else "十" if tens == 1 else _HAN[tens] + "十") + (_HAN[ones] if ones or not tens else "")


def chinese_counts(told: Told, rng: random.Random) -> str | None:
    said = re.sub(r"(?<!\d)(\d{1,2})家", lambda m: _chinese(int(m[1])) + "家", told.text)
    return _changed(told.text, said)


def chinese_percent(told: Told, rng: random.Random) -> str | None:
    return _changed(told.text, re.sub(r"(?<![-\d.])(\d+\.\d+)%", r"百分之\1", told.text))


def other_words(told: Told, rng: random.Random) -> str | None:
    """Form words changed."""
    before = rng.choice(("根据查询结果，", "数据显示，", "经查询，", ""))
    text = told.text
    for old, new in (
        (("是", "为"), ("为", "达到"))
        if rng.random() < 0.5
        else (("的上市公司数量为", "的公司共有"), ("最高的公司为", "最高的是"), ("最低的公司为", "最低的是"))
    ):
        text = re.sub(
            rf"(?<=[人金入润产债用本益额计率数存]){old}(?=-?\d)|(?<!.){old}" if len(old) == 1 else old, new, text
        )
    return _changed(told.text, before + text)


def reordered(told: Told, rng: random.Random) -> str | None:
    """公司 before 年份, or 年份 with 在."""
    match = re.match(r"(20\d\d年)([^，。；]+?)的([^，。；是为]+)(是|为)([^。，]+)。", told.text)
    if not match or not any(name in match[2] for name in told.companies):
        return None
    year, company, column, _, value = match.groups()
    new = rng.choice(("{c}{y}的{x}为{v}。", "{c}在{y}的{x}是{v}。", "{c}，{y}，{x}：{v}。", "{y}，{c}{x}为{v}。"))
    return new.format(c=company, y=year, x=column, v=value) + told.text[match.end() :]


def without_formula(told: Told, rng: random.Random) -> str | None:
    return _changed(told.text, re.sub(r"根据公式，[^，]+，得出", "", told.text))


def bracketed(told: Told, rng: random.Random) -> str | None:
    """甲公司净利润为5元；乙公司… → 甲公司（5元）、乙公司（…）."""
    if "及金额" not in told.text or "；" not in told.text:
        return None
    names = "|".join(re.escape(name) for name in told.companies)
    text = re.sub(rf"({names})[^；。]*?为([^；。，]+)(?=[；。])", r"\1（\2）", told.text) if names else told.text
    return _changed(told.text, text.replace("；", "、"))


HONEST: dict[str, Change] = {
    "换成亿元": _in_unit(10**8, "亿元"),
    "换成万元": _in_unit(10**4, "万元"),
    "千分位": thousands,
    "全角数字": full_width,
    "家数用汉字": chinese_counts,
    "百分之": chinese_percent,
    "换虚词": other_words,
    "换次序": reordered,
    "省去公式": without_formula,
    "括号列举": bracketed,
}
