"""What each round brought: status in lines, a report as one HTML page without network and as markdown."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.errors import CaibaoError
from agent.files import replaced
from agent.labelling import contradictions, journal, plots
from agent.labelling.acceptance import Precision
from agent.labelling.loop import Loop
from agent.labelling.plots import SHARES, TASKS
from agent.labelling.project import Round

Table = tuple[tuple[str, ...], Sequence[tuple[str, ...]]]  # headings, rows


@dataclass(frozen=True)
class Section:
    """One part of a report: words, a table, plots as SVG."""

    title: str
    words: tuple[str, ...] = ()
    table: Table | None = None
    plots: tuple[str, ...] = ()


def status(loop: Loop) -> list[str]:
    """Where the project stands and what comes next."""
    state = loop.state
    origins = "、".join(f"{name} {state.origins.get(origin, 0)}" for origin, name in SHARES.items())
    drafted = sum(1 for a in state.open() if a.id in loop.drafts)
    lines = [
        f"问题 {len(state.questions)} 个，有标注 {len(state.labelled)} 个（{origins}），放到一边 {len(state.set_aside)} 个。",
        f"现在的前缀：{f'第{loop.project.rounds[-1].number}轮' if loop.project.rounds else '开始时的'}；它起草了、还没定的 {drafted} 个；测试题待标 {len(loop.test_queue())} 个。",
        f"人看了 {state.minutes:.1f} 分钟；自动接受抽查过的精度：{loop.precision()}。",
    ]
    return [*lines, *(f"· {each}" for each in advice(loop))]


def advice(loop: Loop) -> list[str]:
    """What to do next, in words, the most urgent first."""
    state, rounds = loop.state, loop.project.rounds
    found = []
    clashes = contradictions.find(state)
    if clashes:
        found.append(f"有 {len(clashes)} 处矛盾：label review --contradictions。")
    if audits := len(loop.audit_queue()):
        found.append(f"有 {audits} 题自动接受的要抽查：label audit。")
    if tests := len(loop.test_queue()):
        found.append(f"有 {tests} 题测试题没有标，标了才量得出准确率：label review --test。")
    precision = loop.precision()
    if precision.total >= 20 and precision.share < loop.project.settings.target:
        found.append(
            f"抽查的精度 {precision.share:.1%} 低于目标 {loop.project.settings.target:.1%}：再运行 label accept，门槛会提高。"
        )
    if missing := contradictions.missing_classes(state):
        found.append(f"没有 {'、'.join(missing)} 类的标注：问题里有的话，加一些进来（label start 可以往里加）。")
    if not loop.drafts and state.open():
        found.append("还没有草稿：label draft。")
    elif any(a.id in loop.drafts for a in state.open()):
        found.append("有起草了没定的题：先 label accept，再 label review。")
    new = len(state.labelled) - (sum(n for o, n in rounds[-1].origins.items() if o != "open") if rounds else 0)
    if new >= max(50, 0.2 * len(state.labelled)):
        found.append(f"上一轮之后多了 {new} 个标注，可以再训练一轮：label train。")
    if len(rounds) > 1 and (better := gained(rounds)) is not None and better < 0.01:
        found.append("上一轮准确率几乎没有提高：先看“还错的”，多标那些题型，或就此停下。")
    return found or ["没有要做的了。"]


def gained(rounds: Sequence[Round]) -> float | None:
    """How much the statement's accuracy rose in the last round (class, where there are no statements); None where it was not measured."""
    for task in ("nl2sql", "classify"):
        shares = [f["right"] / f["total"] for r in rounds[-2:] if (f := r.figures.get(task))]
        if len(shares) == 2:
            return float(shares[1] - shares[0])
    return None


def sections(loop: Loop) -> list[Section]:
    """Everything that a report says."""
    rounds, state = loop.project.rounds, loop.state
    labelled = max(1, len(state.labelled))
    shares = [(name, str(n := state.origins.get(o, 0)), f"{n / labelled:.1%}") for o, name in SHARES.items()]
    return [
        Section("现在", tuple(status(loop)[:3])),
        Section("接下来", tuple(advice(loop))),
        Section("准确率", _accuracy_words(rounds), _accuracy(rounds), (plots.accuracy(rounds),) if rounds else ()),
        Section("标注从哪里来", (), (("来源", "数", "比例"), shares), (plots.shares(rounds, state.origins),)),
        Section("自动接受的精度", ("按抽查的行估计，区间是 Clopper-Pearson 95%。",), _precision(loop)),
        Section("人花的时间", _minutes(loop)),
        Section("训练损失", (), None, tuple(plots.losses(rounds, task) for task in TASKS) if rounds else ()),
        Section("还错的", ("测试集上，标准类别 → 写成的类别。",) if rounds else (), _confusion(rounds)),
        Section("矛盾与变化", tuple(_contradictions(loop))),
        Section("各轮", (), _manifest(rounds)),
    ]


def _accuracy_words(rounds: Sequence[Round]) -> tuple[str, ...]:
    return () if any(r.figures for r in rounds) else ("还没有量过：标了测试题、训练一轮以后才有。",)


def _accuracy(rounds: Sequence[Round]) -> Table | None:
    rows = []
    for each in rounds:
        cells = []
        for task in TASKS:
            f = each.figures.get(task)
            cells.append(
                f"{f['right'] / f['total']:.1%}（{f['low']:.1%}–{f['high']:.1%}，{f['total']}题）" if f else "—"
            )
        rows.append((f"第{each.number}轮", *cells))
    return (("", *TASKS.values()), rows) if rows else None


def _precision(loop: Loop) -> Table:
    by_kind: dict[str, list[bool]] = {}
    for row in loop.audited():
        by_kind.setdefault(row.kind, []).append(row.right)
    rows = [("全部", str(loop.precision()))]
    rows += [(kind, str(Precision(sum(right), len(right)))) for kind, right in sorted(by_kind.items())]
    return ("题型", "抽查"), [tuple(row) for row in rows]


def _minutes(loop: Loop) -> tuple[str, ...]:
    looked = [d.seconds for d in loop.state.judged if d.seconds > 0]
    if not looked:
        return ("还没有在屏幕上看过题（导入的标注没有时间）。",)
    middle = sorted(looked)[len(looked) // 2]
    by_person = Counter[str]()
    for decision in loop.state.judged:
        by_person[decision.by] += round(decision.seconds)
    people = "、".join(f"{name} {seconds / 60:.1f} 分钟" for name, seconds in by_person.items())
    return (f"看了 {len(looked)} 题，{sum(looked) / 60:.1f} 分钟，每题中位数 {middle:.1f} 秒（{people}）。",)


def _confusion(rounds: Sequence[Round]) -> Table | None:
    pairs = rounds[-1].figures.get("confusion", []) if rounds else []
    wrong = sorted(
        ((n, *pair.split(">")) for pair, n in pairs if pair.split(">")[0] != pair.split(">")[1]), reverse=True
    )
    return (("标准", "写成", "题"), [(a, b, str(n)) for n, a, b in wrong]) if wrong else None


def _contradictions(loop: Loop) -> list[str]:
    state = loop.state
    lines = [f"{each.words}（{len(each.rows)}行）" for each in contradictions.find(state)[:20]]
    if missing := contradictions.missing_classes(state):
        lines.append(f"没有标注的类别：{'、'.join(missing)}")
    dates = [r.at for r in loop.project.rounds]
    if dates:
        earlier = [f for f in state.labelled.values() if f.by.at <= dates[-1]]
        later = [f for f in state.labelled.values() if f.by.at > dates[-1]]
        lines += [f"上一轮之后类别的比例变了：{drift}" for drift in contradictions.drifts(earlier, later)]
    return lines or ["没有。"]


def _manifest(rounds: Sequence[Round]) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            str(r.number),
            r.at[:16],
            r.by,
            "、".join(map(str, r.seeds)),
            r.data,
            r.model,
            r.prefix,
            str(r.rows.get("nl2sql/train", 0)),
        )
        for r in rounds
    ]
    return ("轮", "时间（UTC）", "谁", "种子", "数据", "基座", "前缀", "语句行"), rows


def write(loop: Loop, path: Path) -> list[Path]:
    """Writes the page and, beside it, the same as markdown; a report is the one thing that is made anew each time.

    Raises:
        CaibaoError: it cannot be written.
    """
    found = sections(loop)
    title = f"标注报告：{loop.project.folder.resolve().name}"
    texts = {path: page(title, found), path.with_suffix(".md"): markdown(title, found)}
    for target, text in texts.items():
        try:
            with replaced(target) as beside:
                beside.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CaibaoError(journal.unwritable(target, error)) from None
    return list(texts)


_STYLE = """body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;max-width:46rem;
margin:0 auto;padding:1rem;color:#222;background:#fff}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem;
border-bottom:1px solid #ddd}svg{width:100%;height:auto}.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem}
td,th{padding:.25rem .6rem;border-bottom:1px solid #eee;text-align:left;white-space:nowrap}
@media(prefers-color-scheme:dark){body{background:#fff;color:#222}}"""


def page(title: str, found: Sequence[Section]) -> str:
    """One HTML page: no script, no link to anything outside."""
    body = []
    for section in found:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [f"<p>{html.escape(words)}</p>" for words in section.words]
        if section.table:
            headings, rows = section.table
            head = "".join(f"<th>{html.escape(h)}</th>" for h in headings)
            lines = "".join(f"<tr>{''.join(f'<td>{html.escape(c)}</td>' for c in row)}</tr>" for row in rows)
            body.append(f'<div class="wide"><table><tr>{head}</tr>{lines}</table></div>')
        body += section.plots
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,'
        f'initial-scale=1"><title>{html.escape(title)}</title><style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>'
        f"{''.join(body)}</body></html>\n"
    )


def markdown(title: str, found: Sequence[Section]) -> str:
    """The same without plots."""
    lines = [f"# {title}", ""]
    for section in found:
        lines += [f"## {section.title}", "", *(f"- {words}" for words in section.words)]
        if section.table:
            headings, rows = section.table
            lines += ["", _line(headings), _line(["---"] * len(headings)), *map(_line, rows)]
        lines.append("")
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
