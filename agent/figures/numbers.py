"""Numbers as people write them in Chinese, and as answers print them. Exact decimals throughout, no binary floats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

_DIGITS = (
    {c: i for i, c in enumerate("零一二三四五六七八九")}
    | {c: i for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")}
    | {"○": 0, "两": 2, "俩": 2}
)
_MULTIPLIERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10**4, "亿": 10**8}
# Never a part of a longer run of digits: that also keeps the expressions below from backtracking without end.
_ARABIC = r"(?<![\d.])(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+(?!\d))(?:\.\d+(?!\d))?"
_HAN = f"[{''.join(_DIGITS)}]"
_SCALE = f"[{''.join(_MULTIPLIERS)}]"
NUMERAL = f"(?:(?:{_ARABIC}|{_HAN}|{_SCALE})(?:个(?=[百千万亿])|点(?={_HAN}))?){{1,24}}"
"""Regular expression of a numeral in NFKC text; what it matches still has to pass `parse_number`."""

_TOKEN = re.compile(f"({_ARABIC})|({_HAN}+(?:点{_HAN}+)?)|({_SCALE})")
_MAX_DIGITS = 20  # decimals that an answer prints at most


def parse_number(text: str) -> Decimal | None:
    """The value of one numeral, None where `text` is not exactly one: 五, 一百零三, 十个亿, 1.5亿, 1亿5000万, 一万五, 1,000,000, 负五.

    >>> parse_number("两千三百万")
    Decimal('23000000')
    """
    sign = -1 if text[:1] in ("-", "负") else 1
    body = text[1:] if sign < 0 else text
    if not re.fullmatch(NUMERAL, body):
        return None
    # Each multiplier scales the smaller numbers before it: 两千三百|万 → (2000 + 300) * 10000, but 1亿 stays in 1亿5000万.
    stack: list[Decimal] = []
    previous: str | None = None
    tokens = _TOKEN.findall(body)
    for i, (arabic, han, scale) in enumerate(tokens):
        if scale:
            # The number directly before it counts however large it is: 12000万.
            # So does what a smaller multiplier has made large: 500百万.
            large = previous in _MULTIPLIERS and bool(stack) and _MULTIPLIERS[scale] <= stack[-1] < 10**8
            direct = stack.pop() if large or (previous is not None and previous not in _MULTIPLIERS) else None
            below = _pop_below(stack, _MULTIPLIERS[scale])
            stack.append((below or Decimal(1) if direct is None else below + direct) * _MULTIPLIERS[scale])
        else:
            if previous is not None and previous not in _MULTIPLIERS:
                return None
            stack.append(_plain_value(arabic, han, previous if i == len(tokens) - 1 else None))
        previous = scale or arabic or han
    return sign * sum(stack, Decimal(0))


_LETTERS = {"B": 10**9, "M": 10**6, "E": 10**8}  # 1B, 500M; 10E is 10亿 on a phone
_SCIENTIFIC = re.compile(r"(?<![\w.])\d+(?:\.\d+)?e\d{1,2}(?![\w.])", re.IGNORECASE | re.ASCII)
_LETTERED = re.compile(r"(?<![A-Za-z\d.])(\d+(?:\.\d+)?)([BME])(?=元|人民币|的|以|[,、。?]|$)")
_HALVED = re.compile(r"(?<![\d/.])(\d)/(\d)(?=[万亿])")
_SUMMED = re.compile(r"(?<![\d.])(\d+)亿零(\d+)万")


def plain_amounts(text: str) -> str:
    """Amounts as only tables and phones write them, in digits: 1.2e9, 1B, 500M, 10E, 1/2亿, 12亿零500万.

    >>> plain_amounts("超过1.2e9元")
    '超过1200000000元'
    """
    text = _SCIENTIFIC.sub(lambda m: f"{Decimal(m[0]):f}", text)
    text = _LETTERED.sub(lambda m: f"{Decimal(m[1]) * _LETTERS[m[2]]:f}", text)
    text = _HALVED.sub(lambda m: f"{Decimal(m[1]) / Decimal(m[2]):.6g}" if m[2] != "0" else m[0], text)
    return _SUMMED.sub(r"\1亿\2万", text)


def _pop_below(stack: list[Decimal], limit: int) -> Decimal:
    total = Decimal(0)
    while stack and stack[-1] < limit:
        total += stack.pop()
    return total


def _plain_value(arabic: str, han: str, multiplier: str | None) -> Decimal:
    """The value of a run of digits; `multiplier` stands before the last one (一万五 is 15000, 一万零五 is 10005)."""
    if arabic:
        value, single = Decimal(arabic.replace(",", "")), arabic.isdigit() and len(arabic) == 1
    else:
        value, single = Decimal("".join("." if c == "点" else str(_DIGITS[c]) for c in han)), len(han) == 1
    shortened = single and multiplier is not None and _MULTIPLIERS[multiplier] >= 100
    return value * _MULTIPLIERS[multiplier] / 10 if shortened and multiplier else value


@dataclass(frozen=True)
class Amount:
    """A threshold in a text: [start, end) covers numeral and unit; `value` in 元 (人 for head counts, a ratio for percentages)."""

    start: int
    end: int
    value: Decimal


_COMPARATOR = (
    r"(?:大于|小于|高于|低于|多于|少于|超过|超出|超|突破|破|不足|不到|不满|未满|(?:没有?|未)(?:到|达到?)|达到|达|至少|至多|最少|最多|不低于|不高于|不超过|等于|介于|上|过|[><=≥≤])"
    r"(?:了|到|或等于|等于|=)?(?:人民币)?"
)
_UNIT = r"(?:元人民币|人民币|元|块钱|块|人次|号?人|股|%|[个名号](?=员工|职工))"
_COUNTED = r"(?:名|位(?!小数|[于置列])|家|个(?![月季年])|件|项|台|套|吨|次|倍)"
_AFTER = r"(?:(?:及|或|和)?(?:以上|以下|以内|之上|之下|之间)|[都也](?:不到|不足|没有?到?))"
_AMOUNT = re.compile(
    rf"(?P<before>{_COMPARATOR})?(?<![\d.])(?P<percent>百分之)?(?P<number>(?:(?<![\d年元人名万亿%])[-负])?{NUMERAL})(?P<unit>{_UNIT})?(?P<counted>{_COUNTED})?(?P<after>{_AFTER})?"
)
_RANGE = re.compile(rf"(?<![\d.])(?P<number>-?(?:{_ARABIC}|{_HAN}+))(?P<link>[-~到至—])$")
_BETWEEN = re.compile(rf"(?<![\d.])(?P<number>-?(?:{_ARABIC}|{_HAN}+))(?P<link>[-~到至—和与])$")
_NO_AMOUNT_BEHIND = re.compile(r"(?<=一)[直致般样向共起同定]|年|月|日|季|位小数|大(?:客户|股东|供应商)")
_BARE_SCALES = re.compile(f"{_SCALE}+")
_ROUGHLY = re.compile("[一二两三四五六七八九]{2}[十百千万亿]")  # 两三百: nobody knows which


def find_amounts(text: str) -> tuple[Amount, ...]:
    """Amounts of NFKC text without spaces, in order. An amount has a unit (5亿, 100万元, 300人, 20%) or follows a comparator (超过5000).

    Years, ranks (前十, 第三) and requests for decimals (保留两位小数) are not amounts.
    """
    found: list[Amount] = []
    for match in _AMOUNT.finditer(text):
        if _is_amount(text, match):
            value = parse_number(match["number"])
            if value is None:
                continue
            end = max(match.end(group) for group in ("number", "unit", "counted"))
            start = match.start("percent") if match["percent"] else match.start("number")
            percent = match["percent"] or match["unit"] == "%"
            between = "之间" in (match["after"] or "")
            if lower := _lower_end(text, start, match["number"], between):
                found = [amount for amount in found if amount.start != lower.start] + [lower]
            found.append(Amount(start, end, value / 100 if percent else value))
    return tuple(found or _bare_ranges(text))


# 三千到五千的, 300至800之间: a range needs no unit; years have four digits and begin with 19 or 20.
_BARE_RANGE = re.compile(rf"(?<![\d.年])(?P<low>{NUMERAL})[到至~-](?P<high>{NUMERAL})(?=的|之间|以内)(?!年)")


def _bare_ranges(text: str) -> list[Amount]:
    found = []
    for match in _BARE_RANGE.finditer(text):
        for end in ("low", "high"):
            value = parse_number(match[end])
            if value is not None and not re.fullmatch(r"(?:19|20)?\d\d", match[end]):
                found.append(Amount(*match.span(end), value))
    return found if len(found) % 2 == 0 else []


def _is_amount(text: str, match: re.Match[str]) -> bool:
    number, unit, compared = match["number"], match["unit"] or match["percent"], bool(match["before"] or match["after"])
    start = match.start("percent") if match["percent"] else match.start("number")
    before = text[max(0, start - 3) : start]
    if _ROUGHLY.search(number) or _NO_AMOUNT_BEHIND.match(text, match.end("number")) or re.search(r"(?:第|前|后|top)$", before, re.IGNORECASE):
        return False
    if _BARE_SCALES.fullmatch(number) and number[0] not in "十拾":
        # 超过千万, 过亿, 超百人; but neither 万元 (a unit) nor 万科.
        alone = number == "万" and re.match(r"[的者,，、。?？]|$", text[match.end() :])  # 过万的
        return bool(match["before"]) and (len(number) > 1 or number == "亿" or bool(unit) or bool(alone))
    if compared and not (
        match["before"] in ("上", "过", "达", "破", "超", "最多", "最少") and not (unit or number[-1] in "万亿")
    ):
        return True
    if match["counted"] and not unit and number[-1] not in "万亿":
        return bool(re.match(r"[到至~-][\d一二两三四五六七八九十百千]+[名个位]?.{0,3}之间", text[match.end() :]))
    if unit:
        # 三元股份 and 一人 are no amounts without a comparator; 三百万元, 3元, 20% are.
        return bool(match["percent"]) or unit == "%" or bool(re.search(r"\d|[百佰千仟万亿]", number))
    return number[-1] in "万亿"


def _lower_end(text: str, start: int, upper: str, between: bool) -> Amount | None:
    """The 1 of 1到2亿, which borrows the 亿; the 500 of 500和1000之间."""
    match = (_BETWEEN if between else _RANGE).search(text, max(0, start - 30), start)
    scale = re.search(f"{_SCALE}*$", upper.removeprefix("-"))
    if not match or not scale or not (scale[0] or between):
        return None
    value = parse_number(match["number"] + scale[0])
    return None if value is None else Amount(match.start("number"), match.end("number"), value)


_PLACES = re.compile(
    rf"小数点后(?:面)?(?:保留)?({NUMERAL})位|({NUMERAL})位小数|保留(?:到|至)?(?:小数点?后?)?({NUMERAL})位(?!有效|整)"
)
_NAMED_PLACES = {
    r"保留(?:到|至)?整数|取整|精确到(?:个位|整数|元)": 0,
    "十分位|0\\.1(?!\\d)": 1,
    "精确到分|百分位|0\\.01(?!\\d)": 2,
    "千分位|0\\.001(?!\\d)": 3,
}


def requested_digits(text: str) -> int | None:
    """How many decimals the asker wants (保留3位小数, 小数点后两位, 精确到0.01); None where nothing is said."""
    match = _PLACES.search(text)
    if match:
        value = parse_number(next(group for group in match.groups() if group))
        return None if value is None or value != int(value) else min(int(value), _MAX_DIGITS)
    if re.search("保留|精确|取整", text):
        return next((digits for pattern, digits in _NAMED_PLACES.items() if re.search(pattern, text)), None)
    return None


_UNIT_ASKED = re.compile(
    r"单位(?:统一)?(?:为|是|用|选|取|按|换算成|[:(])*(?P<a>[亿万]元?)|[以用按](?P<b>[亿万]元?)(?:为|作|做|来|计|算|表示|显示|展示|的?单位|告诉|回答|列|给|说|报)|(?P<f>[亿万]元)[为作做当]单位"
    r"|(?:多少|几)个?(?P<c>[亿万])(?!人|股|名)|(?:换算?|折[算合]?|转换?|改写?|[化写说])(?:(?<=折合)|成|为|到|作)(?P<d>[亿万]元?)(?![\d股科])|\((?P<e>[亿万]元)\)"
)
_PERCENT_ASKED = re.compile(r"(?<!不用)(?<!不要)(?:百分比|百分数|百分之(?:多少|几)|[用以]%)")


def requested_unit(text: str) -> Literal["亿元", "万元", "百分比"] | None:
    """The unit the asker wants figures in (是多少亿元, 以万元为单位, 用百分比表示); an amount such as 5亿元 asks for none."""
    match = _UNIT_ASKED.search(text)
    if match:
        return "亿元" if next(group for group in match.groups() if group)[0] == "亿" else "万元"
    return "百分比" if _PERCENT_ASKED.search(text) else None


def format_number(value: Decimal | int, digits: int | None = None) -> str:
    """Plain notation: no exponent, no zeros behind (138734348.36, 2, 201257); with `digits` rounded half up to that many decimals.

    Raises:
        ValueError: `value` is not finite.
    """
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"not a finite number: {number}")
    if digits is None:
        text = format(number, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        with localcontext() as context:
            context.prec = max(number.adjusted(), 0) + digits + 10
            text = format(number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP), "f")
    return text.removeprefix("-") if not text.strip("-0.") else text


def format_percent(ratio: Decimal | int, digits: int = 2) -> str:
    """A ratio as a percentage: Decimal("0.18263") → "18.26%"."""
    sign, figures, exponent = Decimal(ratio).as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"not a finite number: {ratio}")
    return format_number(Decimal((sign, figures, exponent + 2)), digits) + "%"
