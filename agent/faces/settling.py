"""Contradictions on the screen, each with its rows; one key settles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.panel import Panel

from agent.faces.console import plain
from agent.labelling import contradictions
from agent.labelling.contradictions import Contradiction
from agent.labelling.records import Decision, Label
from agent.labelling.state import SETTLED, State

MOST = 9  # labels to choose among


def settle(loop: Any, console: Console, ask_back: Callable[..., str], hard: bool = False) -> int:
    """Shows every contradiction; the number of a label makes it the label of all its rows. Returns how many were settled."""
    found = contradictions.find(loop.state) + (_hard(loop) if hard else [])
    settled = 0
    for number, each in enumerate(found, 1):
        state = loop.state
        labels = _labels(each, state)
        if len(labels) < 2 and each.kind != "loss":
            continue  # settled with another one
        console.rule(f"{number}/{len(found)}", align="left")
        console.print(Panel(plain(each.words)))
        for at, (label, rows) in enumerate(labels, 1):
            console.print(plain(f"{at}. {label.label} {'、'.join(label.keywords)} {label.sql or '（没有语句）'}"))
            for row in rows[:3]:
                console.print(plain(f"     {state.questions[row].question}"), style="dim")
        console.print("数字：都用这一种  f 都放到一边  回车 都对，留着  q 离开", style="dim")
        try:
            typed = ask_back("> ").strip().lower()
        except (EOFError, KeyboardInterrupt):
            break
        if typed == "q":
            break
        made = _made(typed, each, labels, loop)
        loop.project.decide(made)
        settled += bool(made)
    return settled


def _labels(each: Contradiction, state: State) -> list[tuple[Label, list[str]]]:
    """Different labels, the most frequent first, with the questions that have them."""
    found: dict[tuple[str, str], tuple[Label, list[str]]] = {}
    for row in each.rows:
        made = [d.label for d in state.disputed[row]] if row in state.disputed else []
        known = state.labelled.get(row)
        for label in made or ([known.label] if known else []):
            if label is not None:
                found.setdefault((label.label, label.sql), (label, []))[1].append(row)
    return sorted(found.values(), key=lambda pair: -len(pair[1]))[:MOST]


def _made(typed: str, each: Contradiction, labels: list[tuple[Label, list[str]]], loop: Any) -> list[Decision]:
    if typed == "f":
        return [Decision("", "", "", "flag", row, note=each.words) for row in each.rows]
    if not (typed.isdecimal() and 1 <= int(typed) <= len(labels)):
        return []
    chosen, made = labels[int(typed) - 1][0], []
    for row in each.rows:
        asked = loop.project.questions[row]
        known = loop.state.labelled.get(row)
        terms = known.label.keywords if known and each.kind == "same question" else chosen.keywords
        over = loop.desk.masked(asked.question, terms).text if chosen.sql else ""
        made.append(Decision("", "", "", "edit", row, Label(chosen.label, terms, over, chosen.sql), note=SETTLED))
    return made


def _hard(loop: Any) -> list[Contradiction]:
    from agent.labelling.measuring import hardest

    model = loop.load(loop.prefixes[0])
    return [
        Contradiction(
            "loss", f"模型最不认同的标注之一（{task} 损失 {loss:.1f}）：{found.asked.question}", (found.asked.id,)
        )
        for loss, task, found in hardest(model, list(loop.state.labelled.values()))
    ]
