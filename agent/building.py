"""How an agent is put together: options become a model, a database, a memory, and the pipeline over them.

Heavy imports wait until something is built, so that `--help` and refusals cost no torch.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.model import DEFAULT_BASE, ROOT

if TYPE_CHECKING:
    from agent.model import LanguageModel, PrefixTunedGlm
    from agent.pipeline import Pipeline
    from agent.reports.text.library import Library
    from agent.table.database import Database
    from agent.understanding.understand import Understanding
    from agent.writing.memory import Memory

SAMPLE_TABLE = ROOT / "data" / "company_table.csv"
_SAMPLE_DATABASE = ROOT / "output" / "company.sqlite3"
DEFAULT_DATABASE = f"sqlite:///{_SAMPLE_DATABASE}"
APPROVED = ROOT / "data" / "approved.jsonl"  # statements remembered by /approve in chat
Tell = Callable[[str], None]  # what the person who starts an agent should know
Wording = Literal["template", "model"]


@dataclass(frozen=True)
class Options:
    """What an agent is made of.

    prefixes: None finds them (`find_prefixes`); dtype, quantization_bit, cuda_graphs: see `PrefixTunedGlm`;
    conclude: who words an answer; approved: the file of statements that people approved, None for none;
    reader: the folder that reads questions as statements (None: the one that ships, where it is there);
    careful: how sure a reading has to be (0 to 1; None: as fitted, 97 of 100 answers right).
    """

    model: Path = DEFAULT_BASE
    prefixes: Path | None = None
    database: str = DEFAULT_DATABASE
    table: str = "company_table"
    dtype: str | None = None
    quantization_bit: int = 0
    cuda_graphs: bool = False
    conclude: Wording = "template"
    approved: Path | None = None
    reader: Path | None = None
    careful: float | None = None


def _ignore(sentence: str) -> None:
    pass


def open_database(options: Options, tell: Tell = _ignore) -> Database:
    """The database of the options; the sample database is built where it is asked for and not there yet.

    Raises:
        CaibaoError: the sample table cannot be imported.
    """
    from agent.table.database import Database

    if options.database == DEFAULT_DATABASE and not _SAMPLE_DATABASE.exists():
        from agent.table.importer import import_table

        tell(f"没有找到数据库，用样例数据 {SAMPLE_TABLE.name} 建立（虚构公司）。")
        import_table(SAMPLE_TABLE, DEFAULT_DATABASE)
    return Database(options.database, options.table)


def load_model(options: Options) -> PrefixTunedGlm:
    """What torch, transformers and the weights put into memory stays there: garbage is not looked for among it, neither while
    it is loaded (a fifth of that time) nor later.

    Raises:
        CaibaoError: base or prefixes are missing, damaged, or do not belong together.
    """
    gc.disable()
    try:
        from agent.model import PrefixTunedGlm

        return PrefixTunedGlm(
            options.model, options.prefixes, options.dtype, options.quantization_bit, options.cuda_graphs
        )
    finally:
        gc.freeze()
        gc.enable()


def load_understanding(database: Database, folder: Path | None = None, careful: float | None = None) -> Understanding:
    """What reads questions as statements over this database.

    Raises:
        CaibaoError: the folder is missing or damaged.
    """
    from agent.model import DEFAULT_READER, StatementReader
    from agent.reading.entities import Linker
    from agent.statements.tables import Table
    from agent.table import renames
    from agent.understanding.absent import AbsentWords
    from agent.understanding.explained import KnownPairs
    from agent.understanding.mentions import SlotFinder
    from agent.understanding.understand import SURE, Understanding

    folder = folder or DEFAULT_READER
    companies, columns, years = database.companies(), database.columns(), database.years()
    linker = Linker(companies, columns, renames.years_of_names(database, companies))
    absent = AbsentWords(columns)
    return Understanding(
        StatementReader(folder),
        SlotFinder(linker, companies, columns, years[-1], database.people()),
        KnownPairs.load(folder / "pairs.txt"),
        lambda: Table(database, columns),
        {full: short or full for full, short, _ in companies},
        {names[-1]: names for names in linker.renamed},
        years,
        absent,
        SURE if careful is None else careful,
        group=absent.group,
    )


def assemble(
    model: LanguageModel,
    database: Database,
    conclude: Wording = "template",
    memory: Memory | None = None,
    understanding: Understanding | None = None,
    library: Library | None = None,
) -> Pipeline:
    """An agent over a model and a database that are there already."""
    from agent.pipeline import Pipeline
    from agent.telling.phrase import reword

    wording = partial(reword, model) if conclude == "model" else None
    return Pipeline(model, database, wording, memory, understanding, library)


def build(options: Options, tell: Tell = _ignore, background: bool = False) -> Pipeline:
    """A ready agent. background: the model is loaded while the database is read and somebody types.

    Raises:
        CaibaoError: model, prefixes, database or memory cannot be used.
    """
    from agent.model import LoadingModel, find_prefixes
    from agent.writing.memory import Memory

    find_prefixes(options.model, options.prefixes)  # before anything takes time
    memory = Memory(options.approved)
    loading = LoadingModel(lambda: load_model(options)) if background else None
    database = open_database(options, tell)
    database.columns()
    if warning := database.write_warning():
        tell(warning)
    for sentence in database.said:
        tell(sentence)
    return _over(options, database, memory, loading or load_model(options))


def over_table_of(options: Options, model: LanguageModel) -> Pipeline:
    """An agent with a model that is loaded already, over the table as it is now.

    Raises:
        CaibaoError: reader, database or memory cannot be used.
    """
    from agent.writing.memory import Memory

    return _over(options, open_database(options), Memory(options.approved), model)


def _over(options: Options, database: Database, memory: Memory, model: LanguageModel) -> Pipeline:
    from agent.reports.store import beside
    from agent.reports.text.library import Library

    understanding = load_understanding(database, options.reader, options.careful)
    understanding.approved = memory.statement
    library = Library(beside(options.database))
    return assemble(model, database, options.conclude, memory, understanding, library)
