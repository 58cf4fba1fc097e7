"""Names with one typo: which known name was meant?

Two short names that differ in one character are often two companies (东方电气, 东方电子). So a short name may differ only as typing makes it
differ: by a character of the same sound, or one doubled or lost. In a long one two neighbours may be exchanged, and behind the first four
characters (the brand: 南方航空, 东方航空) any one may differ. Of the short names of 1,576 listed companies, 188 are one edit from exactly one
other; under this rule 2 are taken for another.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from agent.reading.places import without_place

LEGAL_FORM = re.compile(r"(?:集团)?(?:股份有限公司|有限责任公司|股份公司|有限公司|公司)$")
_SHORTEST, _LONG, _BRAND = 4, 6, 4

# GB 2312 puts its 3,755 common characters in the order of their sounds; these are the first of each of the 396 syllables, from a to zuo.
_SYLLABLES = (
    "啊埃鞍肮凹芭白斑邦苞杯奔崩逼鞭标鳖彬兵玻哺擦猜餐苍操厕层插拆搀昌超车郴撑吃充抽初揣川疮吹春戳疵聪凑粗蹿摧村磋搭呆耽当刀德蹬堤颠碉跌丁丢东兜都端堆墩掇蛾恩而发藩坊菲芬"
    "丰佛否夫噶该干冈篙哥给根耕工钩辜刮乖棺光瑰辊锅哈骸酣夯壕呵嘿痕哼轰喉呼花槐欢荒灰荤豁击嘉歼僵蕉揭巾荆炯揪鞠捐撅均喀开刊康考坷肯坑空抠枯夸块宽匡亏坤括垃莱蓝琅捞勒雷棱"
    "厘俩联粮撩列琳玲溜龙楼芦驴峦掠抡萝妈埋瞒芒猫么玫门萌眯棉苗蔑民明谬摸谋拇拿氖南囊挠呢馁嫩能妮蔫娘鸟捏您柠牛脓奴女暖虐挪哦欧啪拍攀乓抛呸喷砰坯篇飘撇拼乒坡扑期掐牵枪橇"
    "切钦青琼秋趋圈缺裙然瓤饶惹壬扔日戎揉茹软蕊闰若撒腮三桑搔瑟森僧莎筛珊墒梢奢砷声师收蔬刷摔栓霜谁吮说斯松搜嗽酸虽孙蓑塌胎坍汤掏特藤梯天挑贴厅通偷凸湍推吞拖挖歪豌汪威瘟"
    "嗡挝巫昔瞎掀相萧楔薪星兄休墟轩靴勋压焉殃邀椰一茵英哟拥幽淤鸳曰耘匝栽咱赃遭责贼怎增扎摘瞻樟招遮珍蒸芝中舟珠抓拽专桩椎谆捉兹鬃邹租钻嘴尊昨"
)
_FIRST_CODES = [c.encode("gb2312") for c in _SYLLABLES]
_LAST_COMMON = b"\xd7\xf9"


@lru_cache(maxsize=8192)
def _syllable(character: str) -> int | None:
    """Number of the syllable of a common character, None for any other."""
    code = character.encode("gb2312", errors="ignore")
    return bisect_right(_FIRST_CODES, code) if len(code) == 2 and _FIRST_CODES[0] <= code <= _LAST_COMMON else None


def sound_alike(one: str, other: str) -> bool:
    """Whether two common characters have the same syllable, whatever the tone: 达 and 大."""
    return _syllable(one) is not None and _syllable(one) == _syllable(other)


def core(name: str) -> str:
    """What tells a company from others: its name without place and legal form."""
    return without_place(LEGAL_FORM.sub("", name))


def is_typo(typed: str, name: str) -> bool:
    """Whether `typed` is `name` with one typo (see the module text)."""
    known = core(name)
    shorter = min(len(core(typed)), len(known))
    too_short = min(len(LEGAL_FORM.sub("", typed)), len(LEGAL_FORM.sub("", name))) < _SHORTEST
    if typed == name or too_short or abs(len(typed) - len(name)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, name)) if a != b), min(len(typed), len(name)))
    rest, meant = typed[start:], name[start:]
    behind_brand = shorter >= _LONG and start >= name.find(known) + _BRAND
    if len(typed) == len(name):
        exchanged = rest[:2] == meant[1::-1] and rest[2:] == meant[2:]
        return (exchanged and shorter >= _LONG) or (
            rest[1:] == meant[1:] and (behind_brand or sound_alike(rest[0], meant[0]))
        )
    if len(typed) < len(name):
        return rest == meant[1:]
    return rest[1:] == meant and (behind_brand or (start > 0 and rest[0] == typed[start - 1]))


class SimilarNames:
    """An index of names by what is left of them when one character is lost."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names`: name → what it stands for."""
        self._names = names
        self._shortened: dict[str, list[str]] = defaultdict(list)
        for name in names:
            for key in {name, *_without_one(name)}:
                self._shortened[key].append(name)

    def find(self, typed: str) -> str | None:
        """What the only name stands for that `typed` is a typo of; None where none or several are."""
        found = self.all_meant(typed)
        return found[0] if len(found) == 1 else None

    def all_meant(self, typed: str) -> list[str]:
        """What all the names stand for that `typed` is a typo of."""
        near = {name for key in (typed, *_without_one(typed)) for name in self._shortened.get(key, ())}
        return sorted({self._names[name] for name in near if is_typo(typed, name)})


def _without_one(name: str) -> Iterator[str]:
    return (name[:i] + name[i + 1 :] for i in range(len(name)))
