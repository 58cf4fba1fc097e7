"""Review in the terminal: the answer and its evidence first, the statement below, one key for each decision.

A decision is on the disk before the next question is shown; whoever stops in the middle goes on there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from agent.faces.console import plain
from agent.labelling.contradictions import meaning, said
from agent.labelling.desk import Desk
from agent.labelling.loop import judged_label
from agent.labelling.project import Project
from agent.labelling.records import Action, Asked, Decision, Draft, Label
from agent.labelling.state import SETTLED, fold
from agent.prompts import LABEL_WORDS, split_terms

AskBack = Callable[
    ..., str
]  # shows a prompt, returns the line that was typed; check=: a fault of it, told while it is typed
LONGEST_LOOK = 180.0  # seconds on one question; more is a break
KEYS = "回车/1 接受  2-4 选另一个结果  e 改  s 跳过  f 有问题  b 退回上一题  q 离开"


@dataclass(frozen=True)
class Done:
    """What a sitting came to. seconds: that were looked."""

    decided: int
    seconds: float


class Review:
    """A sitting over a queue of questions."""

    def __init__(
        self,
        project: Project,
        desk: Desk,
        drafts: dict[str, Draft],
        console: Console,
        ask_back: AskBack,
        audit: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """audit: the rows were accepted automatically, and the person judges them as if not."""
        self.project, self.desk, self.drafts, self.console = project, desk, drafts, console
        self.ask_back, self.audit, self.clock = ask_back, audit, clock
        self._made: list[tuple[int, Decision]] = []
        self._seconds = 0.0

    def run(self, queue: Sequence[Asked]) -> Done:
        """Until the queue is done, or q, or the end of input."""
        at = 0
        while at < len(queue):
            asked, draft = queue[at], self.drafts.get(queue[at].id)
            self._show(asked, draft, at, len(queue))
            started = self.clock()
            try:
                typed = self.ask_back("> ").strip().lower()
            except (EOFError, KeyboardInterrupt):
                break
            if typed == "q":
                break
            if typed == "b":
                at = self._back(at)
                continue
            made = self._decided(typed, asked, draft, started)
            if made is None:
                continue
            first, *_ = self.project.decide(self._settled(asked, made))
            self._made.append((at, first))
            self._seconds += made.seconds
            at += 1
        return Done(len(self._made), self._seconds)

    def _settled(self, asked: Asked, made: Decision) -> list[Decision]:
        """The decision, and where it contradicts labels of the same question with other names, what the person makes of it."""
        if made.label is None:
            return [made]
        state = fold(self.project.questions, self.project.decisions)
        key = meaning(asked.masked, made.label)
        others = [
            f
            for f in state.labelled.values()
            if f.seen
            and f.asked.id != asked.id
            and meaning(f.asked.masked, f.label) == key
            and said(f.label) != said(made.label)
        ]
        if not others:
            return [made]
        before = others[0].label
        self.console.print(
            plain(f"与以前标的 {len(others)} 题矛盾，例如“{others[0].asked.question}”：{before.label} {before.sql}"),
            style="red",
        )
        typed = self.ask_back("回车 都对，都留着  1 照以前的  2 照这次的，以前的也改> ").strip()
        if typed == "1":
            made = replace(made, label=replace(made.label, label=before.label, sql=before.sql), ok=None)
        again = [f.asked.id for f in others] if typed == "2" else []
        new = made.label
        assert new is not None
        changed = [replace(f.label, label=new.label, sql=new.sql) for f in others]
        return [made, *(Decision("", "", "", "edit", n, label, note=SETTLED) for n, label in zip(again, changed))]

    def _back(self, at: int) -> int:
        """The last decision is taken back, by one more line."""
        if not self._made:
            self.console.print("前面没有这次标的题了；更早的用 label undo 收回。")
            return at
        before, decision = self._made.pop()
        self.project.decide([Decision("", "", "", "undo", decision.question, undone=decision.id)])
        return before

    def _decided(self, typed: str, asked: Asked, draft: Draft | None, started: float) -> Decision | None:
        """None: nothing was decided, the question comes again."""
        proposals = draft.proposals if draft else ()
        if typed in ("s", "f"):
            note = self.ask_back("哪里有问题？> ").strip() if typed == "f" else ""
            return self._decision("flag" if typed == "f" else "skip", asked, draft, None, started, note)
        if typed == "e":
            label = self._edited(asked, draft)
            return self._decision("edit", asked, draft, label, started) if label else None
        if typed in ("", "1") and draft is not None:
            number = 0
        elif typed.isdecimal() and 1 <= int(typed) <= len(proposals):
            number = int(typed) - 1
        else:
            self.console.print(f"没有这个键。{KEYS}", markup=False)
            return None
        label = draft.label_of(number) if draft else Label("F")
        if fault := self.desk.fault(asked.question, label):
            self.console.print(plain(f"不能这样接受：{fault} 请按 e 改，或 s 跳过。"), style="red")
            return None
        return self._decision("accept" if number == 0 else "choose", asked, draft, label, started)

    def _decision(
        self, action: Action, asked: Asked, draft: Draft | None, label: Label | None, started: float, note: str = ""
    ) -> Decision:
        seconds = round(min(self.clock() - started, LONGEST_LOOK), 2)
        ok = judged_label(self.desk, asked.question, draft, label) if label else None
        if self.audit and label is not None:
            action = "audit"
        model, sure, kind = (draft.model, draft.sure, draft.kind) if draft else ("", 0.0, "")
        return Decision("", "", "", action, asked.id, label, seconds, model, sure, kind, ok, note=note)

    def _edited(self, asked: Asked, draft: Draft | None) -> Label | None:
        """Class, key words and statement as a person types them, each checked as it is typed; None: left as it was."""
        before = draft.label_of() if draft else Label("F")
        words = "  ".join(f"{letter} {word}" for letter, word in LABEL_WORDS.items())
        self.console.print(f"类别：{words}", markup=False)

        def bad_class(typed: str) -> str:
            return (
                ""
                if not typed or typed.upper() in LABEL_WORDS
                else f"没有类别“{typed}”，是 {'、'.join(LABEL_WORDS)} 之一。"
            )

        label = self._typed(f"类别（回车不变：{before.label}）> ", bad_class)
        text = self.desk.read(asked.question).text

        def bad_terms(typed: str) -> str:
            strange = [term for term in split_terms(typed) if term not in text]
            return f"“{strange[0]}”不在问题里。" if strange else ""

        terms = self._typed(f"关键词，用逗号分开（回车不变：{','.join(before.keywords)}）> ", bad_terms)
        if label is None or terms is None:
            return None
        made = Label(label.upper() or before.label, split_terms(terms) if terms else before.keywords)
        if made.label == "F":
            return made
        over = self.desk.masked(asked.question, made.keywords).text
        self.console.print(plain(f"替换后的问题：{over}"))

        def bad_sql(typed: str) -> str:
            return self.desk.fault(asked.question, Label(made.label, made.keywords, over, typed or before.sql))

        sql = self._typed(f"语句（回车不变：{before.sql}）> ", bad_sql)
        return None if sql is None else Label(made.label, made.keywords, over, sql or before.sql)

    def _typed(self, prompt: str, check: Callable[[str], str]) -> str | None:
        """A line that passes; None where the person leaves it (q)."""
        while True:
            typed = self.ask_back(prompt, check=check).strip()
            if typed.lower() == "q":
                return None
            fault = check(typed)
            if not fault:
                return typed
            self.console.print(plain(fault), style="red")

    def _show(self, asked: Asked, draft: Draft | None, at: int, total: int) -> None:
        done = len(self._made)
        speed = self._seconds / done if done else 0.0
        left = f"，每题{speed:.0f}秒，还要约{max(1, round(speed * (total - at) / 60))}分钟" if done else ""
        self.console.rule(f"{at + 1}/{total}{left}", align="left")
        self.console.print(Panel(plain(asked.question), title="问题", title_align="left"))
        if draft is None:
            self.console.print("还没有草稿，请先运行 label draft。")
            return
        if not draft.proposals:
            self.console.print("没有查表的答案（开放问题，或没有语句通过检查）。")
        for number in range(len(draft.proposals)):
            self._show_proposal(draft, number)
        terms = "、".join(draft.keywords) or "无"
        self.console.print(
            plain(f"类别 {draft.label} {LABEL_WORDS[draft.label]}（{draft.confidence:.0%}）  关键词 {terms}")
        )
        for reason in draft.failed if not self.audit else ():
            self.console.print(plain(f"  · {reason}"), style="yellow")
        self.console.print(KEYS, style="dim", markup=False)

    def _show_proposal(self, draft: Draft, number: int) -> None:
        proposal = draft.proposals[number]
        who = "、".join(proposal.witnesses) or "次选"
        self.console.print(
            Panel(
                plain(proposal.told),
                title=f"{number + 1}. 结果（{who}，{proposal.sure:.0%}）",
                title_align="left",
                border_style="green" if number == 0 else "white",
            )
        )
        if proposal.rows:
            table = Table(box=None, padding=(0, 2))
            for name in proposal.columns:
                table.add_column(plain(name), overflow="fold")
            for row in proposal.rows[:5]:
                table.add_row(*map(plain, row))
            self.console.print(table)
        self.console.print(
            plain(f"  {proposal.sql or proposal.statement + '（阅读模型的写法，没有SQL）'}"), style="magenta"
        )
