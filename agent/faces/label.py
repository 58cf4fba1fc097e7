"""python -m agent label {start|draft|review|accept|audit|train|report|status|undo|grow|export|import|merge}: the loop on the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent import building
from agent.labelling.project import Project, Settings, create
from agent.model import DEFAULT_BASE

Run = Callable[[argparse.Namespace], int]


def _tell(sentence: str) -> None:
    print(sentence, flush=True)


def _loop(options: argparse.Namespace) -> Any:
    from agent.labelling.loop import Loop

    project = Project(options.project, options.writer)
    outside = "" if project.settings.database else os.environ.get("CAIBAO_DATABASE", "")
    return Loop(project, options.database or outside)


def start(options: argparse.Namespace) -> int:
    """A new project from a file of questions; more questions into one that is there."""
    from agent.labelling import exchange, starting

    texts = exchange.read_questions(options.questions)
    if not (options.project / "project.json").exists():
        database = options.database or os.environ.get("CAIBAO_DATABASE", building.DEFAULT_DATABASE)
        settings = Settings(
            starting.without_password(database),
            options.table,
            str(options.model) if options.model != DEFAULT_BASE else "",
            str(options.prefixes or ""),
            str(options.reader or ""),
            options.seed,
            options.first,
            options.test_size,
            options.target,
            str(options.test.resolve()) if options.test else "",
        )
        starting.check(settings, database)
        create(options.project, settings)
    loop = _loop(options)
    added = starting.add(loop, texts, str(options.questions.name))
    splits = starting.splits(loop.project)
    _tell(f"{options.project}：新加 {added} 个问题，共 {len(loop.project.questions)} 个（训练/验证/测试 {splits}）。")
    _tell(f"接下来：python -m agent label draft {options.project}")
    return 0


def draft(options: argparse.Namespace) -> int:
    loop = _loop(options)
    count = options.count or (loop.project.settings.first if not loop.project.rounds else 600)

    def progress(done: int, total: int) -> None:
        print(
            f"\r起草 {done}/{total}",
            end="\n" if done == total or not sys.stderr.isatty() else "",
            file=sys.stderr,
            flush=True,
        )

    made = loop.draft(count, progress=progress)
    _tell(
        f"起草了 {made} 题。接下来：label accept（自动接受），label review（人看）。" if made else "没有要起草的题了。"
    )
    return 0


def accept(options: argparse.Namespace) -> int:
    loop = _loop(options)
    found = loop.accept()
    _tell(
        f"自动接受 {found.accepted} 题，收回 {found.revoked} 题，{found.review} 题留给人看。门槛（目标精度 {loop.project.settings.target:.1%}）："
    )
    for kind, limit in sorted(found.limits.items()):
        _tell(f"  {kind or '其他题型'}  {'看过的不够，不自动接受' if limit > 1 else f'{limit:.3f}'}")
    audits = len(loop.audit_queue())
    _tell(f"抽查过的精度：{loop.precision()}" + (f"；还有 {audits} 题要抽查：label audit" if audits else ""))
    return 0


def review(options: argparse.Namespace) -> int:
    loop = _loop(options)
    if options.contradictions:
        return _settle(loop, options)
    queue = loop.test_queue()[: options.count] if options.test else loop.queue(options.count)
    return _sit(loop, queue, options, audit=False)


def audit(options: argparse.Namespace) -> int:
    loop = _loop(options)
    queue = [loop.project.questions[name] for name in loop.audit_queue()]
    done = _sit(loop, queue, options, audit=True)
    _tell(f"自动接受的精度：{loop.precision()}。再运行 label accept 会按抽查重新定门槛。")
    return done


def _sit(loop: Any, queue: list[Any], options: argparse.Namespace, audit: bool) -> int:
    from rich.console import Console

    from agent.faces.review import Review
    from agent.faces.typing import line_reader

    if not queue:
        _tell("没有要看的题了。" if loop.drafts else "还没有草稿，请先运行 label draft。")
        return 0
    done = Review(loop.project, loop.desk, loop.drafts, Console(), line_reader(), audit).run(queue)
    speed = f"，平均每题 {done.seconds / done.decided:.1f} 秒" if done.decided else ""
    _tell(f"这次看了 {done.decided} 题，{done.seconds / 60:.1f} 分钟{speed}。")
    return 0


def _settle(loop: Any, options: argparse.Namespace) -> int:
    """Each contradiction with its rows, one key each."""
    from rich.console import Console

    from agent.faces.settling import settle
    from agent.faces.typing import line_reader

    settled = settle(loop, Console(), line_reader(), hard=options.hard)
    _tell(f"解决了 {settled} 处矛盾。")
    return 0


def train(options: argparse.Namespace) -> int:
    from agent.labelling.training import FINTRAIN, Recipe

    loop = _loop(options)
    if open_audits := len(loop.audit_queue()):
        _tell(f"提醒：还有 {open_audits} 题没有抽查（label audit），自动接受的精度还不知道。")
    seeds = tuple(options.seeds)
    recipe = Recipe(
        seeds, options.steps, options.learning_rate, options.replay, FINTRAIN, options.fresh, options.pre_seq_len
    )
    made = loop.train(recipe, options.augment, _tell)
    for task in ("classify", "keywords", "nl2sql"):
        if task in made.figures:
            f = made.figures[task]
            _tell(f"  {task} {f['right']}/{f['total']}（95% 区间 {f['low']:.1%}–{f['high']:.1%}）")
    if not made.figures:
        _tell("  还没有标过的测试题，量不出准确率：label review --test")
    grown = loop.project.path("grown", made.id)
    _tell(f"第{made.number}轮完成。同样的数据也可以：FINTRAIN={grown} bash train.sh nl2sql")
    return 0


def grow(options: argparse.Namespace) -> int:
    """Other wordings of accepted questions from an endpoint, into the pool."""
    from agent.labelling.endpoint import Endpoint, grown

    loop = _loop(options)
    parents = [found for found in loop.state.learned("train") if found.seen and not found.asked.parent][: options.rows]
    made, failed = grown(parents, Endpoint(options.endpoint, options.name), loop.desk, options.count)
    fresh = [asked for asked in made if asked.id not in loop.project.questions]
    loop.project.add_questions(fresh)
    _tell(f"加了 {len(fresh)} 个问题（来源 endpoint:{options.name}），{failed} 种说法没有通过检查。接下来：label draft")
    return 0


def report(options: argparse.Namespace) -> int:
    from agent.labelling import report as reports

    written = reports.write(_loop(options), options.output or options.project / "report.html")
    _tell("、".join(map(str, written)))
    return 0


def status(options: argparse.Namespace) -> int:
    from agent.labelling import report as reports

    loop = _loop(options)
    for line in reports.status(loop):
        _tell(line)
    return 0


def undo(options: argparse.Namespace) -> int:
    from agent.labelling import undoing

    loop = _loop(options)
    _tell(undoing.undo_round(loop.project) if options.round else undoing.undo_last(loop.project, options.count))
    return 0


def export(options: argparse.Namespace) -> int:
    from agent.labelling import exchange

    loop = _loop(options)
    state, drafts = loop.state, loop.drafts
    if options.what == "queue":
        rows = [(a, drafts.get(a.id), None, "") for a in loop.queue(options.count)]
    else:
        rows = [(f.asked, drafts.get(f.asked.id), f.label, f.origin) for f in state.labelled.values()]
    count = exchange.write(options.file, rows)
    _tell(f"写了 {count} 行到 {options.file}。")
    if options.file.suffix.lower() == ".json":
        _tell(f"Label Studio 的界面设置：\n{exchange.STUDIO_VIEW}")
    return 0


def import_(options: argparse.Namespace) -> int:
    from agent.labelling import exchange
    from agent.labelling.loop import judged_label
    from agent.labelling.records import Decision

    loop = _loop(options)
    project, drafts, state = loop.project, loop.drafts, loop.state
    made = []
    for name, label in exchange.read_labels(options.file, project.questions, loop.desk):
        draft, known = drafts.get(name), state.labelled.get(name)
        if known and known.seen and known.label == label:
            continue
        ok = judged_label(loop.desk, project.questions[name].question, draft, label)
        model, sure, kind = (draft.model, draft.sure, draft.kind) if draft else ("", 0.0, "")
        action = "accept" if draft and draft.label_of() == label else "edit"
        made.append(Decision("", "", "", action, name, label, 0.0, model, sure, kind, ok, note=options.file.name))  # type: ignore[arg-type]
    project.decide(made)
    _tell(f"导入了 {len(made)} 个标注（没有变的不算）。")
    return 0


def merge(options: argparse.Namespace) -> int:
    from agent.labelling.project import merge as merge_
    from agent.labelling.state import fold

    taken = merge_(Project(options.project, options.writer), options.other)
    project = Project(options.project, options.writer)
    disputed = len(fold(project.questions, project.decisions).disputed)
    names = {"questions": "问题", "log": "决定", "drafts": "草稿", "rounds": "轮"}
    _tell("合并了 " + "、".join(f"{taken[kind]} {name}" for kind, name in names.items()) + "。")
    if disputed:
        _tell(f"{disputed} 题两个人标得不同：label review --contradictions")
    return 0


def _command(commands: Any, name: str, run: Run, help_: str) -> argparse.ArgumentParser:
    sub = commands.add_parser(name, help=help_.replace("%", "%%"), description=help_)
    sub.set_defaults(run=run)
    sub.add_argument("project", type=Path, help="项目文件夹")
    sub.add_argument("--writer", default="", help="谁在标，默认是登录的用户名；每人写自己的文件")
    sub.add_argument("--database", default="", help="SQLAlchemy地址（也可用环境变量CAIBAO_DATABASE）；默认为样例SQLite")
    return sub  # type: ignore[no-any-return]


def add(parser: argparse.ArgumentParser) -> None:
    """The subcommands of `label`."""
    commands = parser.add_subparsers(dest="label_command", required=True)
    _add_start(commands)
    drafting = _command(commands, "draft", draft, "让现在的前缀起草；中断后再运行会接着做")
    drafting.add_argument("--count", type=int, default=0, help="最多几题，默认第一轮100、以后600")
    _command(commands, "accept", accept, "自动接受全部检查都通过、把握够的草稿；门槛按看过的题重新定")
    looking = _command(commands, "review", review, "人看草稿：先看答案和依据，一键一题")
    looking.add_argument("--count", type=int, default=100, help="最多几题")
    looking.add_argument("--test", action="store_true", help="标测试题（只用来量准确率，不训练）")
    looking.add_argument("--contradictions", action="store_true", help="看互相矛盾的标注，一键解决一处")
    looking.add_argument("--hard", action="store_true", help="加上模型最不认同的标注（按损失排）")
    _command(commands, "audit", audit, "抽查自动接受的5%，估计它的精度")
    _add_train(commands)
    growing = _command(commands, "grow", grow, "请一个 OpenAI 格式的模型给标过的问题换说法，加进问题池（问题会发给它）")
    growing.add_argument("--endpoint", required=True, help="地址，到 /v1 为止；密钥放在环境变量 CAIBAO_ENDPOINT_KEY")
    growing.add_argument("--name", required=True, help="模型名")
    growing.add_argument("--count", type=int, default=5, help="每题几种说法")
    growing.add_argument("--rows", type=int, default=100, help="最多几题")
    reporting = _command(commands, "report", report, "写一页HTML报告（和markdown），不用联网")
    reporting.add_argument("-o", "--output", type=Path, help="默认 项目/report.html")
    _command(commands, "status", status, "项目到哪一步了，接下来做什么")
    back = _command(commands, "undo", undo, "收回自己最近的决定；--round 收回最近一轮训练")
    back.add_argument("--count", type=int, default=1)
    back.add_argument("--round", action="store_true")
    out = _command(commands, "export", export, "导出成 .csv、.xlsx 或 Label Studio 的 .json")
    out.add_argument("file", type=Path)
    out.add_argument("--what", choices=("queue", "labels"), default="queue", help="queue 要看的题；labels 已有的标注")
    out.add_argument("--count", type=int, default=200)
    back_in = _command(commands, "import", import_, "导入 export 写出、别人改过的文件；有一行不对就什么都不导入")
    back_in.add_argument("file", type=Path)
    merging = _command(commands, "merge", merge, "并入同一个项目的另一份副本")
    merging.add_argument("other", type=Path)


def _add_start(commands: Any) -> None:
    new = _command(commands, "start", start, "建一个标注项目，或往里加问题")
    new.add_argument("questions", type=Path, help="问题文件：txt一行一题，或 json/jsonl/csv/xlsx")
    new.add_argument("--table", default="company_table")
    new.add_argument("--model", type=Path, default=DEFAULT_BASE)
    new.add_argument("--prefixes", type=Path, help="开始用的三个前缀")
    new.add_argument("--reader", type=Path, help="阅读模型的文件夹")
    new.add_argument("--seed", type=int, default=7)
    new.add_argument("--first", type=int, default=100, help="第一批几题")
    new.add_argument("--test-size", type=int, default=60, help="从自己的问题里留几题量准确率")
    new.add_argument("--test", type=Path, help="已有标注的固定测试集（question, label, keywords, sql）")
    new.add_argument("--target", type=float, default=0.985, help="自动接受的目标精度")


def _add_train(commands: Any) -> None:
    training = _command(commands, "train", train, "用全部标注微调一轮前缀并评测；中断后再运行会接着做")
    training.add_argument("--seeds", type=int, nargs="+", default=[7], help="每个种子一套前缀；两套互为证人")
    training.add_argument("--steps", type=int, default=300)
    training.add_argument("--learning-rate", type=float, default=0.1)
    training.add_argument("--replay", type=float, default=1.0, help="每行标注配几行原来的训练数据")
    training.add_argument("--augment", type=int, default=0, help="每行标注变出几种说法（最多40）")
    training.add_argument("--fresh", action="store_true", help="从新的前缀开始，不接着原来的")
    training.add_argument("--pre_seq_len", type=int, default=32, help="--fresh 时的前缀长度")
