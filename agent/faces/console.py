"""The interactive console: follow-ups, choices where a question is ambiguous, steps as they happen, SQL, evidence, answer.

The conversation knows what is meant and what is ambiguous; the console asks and shows. What users typed is printed as it is, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.conversation import Conversation, Heard, chosen
from agent.errors import CaibaoError
from agent.pipeline import Pipeline
from agent.records import Ambiguity, Answer, QueryResult, Trace
from agent.telling.provenance import formula_lines, source_rows
from agent.telling.readable import grouped, with_round
from agent.telling.trace import steps

HELP = """直接输入问题即可，例如：2020年某公司的净利润是多少元？
可以接着问：那2021年呢？ 它的毛利率呢？ 换成另一家公司； 前五家呢？
/trace   上一个问题的全部步骤      /sql      上一个问题的SQL和参数
/evidence 上一个回答的SQL、公式和来源行
/approve 确认上一个语句，记下来给同样的问题用
/history 问过的问题                /new      忘掉前面的问题，重新开始
/help    这个帮助                  /quit     退出（也可以按 Ctrl-D）
Ctrl-C   取消正在回答的问题"""
_STYLE = {"answer": "green", "refusal": "yellow", "open": "cyan", "not_disclosed": "yellow"}
_TITLE = {"answer": "回答", "refusal": "无法回答", "open": "解释", "not_disclosed": "没有披露"}
SHOWN_ROWS = 20
AskBack = Callable[[str], str]  # shows a prompt, returns the line that was typed


def plain(text: str) -> Text:
    """As it is: never markup, and nothing that a terminal would obey (escape sequences of a question or a cell)."""
    return Text("".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text))


def evidence_table(result: QueryResult, title: str = "依据") -> Table:
    """The rows an answer rests on, the first SHOWN_ROWS of them."""
    table = Table(
        title=f"{title}（{len(result.rows)}行{'，已截断' if result.truncated else ''}）", title_justify="left"
    )
    for name in result.columns:
        table.add_column(plain(name), overflow="fold")
    for row in result.rows[:SHOWN_ROWS]:
        table.add_row(*(plain(grouped(name, value)) for name, value in zip(result.columns, row)))
    return table


def show_answer(console: Console, answer: Answer) -> None:
    console.print(
        Panel(
            plain(answer.text),
            border_style=_STYLE[answer.kind],
            title=_TITLE[answer.kind],
            title_align="left",
        )
    )


def show_sql(console: Console, trace: Trace) -> None:
    if trace.sql is None:
        console.print("这个问题没有用到SQL。")
        return
    console.print(trace.sql.text, style="magenta", soft_wrap=True, markup=False)
    for name, value in trace.sql.parameters.items():
        console.print(plain(f"  :{name} = {value}"))


def show_evidence(console: Console, trace: Trace, sources: QueryResult | None) -> None:
    """The statement, the rows it went over with their keys (公司全称, 年份), every formula with its values, and the answer."""
    show_sql(console, trace)
    shown = sources or trace.answer.evidence
    if shown:
        console.print(evidence_table(shown, "来源行" if sources else "依据"))
    for line in formula_lines(trace):
        console.print(line, markup=False, soft_wrap=True)
    show_sources(console, trace.answer)
    show_answer(console, trace.answer)


def show_sources(console: Console, answer: Answer) -> None:
    """The pages of reports that an answer came from, one a line."""
    for place in answer.sources:
        console.print(plain(f"{place.file} 第{place.page}页 {place.section}"), soft_wrap=True)


def show_trace(console: Console, trace: Trace) -> None:
    """Every step of one question, one a line."""
    table = Table(show_header=False, box=None)
    for name, found in steps(trace):
        table.add_row(name, plain(found))
    console.print(table)
    if trace.answer.evidence:
        console.print(evidence_table(trace.answer.evidence))


def choice_prompt(ambiguity: Ambiguity) -> str:
    """The question back: what may be meant, numbered, and how to answer."""
    said = "没有说是哪一年" if ambiguity.kind == "year" else f"“{ambiguity.text}”可以指"
    unit = "年" if ambiguity.kind == "year" else ""
    lines = [
        f"  {number}. {choice}{unit}{'（默认）' if choice == ambiguity.default else ''}"
        for number, choice in enumerate(ambiguity.choices, 1)
    ]
    default = "，直接回车用默认" if ambiguity.default else "，直接回车按原样问"
    return "\n".join([f"{said}：", *lines, f"请输入序号{default}，也可以重新输入问题。"])


class Chat:
    """A session: questions, and commands that start with a slash."""

    def __init__(
        self,
        pipeline: Pipeline,
        console: Console,
        history_file: Path | None = None,
        ask_back: AskBack | None = None,
    ) -> None:
        """`ask_back`: how a choice is asked for; without it the defaults are taken."""
        self.pipeline, self.console, self.history_file, self.ask_back = pipeline, console, history_file, ask_back
        self.conversation = Conversation(pipeline)

    def _command(self, line: str) -> bool:
        """Runs a slash command; False: leave."""
        if line in ("/quit", "/exit", "/q"):
            return False
        traces = self.conversation.traces
        if line == "/history":
            for number, trace in enumerate(traces, 1):
                original, text = trace.question.original, trace.question.text
                shown = f"{original}（理解为：{text}）" if original else text
                self.console.print(plain(f"{number}. {shown}"))
        elif line == "/new":
            self.conversation.forget()
            self.console.print("好的，前面的问题不再作为上下文。")
        elif line in ("/trace", "/sql", "/evidence", "/approve") and not traces:
            self.console.print("还没有问过问题。")
        elif line == "/trace":
            show_trace(self.console, traces[-1])
        elif line == "/sql":
            show_sql(self.console, traces[-1])
        elif line == "/evidence":
            self._guarded(lambda: self._show_evidence(traces[-1]))
        elif line == "/approve":
            self._guarded(lambda: self._approve(traces[-1]))
        else:
            self.console.print(HELP if line == "/help" else f"没有命令 {line}，/help 列出全部命令。", markup=False)
        return True

    def _approve(self, trace: Trace) -> None:
        """Remembers the last statement, once a person has seen it next to its masked question and said yes."""
        pair = self.pipeline.memory.pair(trace)
        self.console.print(f"问题：{pair.question}\n语句：{pair.sql}", markup=False, soft_wrap=True)
        said = self.ask_back("语句对吗？记住后，同样的问题直接用它（是/否）> ").strip() if self.ask_back else ""
        if said not in ("是", "y", "yes"):
            self.console.print("没有记住。")
            return
        self.pipeline.memory.approve(trace)
        self.console.print(f"已记在 {self.pipeline.memory.path}。", markup=False, soft_wrap=True)

    def _show_evidence(self, trace: Trace) -> None:
        show_evidence(self.console, trace, source_rows(trace, self.pipeline.database))

    def ask(self, text: str) -> None:
        """Answers one question or follow-up, asking back where it is ambiguous; Ctrl-C cancels it."""
        self._guarded(lambda: self._ask(text))

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (KeyboardInterrupt, EOFError):
            self.console.print("已取消这个问题。")
        except CaibaoError as error:
            self.console.print(str(error), style="red", markup=False)

    def _ask(self, text: str) -> None:
        heard = self._understood(text)
        if heard is None:
            return
        trace = self.conversation.answer(heard, self._on_step)
        if trace.question.original and trace.understood:
            self.console.print(f"理解为：{trace.question.text}", style="dim", markup=False, soft_wrap=True)
        self._show(trace)
        readings = self.conversation.readings() if self.ask_back else ()
        if readings:
            self._pick(len(readings))

    def _pick(self, count: int) -> None:
        """Lets the person say which reading was meant; another text is another question."""
        assert self.ask_back is not None
        typed = self.ask_back(f"输入1到{count}选一个意思，直接回车跳过，也可以重新输入问题> ").strip()
        if typed.isdecimal() and 1 <= int(typed) <= count:
            self._show(self.conversation.pick(int(typed)))
        elif typed and not typed.startswith("/") and not typed.isdecimal():
            self._ask(typed)

    def _show(self, trace: Trace) -> None:
        if trace.answer.evidence and trace.answer.evidence.rows:
            self.console.print(evidence_table(trace.answer.evidence))
        show_answer(self.console, replace(trace.answer, text=with_round(trace.answer.text)))

    def _on_step(self, name: str, found: str) -> None:
        if found:
            self.console.print(f"[dim]{name}[/dim] ", end="")
            self.console.print(found, style="dim", markup=False, soft_wrap=True)

    def _understood(self, text: str) -> Heard | None:
        """The whole question that `text` means, after the choices that it leaves open; None where it has been answered with why not."""
        heard = self.conversation.hear(text)
        if heard.problem:
            self.console.print(heard.problem, style="yellow", markup=False)
            return None
        choices = []
        for ambiguity in self.conversation.ambiguities(heard) if self.ask_back else ():
            picked = self._chosen(ambiguity)
            if picked is None:
                continue
            if picked not in ambiguity.choices:  # another question was typed
                return self._understood(picked)
            choices.append((ambiguity, picked))
        heard = self.conversation.choose(heard, choices)
        if heard.text != text:
            self.console.print(f"理解为：{heard.text}", style="dim", markup=False, soft_wrap=True)
        return heard

    def _chosen(self, ambiguity: Ambiguity) -> str | None:
        """The choice that was made; another question, where that was typed instead; None: nothing to choose, as it stands."""
        assert self.ask_back is not None
        self.console.print(choice_prompt(ambiguity), markup=False)
        while True:
            typed = self.ask_back("选> ").strip()
            if typed.startswith("/"):
                self.console.print("请先选一个序号，或按 Ctrl-C 取消这个问题，再输入命令。")
                continue
            try:
                return chosen(ambiguity, typed)
            except CaibaoError as error:
                self.console.print(str(error), markup=False)

    def run(self) -> None:
        """Until /quit or the end of input."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory, InMemoryHistory

        if self.history_file:
            self.history_file.parent.mkdir(parents=True, exist_ok=True)
        session: PromptSession[str] = PromptSession(
            history=FileHistory(str(self.history_file)) if self.history_file else InMemoryHistory()
        )
        self.ask_back = self.ask_back or PromptSession[str](history=InMemoryHistory()).prompt
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
