"""Command line: python -m agent {ask|chat|batch|serve|import|report|evaluate|summary|label}. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from agent import building
from agent.errors import CaibaoError
from agent.model import DEFAULT_BASE, DTYPES, ROOT


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _agent_options(options: argparse.Namespace) -> building.Options:
    return building.Options(
        options.model,
        options.prefixes,
        options.database,
        options.table,
        options.dtype,
        options.quantization_bit,
        options.cuda_graphs,
        getattr(options, "conclude", "template"),
        building.APPROVED,
        getattr(options, "reader", None),
        getattr(options, "careful", None),
    )


def ask(options: argparse.Namespace) -> int:
    from rich.console import Console

    from agent.faces import console
    from agent.pipeline import unanswerable

    reason = unanswerable(options.question)
    if reason:
        raise CaibaoError(reason)
    screen = Console()
    trace = building.build(_agent_options(options), _tell).ask(options.question)
    if options.trace:
        console.show_trace(screen, trace)
    console.show_answer(screen, trace.answer)
    if trace.answer.kind == "answer":  # the others name their pages
        console.show_sources(screen, trace.answer)
    return 0


def chat(options: argparse.Namespace) -> int:
    from rich.console import Console

    from agent.faces.console import Chat

    pipeline = building.build(_agent_options(options), _tell, background=True)
    Chat(pipeline, Console(), ROOT / "output" / "history.txt").run()
    return 0


def batch(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from agent.faces import batch as batches

    source = batches.read_questions(options.questions)
    screen = Console(stderr=True)
    for sentence in source.bad:
        screen.print(sentence, style="yellow", markup=False, soft_wrap=True)
    pipeline = building.build(_agent_options(options), _tell)
    with Progress(
        TextColumn("回答"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
    ) as bar:
        task = bar.add_task("", total=len(source.questions))

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done)
            if not screen.is_terminal:
                print(f"回答 {done}/{total}", file=sys.stderr, flush=True)

        before = batches.run(pipeline, source, options.output, options.trace, progress)
    screen.print(
        f"{len(source.questions)}个答案在 {options.output}{f'（其中{before}个是之前的）' if before else ''}。",
        markup=False,
        soft_wrap=True,
    )
    return 1 if source.bad else 0


def serve(options: argparse.Namespace) -> int:
    from agent.faces.web import serve as web
    from agent.faces.web.app import open_service
    from agent.faces.web.keys import Keys
    from agent.faces.web.settings import Settings

    hosts = tuple(options.allowed_host or ())
    settings = Settings(options.folder, options.host, options.port, Keys.of_environment(), hosts, rate=options.rate)
    listening = web.listen(settings)
    wanted = _agent_options(options)
    pipeline = building.build(wanted, _tell)
    of = open_service(pipeline, settings, lambda: building.over_table_of(wanted, pipeline.model))
    web.serve(of, listening, _tell)
    return 0


def import_(options: argparse.Namespace) -> int:
    from agent.table.importer import How, import_tables

    how = How(options.provider, options.replace, options.odd_cells, options.dry_run)
    print(import_tables(options.file, options.database, options.table, how))
    return 0


def report(options: argparse.Namespace) -> int:
    from rich.console import Console

    from agent.faces import reports
    from agent.reports.ingest import Limits
    from agent.reports.store import beside

    place = reports.Place(options.store or beside(options.database), options.database, options.table)
    screen = Console(stderr=options.what == "add")
    if options.what == "add":
        limits = Limits(options.jobs or reports.jobs(), options.seconds, options.ocr)
        return reports.add_files(options.files, place, limits, screen)
    if options.what == "list":
        return reports.list_reports(place, screen)
    if options.what == "show":
        return reports.show(place, options.company, options.year, options.item, screen)
    if options.what == "remove":
        return reports.remove(place, options.company, options.year, screen)
    return reports.export(place, options.output, screen)


def evaluate(options: argparse.Namespace) -> int:
    from agent.scoring import summary

    wanted = _agent_options(options)
    files = summary.Files(options.data, options.answers, options.gold)
    model = building.load_model(wanted)
    summary.run(options.task or (), files, options.output, model, building.open_database(wanted, _tell))
    return 0


def summarise(options: argparse.Namespace) -> int:
    from agent.scoring.summary import summary

    return summary(options.output)


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], help_: str, example: str, model: bool = True
) -> argparse.ArgumentParser:
    """A subcommand with its example, and the arguments that all (`model`: all that ask the model) share."""
    sub = commands.add_parser(
        name,
        help=help_,
        description=help_,
        epilog=f"例：{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub.set_defaults(run=run)
    sub.add_argument(
        "--database",
        default=os.environ.get("CAIBAO_DATABASE", building.DEFAULT_DATABASE),
        help="SQLAlchemy地址，默认为样例SQLite（也可用环境变量CAIBAO_DATABASE）",
    )
    sub.add_argument("--table", default="company_table", help="表名")
    if model:
        sub.add_argument("--model", type=Path, default=DEFAULT_BASE, help="基座模型文件夹")
        sub.add_argument("--prefixes", type=Path, help="三个前缀所在的文件夹，默认先找output/prefix，再用随基座附带的")
        sub.add_argument(
            "--dtype", choices=DTYPES, help="计算的精度；CPU默认float32，bfloat16约快三成，答案可能有细微不同"
        )
        sub.add_argument("--quantization_bit", type=int, choices=(0, 4, 8), default=0, help="大的基座放不下时用8或4位")
        sub.add_argument(
            "--cuda_graphs", action="store_true", help="显卡上把短的步骤录成CUDA图再重放（还没有在显卡上测过）"
        )
    return sub


def _add_answering(command: Callable[..., argparse.ArgumentParser]) -> None:
    """ask, chat, batch, serve."""
    one = command("ask", ask, "回答一个问题", 'python -m agent ask "2020年资产总计最高的前三家公司是哪些？"')
    one.add_argument("question")
    one.add_argument("--trace", action="store_true", help="显示每一步")
    talk = command("chat", chat, "交互问答：显示步骤、SQL、依据和答案", "python -m agent chat")
    many = command(
        "batch",
        batch,
        "回答一个文件里的全部问题；中断后再运行会接着做",
        "python -m agent batch data/test_questions.json -o output/answers.jsonl",
    )
    many.add_argument("questions", type=Path, help='JSON数组或JSON行，每行{"id", "question"}')
    many.add_argument("-o", "--output", type=Path, required=True, help="答案文件，每行一个JSON")
    many.add_argument("--trace", action="store_true", help="每个答案带上分类、关键词、SQL和依据")
    page = command("serve", serve, "网页和接口（OpenAI兼容），默认只在本机", "python -m agent serve --port 8000")
    page.add_argument("--host", default="127.0.0.1", help="在哪个地址上提供；本机以外的要先设环境变量CAIBAO_API_KEYS")
    page.add_argument("--port", type=int, default=8000)
    page.add_argument("--folder", type=Path, default=ROOT / "output" / "web", help="聊天记录、批量任务和上传的表放在哪里")
    page.add_argument("--rate", type=int, default=600, help="每个用户每分钟最多几个请求")
    page.add_argument("--allowed_host", action="append", help="经过反向代理时对外的域名，可重复")
    for answering in (one, talk, many, page):
        answering.add_argument(
            "--conclude",
            choices=("template", "model"),
            default="template",
            help="答案的措辞：默认用模板；model 请基座措辞，逐项核对，有一处没有依据就用模板（自带的小基座不会措辞）",
        )
        answering.add_argument("--reader", type=Path, help="阅读模型的文件夹，默认 RawModels/caibao-reader")
        answering.add_argument(
            "--careful", type=_share, help="读法要有多大把握才回答（0到1），越大拒答越多、答错越少；默认的门槛见README"
        )


def _add_table_and_scores(command: Callable[..., argparse.ArgumentParser]) -> None:
    """import, evaluate, summary."""
    table = command(
        "import",
        import_,
        "把表格文件（csv、tsv、txt、xlsx，csv可以压缩为gz）导入数据库，加到表里已有的行上",
        "python -m agent import 利润表.csv 资产负债表.csv --database mysql+pymysql://user:密码@主机/库 --dry-run",
        model=False,
    )
    table.add_argument("file", type=Path, nargs="+", help="一个或几个文件；xlsx的每张工作表都导入")
    table.add_argument(
        "--provider", default="auto", help="按哪一家的标题读：auto（看标题）、akshare、tushare、baostock、efinance、wind、choice、csmar、ths、common"
    )
    table.add_argument("--dry-run", action="store_true", help="只说每个标题会变成什么、单位和头几个值，什么都不写")
    table.add_argument("--replace", action="store_true", help="换掉整张表（默认是往里加）")
    table.add_argument(
        "--odd-cells", choices=("refuse", "null"), default="refuse", help="读不懂的格：拒绝导入并说出是哪几格（默认），或当作空的"
    )
    scores = command(
        "evaluate",
        evaluate,
        "评测：每个任务模型单独的分数，以及批量答案按题型的分数",
        "python -m agent evaluate --task nl2sql",
    )
    scores.add_argument(
        "--task",
        choices=("classify", "keywords", "nl2sql", "answers"),
        action="append",
        help="只评这一项，可重复；默认全部",
    )
    scores.add_argument("--data", type=Path, default=ROOT / "FinTrain")
    scores.add_argument("--answers", type=Path, default=ROOT / "output" / "answers.jsonl")
    scores.add_argument("--gold", type=Path, default=ROOT / "data" / "test_answers.jsonl")
    scores.add_argument("--output", type=Path, default=ROOT / "output" / "scores.json")
    result = command("summary", summarise, "训练与评测的总结", "python -m agent summary", model=False)
    result.add_argument("--output", type=Path, default=ROOT / "output")


def _add_labelling(commands: Any) -> None:
    """label, with commands of its own."""
    from agent.faces import label

    help_ = "标注循环：约100题起步，前缀起草、自动检查、人看有疑问的，再训练"
    labelling = commands.add_parser(
        "label",
        help=help_,
        description=help_,
        epilog="例：python -m agent label start 我的项目 我的问题.txt",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    label.add(labelling)


def _add_reports(commands: Any) -> None:
    """report add, list, show, remove, export."""
    example = "python -m agent report add 年报/*.pdf --database sqlite:///my.sqlite3"
    top = commands.add_parser(
        "report", help="年报、半年报、季报的PDF、HTML或txt：加入、查看、删去、导出", epilog=f"例：{example}"
    )
    whats = top.add_subparsers(dest="what", required=True, metavar="{add,list,show,remove,export}")

    def command(name: str, help_: str) -> argparse.ArgumentParser:
        sub = _command(whats, name, report, help_, f"python -m agent report {name} …", model=False)
        sub.add_argument("--store", type=Path, help="报告库（SQLite文件），默认在数据库旁边")
        return sub

    new = command("add", "读报告：数值带页码进报告库和数据表，文字可以提问")
    new.add_argument("files", type=Path, nargs="+")
    new.add_argument("--jobs", type=int, help="同时读几份，默认是处理器的一半")
    new.add_argument("--seconds", type=int, default=300, help="一份报告最多读多久")
    new.add_argument("--ocr", action="store_true", help="没有文字的页用OCR识别（先装 requirements-ocr.txt）")
    command("list", "报告库里有哪些报告")
    one = command("show", "一家公司一年的数值：页码、那一行原文、单位、口径")
    two = command("remove", "从报告库删去一家公司一年的报告")
    for sub in (one, two):
        sub.add_argument("company", help="公司全称、简称或代码")
        sub.add_argument("year", type=int)
    one.add_argument("--item", help="只看这一项，如 货币资金")
    command("export", "导出全部数值，每行一个JSON").add_argument("-o", "--output", type=Path, required=True)


def _share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"要0到1之间的数，这里是“{text}”")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent", description="财报问答：用SQLite/MySQL里的财务数据表回答中文问题。"
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="{ask,chat,batch,serve,import,report,evaluate,summary,label}"
    )

    _add_answering(partial(_command, commands))
    _add_table_and_scores(partial(_command, commands))
    _add_reports(commands)
    _add_labelling(commands)
    return parser


def main() -> int:
    options = _parser().parse_args()
    try:
        return int(options.run(options))
    except CaibaoError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已中断；batch 和 label 再运行一次会接着做。", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
