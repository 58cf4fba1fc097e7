"""A project begins: its settings are checked, its questions are masked, grouped and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from agent import building
from agent.errors import CaibaoError
from agent.labelling import exchange, training, wordings
from agent.labelling.desk import Desk
from agent.labelling.loop import Loop
from agent.labelling.project import Project, Settings, pool


def without_password(url: str) -> str:
    """The address as a project may hold it: none where it has a password, for a project is shared."""
    try:
        return "" if make_url(url).password else url
    except ArgumentError:
        return url  # opening it says what is wrong


def check(settings: Settings, database: str) -> None:
    """Raises CaibaoError where something that the project needs is missing, before anything is written."""
    training.starting_prefixes(settings.model, settings.prefixes)
    if not 0.5 <= settings.target <= 1:
        raise CaibaoError(f"--target {settings.target} 不在 0.5 到 1 之间，请改正。")
    desk = Desk(building.open_database(building.Options(database=database, table=settings.table)))
    if settings.held_out:
        exchange.read_labelled(Path(settings.held_out), desk)


def add(loop: Loop, texts: Sequence[str], source: str) -> int:
    """Adds questions to the pool; those that ask what the fixed test asks are left out. Returns how many are new."""
    project, desk = loop.project, loop.desk
    masked = [desk.wording(text) for text in texts]
    rows = [(text, source) for text in texts]
    if project.settings.held_out:
        tests = {
            wordings.bare(desk.wording(q)) for q, _ in exchange.read_labelled(Path(project.settings.held_out), desk)
        }
        kept = [at for at, text in enumerate(masked) if wordings.bare(text) not in tests]
        rows, masked = [rows[at] for at in kept], [masked[at] for at in kept]
    made = pool(rows, masked, project.settings.seed, list(project.questions.values()))
    project.add_questions(made)
    return len(made)


def splits(project: Project) -> str:
    counts = Counter(a.split for a in project.questions.values())
    return "/".join(str(counts[split]) for split in ("train", "validation", "test"))  # type: ignore[index]
