"""The interactive console: steps as they happen, SQL, evidence, answer."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from agent.errors import CaibaoError
from agent.pipeline import Pipeline
from agent.records import Answer, QueryResult, Trace

HELP = """直接输入问题即可，例如：2020年某公司的净利润是多少元？
/trace   上一个问题的全部步骤      /sql      上一个问题的SQL和参数
/history 问过的问题                /help     这个帮助
/quit    退出（也可以按 Ctrl-D）   Ctrl-C    取消正在回答的问题"""
_STYLE = {"answer": "green", "refusal": "yellow", "open": "cyan"}
SHOWN_ROWS = 20


def evidence_table(result: QueryResult) -> Table:
    """The rows an answer rests on, the first SHOWN_ROWS of them."""
    table = Table(title=f"依据（{len(result.rows)}行{'，已截断' if result.truncated else ''}）", title_justify="left")
    for name in result.columns:
        table.add_column(name, overflow="fold")
    for row in result.rows[:SHOWN_ROWS]:
        table.add_row(*("" if value is None else str(value) for value in row))
    return table


def show_answer(console: Console, answer: Answer) -> None:
    console.print(
        Panel(
            answer.text,
            border_style=_STYLE[answer.kind],
            title={"answer": "回答", "refusal": "无法回答", "open": "解释"}[answer.kind],
            title_align="left",
        )
    )


def show_sql(console: Console, trace: Trace) -> None:
    if trace.sql is None:
        console.print("这个问题没有用到SQL。")
        return
    console.print(trace.sql.text, style="magenta", soft_wrap=True, markup=False)
    for name, value in trace.sql.parameters.items():
        console.print(f"  :{name} = {value}", markup=False)


def show_trace(console: Console, trace: Trace) -> None:
    """Every step of one question, one a line."""
    table = Table(show_header=False, box=None)
    table.add_row("问题", trace.question.text)
    if trace.entities:
        table.add_row("识别", "、".join(f"{m.text or '（默认）'}→{m.value}" for m in trace.entities.mentions) or "无")
    if trace.classification:
        table.add_row(
            "分类",
            f"{trace.classification.label}（{trace.classification.confidence:.1%}，decided_by: {trace.classification.decided_by}）",
        )
    if trace.keywords:
        table.add_row("关键词", "、".join(trace.keywords.terms) or "无")
        table.add_row(
            "字段",
            "、".join(f"{c.text}→{c.column}（decided_by: {c.decided_by}）" for c in trace.keywords.columns) or "无",
        )
    if trace.masked:
        table.add_row("替换后", trace.masked)
        table.add_row("模型SQL", trace.model_sql or "")
    if trace.sql:
        table.add_row(
            "执行SQL",
            f"{trace.sql.text}（decided_by: {trace.sql.written_by}{'，经一轮修正' if trace.sql.repaired else ''}）",
        )
    for note in trace.notes:
        table.add_row("说明", note)
    table.add_row("用时", f"{trace.seconds:.2f}秒")
    console.print(table)
    if trace.answer.evidence:
        console.print(evidence_table(trace.answer.evidence))


class Chat:
    """A session: questions, and commands that start with a slash."""

    def __init__(self, pipeline: Pipeline, console: Console, history_file: Path | None = None) -> None:
        self.pipeline, self.console, self.history_file = pipeline, console, history_file
        self.traces: list[Trace] = []

    def _command(self, line: str) -> bool:
        """Runs a slash command; False: leave."""
        if line in ("/quit", "/exit", "/q"):
            return False
        if line == "/history":
            for number, trace in enumerate(self.traces, 1):
                self.console.print(f"{number}. {trace.question.text}", markup=False)
        elif line in ("/trace", "/sql") and not self.traces:
            self.console.print("还没有问过问题。")
        elif line == "/trace":
            show_trace(self.console, self.traces[-1])
        elif line == "/sql":
            show_sql(self.console, self.traces[-1])
        else:
            self.console.print(HELP if line == "/help" else f"没有命令 {line}，/help 列出全部命令。", markup=False)
        return True

    def ask(self, text: str) -> None:
        """Answers one question, showing each step; Ctrl-C cancels it."""

        def on_step(name: str, found: str) -> None:
            if found:
                self.console.print(f"[dim]{name}[/dim] ", end="")
                self.console.print(found, style="dim", markup=False, soft_wrap=True)

        try:
            trace = self.pipeline.ask(text, on_step)
        except KeyboardInterrupt:
            self.console.print("已取消这个问题。")
            return
        except CaibaoError as error:
            self.console.print(str(error), style="red", markup=False)
            return
        self.traces.append(trace)
        if trace.answer.evidence and trace.answer.evidence.rows:
            self.console.print(evidence_table(trace.answer.evidence))
        show_answer(self.console, trace.answer)

    def run(self) -> None:
        """Until /quit or the end of input."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory, InMemoryHistory

        if self.history_file:
            self.history_file.parent.mkdir(parents=True, exist_ok=True)
        session: PromptSession[str] = PromptSession(
            history=FileHistory(str(self.history_file)) if self.history_file else InMemoryHistory()
        )
        self.console.print(Panel(HELP, title="财报问答", title_align="left"))
        while True:
            try:
                line = session.prompt("问> ").strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if line.startswith("/"):
                if not self._command(line):
                    return
            elif line:
                self.ask(line)
