"""What the words of a question say for certain about the statement that answers it: direction of a ranking, over which years, sums."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_DOWNWARDS, _UPWARDS = re.compile("[从由](?:大到小|高到低|多到少)|降序"), re.compile("[从由](?:小到大|低到高|少到多)|升序")
_HIGHEST = re.compile(rf"最[高大多快强猛前]|第\d+[高大多]|居首|榜首|领先|{_DOWNWARDS.pattern}")
_RANKED = re.compile(r"前\d|第\d")  # without another word the highest are meant
_LOWEST = re.compile(
    rf"最[低小少慢弱差]|第\d+[低小少]|倒数|垫底|末[尾位]|最后\d|后\d+[名位家]|{_UPWARDS.pattern}|[跌减滑]|降(?!序)|亏[得损]?最"
)
_SOME_YEAR = re.compile(r"年(?:排?在?前\d+[名家位]?)?或|任[一意何]|随便|曾(?!经?(?:在|于|用|注册))|(?:至少有?|只要有?|其中|哪怕)一年|[进出有排]过")
# 都有哪些 and 都报一下 say nothing of years.
_EVERY_YEAR = re.compile(r"均|都(?!有?[哪谁些什是报列给告叫说算])|每年|年年|始终|一直|每一年|连续|同时")
_EACH = re.compile(r"分别|各|逐年|分年|每")
_YEAR_BY_YEAR = re.compile(r"分别|各年|逐年|分年|每一年|各为|各是")
_MEAN = re.compile("平均|均值|(?<![每两三四五几])年均(?![超大小高低在位为不排进入])")
_TOGETHER = re.compile(r"加(?:起来|总|(?:在)?一[块起])|相加|合(?:起来|计|(?:在)?一[块起])|之和|总和|累计|[总一拢统]共|共计")
_CHANGED = re.compile(
    r"(?:增加|减少|增长|下降|上升|变化|变动|上涨|下跌|提高|降低|[多少涨跌降升增减])了(?:多少|几)|(?:增加|减少|变化|变动|上升|下降)多少"
)
GROWN = re.compile(r"[增长变涨减降升跌滑差]|同比|比上?|速")
_WHICH = re.compile(r"哪[几一]?[家个些]|[是有]谁|谁(?!(?:能|可以)?(?:帮\w{0,3})?(?:知道|告诉|查))")  # 谁知道 asks for no company


@dataclass(frozen=True)
class Words:
    """highest, lowest: of a ranking; some_year, every_year: of several; each: one figure a year; together: years are added up;
    changed: how much more or less than before; which: companies are asked for."""

    highest: bool
    lowest: bool
    certain: bool  # which of the two: by an order, or as a bare rank without any word that could turn it round
    some_year: bool
    every_year: bool
    each: bool
    year_by_year: bool
    mean: bool
    together: bool
    changed: bool
    which: bool

    @classmethod
    @lru_cache(maxsize=256)  # every check of every candidate asks
    def of(cls, text: str) -> Words:
        named, lowest = bool(_HIGHEST.search(text)), bool(_LOWEST.search(text))
        every = bool(_EVERY_YEAR.search(_MEAN.sub("", text)))
        rest = (_EACH, _YEAR_BY_YEAR, _MEAN, _TOGETHER, _CHANGED, _WHICH)
        highest = named or (not lowest and bool(_RANKED.search(text)))
        ordered = bool(_DOWNWARDS.search(text)) != bool(_UPWARDS.search(text))
        certain = highest != lowest and (ordered or not (named or lowest or re.search("[亏负]", text)))
        return cls(highest, lowest, certain, bool(_SOME_YEAR.search(text)), every, *(bool(pattern.search(text)) for pattern in rest))

    @property
    def order(self) -> str:
        """DESC unless the lowest are meant."""
        return "ASC" if self.lowest and not self.highest else "DESC"
