"""A reader that writes what it was told to, and an understanding over the small table with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.reading.entities import Linker
from agent.records import Written
from agent.statements.tables import Table
from agent.table.database import Database
from agent.understanding.absent import AbsentWords
from agent.understanding.explained import KnownPairs
from agent.understanding.mentions import SlotFinder
from agent.understanding.understand import Understanding

Says = str | Written | Sequence[str | Written]
FIGURE = "SELECT M1@Y1 WHERE 公司=C1"


def unsure(text: str) -> Written:
    """A statement that hardly anything speaks for."""
    return Written(text, -5.0, -5.0)


class ScriptedReader:
    """says: text → statements, those of the first entry whose key stands in the text, the likeliest first and much likelier than
    the next; `asked`: (text, slots) of each question, `calls`: how many were read together."""

    def __init__(self, says: Mapping[str, Says] | Says = ()) -> None:
        self._says = says
        self.asked: list[tuple[str, frozenset[str]]] = []
        self.calls: list[int] = []

    def statements(self, texts: Sequence[str], slots: Sequence[frozenset[str]]) -> list[list[Written]]:
        self.asked += zip(texts, slots)
        self.calls.append(len(texts))
        return [self._written(text) for text in texts]

    def _written(self, text: str) -> list[Written]:
        said = self._says
        if isinstance(said, Mapping):
            said = next((found for key, found in said.items() if key in text), ())
        listed = [said] if isinstance(said, (str, Written)) else said
        return [
            each if isinstance(each, Written) else Written(each, -6.0 * rank - 0.001, -6.0 * rank - 0.001)
            for rank, each in enumerate(listed)
        ]


class AllRead(KnownPairs):
    """As if every word had been read before."""

    def __init__(self) -> None:
        super().__init__(())

    def unread(self, text: str) -> str:
        return ""


def understanding_of(
    database: Database, says: Mapping[str, Says] | Says = (), pairs: KnownPairs | None = None, threshold: float = 0.5
) -> Understanding:
    """What reads questions over a table; `reader` is a ScriptedReader."""
    companies, columns, years = database.companies(), database.columns(), database.years()
    linker = Linker(companies, columns)
    return Understanding(
        ScriptedReader(says),
        SlotFinder(linker, companies, columns, years[-1]),
        pairs or AllRead(),
        lambda: Table(database, columns),
        {full: short for full, short, _ in companies},
        {},
        years,
        AbsentWords(columns),
        threshold,
    )
