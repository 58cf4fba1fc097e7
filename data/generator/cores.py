"""Builds templates from cores, so that a place can stand in every position without writing each wording out.

In a core, @ marks where a place may be named as a phrase of its own (在杭州注册的公司中,) and # where it may stand before the
noun (在杭州注册的); <c> is the condition of a filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import cycle


def lines(text: str) -> tuple[str, ...]:
    """One wording a line."""
    return tuple(text.strip().split("\n"))


def words(text: str) -> tuple[str, ...]:
    """Words between white space."""
    return tuple(text.split())


_EITHER = "{places}"
_PHRASES = lines("""
在{place}注册的(公司|上市公司|企业)(中|里),
注册(地|地址|地点)在{place}的(公司|上市公司)(中|里),
注册于{place}的(公司|企业)(中|里),
{place}的(公司|上市公司|企业)(中|里)(,|)
注册(地|地址)(为|是){place}的(公司|上市公司)(中|里),
注册在{place}的(公司|上市公司|企业)里(,|)
位于{place}的(公司|上市公司)(中|里),
曾经在{place}注册(过|)的(公司|上市公司)(中|里),
在{place}注册的所有(公司|上市公司)(中|里),
历史注册(地|地址)在{place}的(公司|上市公司)中,
就{place}的(公司|上市公司)(而言|来说),
注册地点在{place}的(所有|全部)(公司|上市公司)(中|里),
""")
_MODIFIERS = (
    "在{place}注册的",
    "注册(地|地址|地点)在{place}的",
    "{place}的",
    "注册于{place}的",
    "注册地(为|是){place}的",
    "位于{place}的",
    "注册在{place}的",
)
_EVERYONE = (
    "所有(公司|上市公司)(中|里),",
    "全部(公司|上市公司|企业)(中|里),",
    "在全体上市公司中,",
    "就所有(公司|上市公司)而言,",
    "各家公司里,",
)


def _bare(core: str) -> str:
    """The core without a place."""
    return core.replace("@", "").replace("#", "")


def everywhere(cores: Iterable[str]) -> tuple[str, ...]:
    """The cores without a place."""
    return tuple(_bare(core) for core in cores)


def placed(cores: Iterable[str]) -> tuple[str, ...]:
    """A template for every @ and # of every core, the phrases and modifiers taken in turn."""
    words = {"@": cycle(_PHRASES), "#": cycle(_MODIFIERS)}
    return tuple(
        _bare(core[: spot.start()]) + next(words[spot.group()]) + _bare(core[spot.end() :])
        for core in cores
        for spot in re.finditer("[@#]", core)
    )


def scoped(cores: Iterable[str]) -> tuple[str, ...]:
    """Without a place, but saying that all companies are meant."""
    everyone = cycle(_EVERYONE)
    return tuple(_bare(core.replace("@", next(everyone))) for core in cores)


def either(templates: Iterable[str]) -> tuple[str, ...]:
    """The same with several places, one or another."""
    return tuple(template.replace("{place}", _EITHER) for template in templates)


def with_condition(condition: str, cores: Iterable[str]) -> tuple[str, ...]:
    """The cores with <c> put in."""
    return tuple(core.replace("<c>", condition) for core in cores)


def with_aggregate(aggregate: str, cores: Iterable[str]) -> tuple[str, ...]:
    """The cores with <of> put in: how a sum or an average is said."""
    return tuple(core.replace("<of>", aggregate) for core in cores)
