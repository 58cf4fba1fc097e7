"""Taking back: one more line says that an earlier one no longer counts; nothing is removed."""

from __future__ import annotations

from agent.errors import CaibaoError
from agent.labelling.project import Project
from agent.labelling.records import Decision


def undo_last(project: Project, count: int = 1) -> str:
    """Takes back the writer's own last decisions.

    Raises:
        CaibaoError: there is none.
    """
    undone = {d.undone for d in project.decisions if d.action == "undo"}
    own = [d for d in project.decisions if d.by == project.writer and d.action != "undo" and d.id not in undone]
    last = own[-count:] if count > 0 else []
    if not last:
        raise CaibaoError(f"{project.writer} 没有可以收回的决定。")
    project.decide([Decision("", "", "", "undo", d.question, undone=d.id) for d in reversed(last)])
    names = "、".join(project.questions[d.question].question for d in last[:3])
    return f"收回了 {len(last)} 个决定：{names}{'…' if len(last) > 3 else ''}"


def undo_round(project: Project) -> str:
    """Takes back the last round: its prefixes no longer draft, and what was accepted on their word is open again.

    Raises:
        CaibaoError: there is none.
    """
    if not project.rounds:
        raise CaibaoError("还没有训练过，没有可以收回的一轮。")
    last = project.rounds[-1]
    undone = {d.undone for d in project.decisions if d.action == "undo"}
    automatic = [d for d in project.decisions if d.action == "auto" and d.model == last.prefix and d.id not in undone]
    project.decide(
        [Decision("", "", "", "undo", "", undone=last.id)]
        + [Decision("", "", "", "undo", d.question, undone=d.id) for d in automatic]
    )
    return f"收回了第{last.number}轮，连同它自动接受的 {len(automatic)} 题；它的文件还在，没有删除。"
