"""Reads fragments of questions: 那2021年呢, 换成前10, 最低的呢. What do they name, and is it really no more than that?"""

from __future__ import annotations

import re
from dataclasses import replace

from agent.figures import schema
from agent.reading.entities import Linker
from agent.reading.followup.turn import Fragment, Turn, amount_span
from agent.reading.keywords import ColumnLinker
from agent.reading.places import named_in
from agent.records import ColumnMention, Entities, MentionKind
from agent.text import Span

_LEAD = re.compile(
    r"(?:[,。、]|还有|另外|再(?!保)|然后|接着|请问一?下?|请|麻烦|帮我|查一?下|看一?下|看看|对了?|嗯|哦|好的?|同样|那么?(?![些家个])|如果|要是|假如"
    r"|(?:[把将](?:年份|年|公司|字段|地点|它)?)?[换改](?:成|为|到|作)|变成)+"
)
_SWITCH = re.compile(r"那|[换改](?:成|为|到|作)|变成|如果|要是|假如")
_TAIL = re.compile(
    r"(?P<tail>的?(?:话|情况)?(?:又?是?多少|又?是?谁|是哪[家个一](?:公司|企业)?|在哪[里儿]?|怎么?样|如何|呢|吧|啊|呀)*)[?。!,;]*$"
)
_GROWTH = re.compile(r"的?(?:同比)?(?:增长率|增速|增幅)$")
_EXTREME = re.compile(r"最(?:为)?(?P<a>[高低大小多少])|第(?:\d+|[一二三四五六七八九十百]+)(?P<b>[高低大小多少])")
_LAST = re.compile(r"倒数|最后|后(?=\d|[一二三四五六七八九十])")
_COMPARE = re.compile(
    r"(?:相?比(?:较|起来)?|对比)?(?:的?话)?,?(?:谁|哪[家个](?:公司|企业)?)的?(?P<field>.*?)(?:更|比较|最)?(?P<way>[高低大小多少])(?:一些|些|一点)?$"
    r"|(?:相比|比一?比|比较一?下?|对比一?下?|比)$"
)
_FILLER = re.compile(
    r"(?:[的在和与及跟、,年度前后第名家位个只支高低大小多少按里中]|以及|还有|公司|企业|注册(?:地址?)?|办公|上市|那些|那家|一家|排|倒数|最后|分别)*"
)
# A remainder with such a word is a question of another kind, not a name that the table lacks.
_ASKS = re.compile(
    r"什么|多少|哪|谁|几|如何|怎|为何|吗|是否|有没有|解释|介绍|含义|意思|定义|区别|分析|原因|说明|谢|不对|错"
)
_LONGEST_NAME = 16


class FragmentReader:
    """Reads fragments over one table."""

    def __init__(self, linker: Linker, columns: ColumnLinker) -> None:
        self._linker, self._columns = linker, columns

    def column_spans(self, entities: Entities) -> list[Span]:
        return [(c.start, c.end) for c in self._columns.link(entities, ()).columns]

    def read(self, text: str, turn: Turn, base_year: int, certain: bool = False) -> Fragment | str | None:
        """The fragment that `text` (normalised) is; the name that nothing knows where it surely is one; None where it is a question.

        `base_year`: what 去年 leans on; `certain`: it began with a pronoun, so it is a follow-up of some kind.
        """
        lead = _LEAD.match(text)
        core = text[lead.end() :] if lead else text
        tail = _TAIL.search(core)
        assert tail is not None  # it matches the empty end of any text
        core = core[: tail.start()]
        ends_so = "呢" in tail["tail"]
        strong = certain or ends_so or bool(lead and _SWITCH.search(lead[0]))
        fragment, rest = self._named(core, turn, base_year)
        if rest:
            is_name = fragment.kinds <= {"years", "places"} and len(rest) <= _LONGEST_NAME and not _ASKS.search(rest)
            return rest if ends_so and is_name and not certain else None
        return fragment if _leans(fragment, strong, certain, bool(tail["tail"])) else None

    def _named(self, core: str, turn: Turn, base_year: int) -> tuple[Fragment, str]:
        """What `core` names, and what is left of it."""
        compare = _COMPARE.search(core)
        if compare:
            core = core[: compare.start()] + (f"的{compare['field']}" if compare["field"] else "")
        core = _with_column(core, turn)
        entities = self._linker.link(core, base_year)
        columns = self._columns.link(entities, ()).columns
        fragment, covered = _listed(entities, columns)
        if compare:
            fragment = replace(fragment, compares=compare["way"] or "高")
        rest = "".join(c for i, c in enumerate(core) if not any(s <= i < e for s, e in covered))
        if _FILLER.fullmatch(rest):
            return fragment, ""
        if fragment.kinds <= {"compares"} and self._linker.company(core):
            return replace(fragment, companies=(core,)), ""
        return fragment, core


def _with_column(core: str, turn: Turn) -> str:
    """增长率 alone is that of the figure just asked for."""
    asked = {c.column: c.text for c in turn.columns if schema.unit_of(c.column) in ("money", "count", "share")}
    growth = _GROWTH.search(core)
    if growth is None or len(asked) != 1 or not re.fullmatch(r"[\d年的]*", core[: growth.start()]):
        return core
    return core[: growth.start()] + next(iter(asked.values())) + growth[0].removeprefix("的")


def _listed(entities: Entities, columns: tuple[ColumnMention, ...]) -> tuple[Fragment, list[Span]]:
    """Everything that is linked, by kind, and the stretches it covers."""
    text = entities.text
    covered = [(m.start, m.end) for m in entities.mentions] + [(c.start, c.end) for c in columns]
    places = [((m.start, m.end), m.text) for m in entities.of("place")]
    places += [(s, text[slice(*s)]) for s, _ in named_in(text) if not any(s[0] < e and b < s[1] for b, e in covered)]
    extreme, amounts = _EXTREME.search(text), entities.of("amount")
    amount = amount_span(text, amounts[0].start, amounts[0].end) if len(amounts) == 1 else (0, 0)
    fragment = Fragment(
        entities.years,
        # A code before a year would run into it: 6000022020年.
        tuple(
            dict.fromkeys(str(m.value) if m.value and m.text[-1].isdigit() else m.text for m in entities.of("company"))
        ),
        columns,
        tuple(said for _, said in sorted(places)),
        text[slice(*amount)],
        _number(entities, "top"),
        _number(entities, "kth"),
        extreme["a"] or extreme["b"] if extreme else "低" if _LAST.search(text) else "",
    )
    return fragment, [*covered, *(span for span, _ in places), amount, *([extreme.span()] if extreme else [])]


def _number(entities: Entities, kind: MentionKind) -> int | None:
    return next((int(str(m.value)) for m in entities.of(kind)), None)


def _leans(fragment: Fragment, strong: bool, certain: bool, asks: bool) -> bool:
    """Whether the fragment lacks what only the turn before can give.

    `strong`: 那 or 呢 says so; `certain`: a pronoun does; `asks`: it ends as a question does (是多少).
    """
    kinds = fragment.kinds
    whole = bool(kinds & {"companies", "top", "kth", "extreme", "places", "amount"}) and "columns" in kinds
    if whole and not strong:
        return False
    if whole and "years" in kinds:
        return certain and bool(fragment.compares) and len(fragment.companies) == 1
    if strong:
        return bool(kinds)
    if fragment.compares:
        return bool(fragment.companies) and not fragment.columns
    if fragment.columns:
        return asks and kinds <= {"columns", "years"}
    return len(kinds) == 1
