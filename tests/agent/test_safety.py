"""Nothing unsafe: whatever is asked, and whatever the model writes, nothing is written, nothing but the table is read, nothing hangs,
and each question ends in a sentence. The hostile inputs are in adversarial.py and the corpus files beside it; sql_guard has its own tests.
"""

import hashlib
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy
from rich.console import Console

from agent.errors import CaibaoError, DatabaseUnavailable
from agent.faces import console
from agent.model import DEFAULT_BASE, PrefixTunedGlm
from agent.pipeline import Pipeline
from agent.records import Question, Trace
from agent.table import sql_guard
from agent.table.database import Database
from agent.table.importer import import_table
from agent.writing.expansion import expand
from tests.agent.adversarial import ASKED, HARMLESS, QUESTIONS, STATEMENTS
from tests.agent.scripted import CSV, ScriptedModel

SECRET = "geheim0815"  # what a second table holds
BORROWED = "WITH company_table AS (SELECT a AS 公司全称 FROM secret) SELECT 公司全称 FROM company_table"
# What may lock tables or change its session gets one of its own.
OF_A_SESSION = ("SET ", "LOCK ", "START ", "BEGIN", "FLUSH ", "USE ", "HANDLER ", "PREPARE ", "EXECUTE ")
SECONDS = 5.0  # of this process: far more than any of it takes; what the database takes is limited by itself
# A look-up and a count: what the statements are written for. The model sees 货币资金 and 净利润 in place of what is asked.
LOOKUP = "2020年华兴科技的净利润和营业成本是多少？"
COUNT = "2020年在苏州注册、净利润大于100元的公司有几家？"


@dataclass
class Guarded:
    """A database with a second table that no answer may tell of."""

    url: str
    database: Database
    writer: sqlalchemy.Engine
    folder: Path

    def state(self) -> dict[str, object]:
        """Every table's checksum and every file of the database's folder (of SQLite with its content's hash)."""
        if self.database.dialect == "sqlite":
            return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.folder.iterdir()}
        with self.writer.connect() as connection:
            tables = connection.exec_driver_sql("SHOW TABLES").scalars().all()
            sums = {name: connection.exec_driver_sql(f"CHECKSUM TABLE `{name}`").one()[1] for name in tables}
            home = Path(connection.exec_driver_sql("SELECT @@datadir").scalar_one())
        return sums | {path.name: None for path in (*home.iterdir(), *(home / "caibao").iterdir())}


@pytest.fixture(params=["sqlite", "mysql"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    """The small table and a secret one, in each kind of database; relative paths lead into the folder that is watched."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(CSV, encoding="utf-8")
    mysql = request.param == "mysql"
    url = request.getfixturevalue("mysql_server") if mysql else f"sqlite:///{tmp_path / 'table.sqlite3'}"
    import_table(tmp_path / "table.csv", url)
    writer = sqlalchemy.create_engine(url)
    with writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE secret (a VARCHAR(40))")
        connection.exec_driver_sql(f"INSERT INTO secret VALUES ('{SECRET}')")
    yield Guarded(url, Database(url), writer, tmp_path)
    with writer.begin() as connection:
        connection.exec_driver_sql("DROP TABLE secret")
    writer.dispose()


def wrong_with(trace: Trace, seconds: float) -> list[str]:
    """What is not as it should be about an answer."""
    text, evidence = trace.answer.text, trace.answer.evidence
    wrong = []
    if not text.isprintable():
        wrong.append(f"not in one printable line: {text!r}")
    if not text.endswith(("。", "？")) or (trace.answer.kind == "refusal" and len(text) > 300):
        wrong.append(f"no sentence: {text!r}")
    if SECRET in text or (evidence and SECRET in str(evidence.rows)):
        wrong.append(f"tells the secret: {text!r}")
    if trace.sql and trace.sql.text.count("company_table") < 1:
        wrong.append(f"ran {trace.sql.text!r}")
    if seconds > SECONDS:
        wrong.append(f"took {seconds:.1f} s")
    return wrong


def asked(pipeline: Pipeline, question: str) -> list[str]:
    started = time.process_time()
    trace = pipeline.ask(question)
    return [f"{question[:60]!r}: {wrong}" for wrong in wrong_with(trace, time.process_time() - started)]


def test_there_are_more_than_600_hostile_inputs_and_none_twice() -> None:
    inputs = [*STATEMENTS, *ASKED]
    assert len(inputs) >= 1000 and len(QUESTIONS) >= 120
    assert len(set(inputs)) == len(inputs)


@pytest.mark.parametrize(
    ("question", "label", "statements"),
    [(LOOKUP, "C", STATEMENTS[::4]), (COUNT, "E", STATEMENTS)],
    ids=["look-up", "count"],
)
def test_whatever_the_model_writes_ends_in_a_sentence_and_changes_and_betrays_nothing(
    guarded: Guarded, question: str, label: str, statements: list[str]
) -> None:
    before = guarded.state()
    pipeline = Pipeline(ScriptedModel(), guarded.database)
    wrong = []
    for statement in statements:
        pipeline.model = ScriptedModel(label, "净利润", statement)
        wrong += [f"{statement[:80]!r}: {found}" for found in asked(pipeline, question)]
    assert not wrong
    assert guarded.state() == before


def test_whatever_is_asked_ends_in_a_sentence_and_changes_and_betrays_nothing(guarded: Guarded) -> None:
    before = guarded.state()
    greedy = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100"
    wrong = []
    for label in "CEF":  # a look-up, a statistic, an open question
        pipeline = Pipeline(ScriptedModel(label, "净利润,secret,a", greedy), guarded.database)
        for question in ASKED:
            wrong += asked(pipeline, question)
    assert not wrong
    assert guarded.state() == before


def told_unguarded(guarded: Guarded, statement: str) -> str:
    """The rows of a statement that goes straight to the connection; "" where it is refused."""
    database = Database(guarded.url) if statement.startswith(OF_A_SESSION) else guarded.database
    try:
        return str(database.execute(statement, {}, timeout=0.1).rows)
    except UnicodeError:  # half of a character cannot even be sent
        return ""
    except CaibaoError as error:
        assert not isinstance(error, DatabaseUnavailable) and "\n" not in str(error)
        return ""
    finally:
        if database is not guarded.database:
            database._engine.dispose()


def test_behind_the_guard_the_database_itself_lets_nothing_be_written(guarded: Guarded) -> None:
    before = guarded.state()
    told = "".join(told_unguarded(guarded, statement) for statement in STATEMENTS if statement != BORROWED)
    assert guarded.state() == before
    if guarded.database.dialect == "sqlite":  # on MySQL it is the account's privileges that hide other tables
        assert SECRET not in told


def test_no_table_lends_its_name_to_another_one(guarded: Guarded) -> None:
    """SQLite tells the authorizer which view reads for a statement, and a WITH looks like a view to it."""
    if guarded.database.dialect != "sqlite":
        pytest.skip("on MySQL it is the account's privileges that hide other tables")
    with pytest.raises(CaibaoError):
        guarded.database.execute(BORROWED, {})


def test_what_the_guard_lets_through_runs_on_both_databases(guarded: Guarded) -> None:
    columns = guarded.database.columns()
    before = guarded.state()
    for statement in HARMLESS:
        select = expand(sql_guard.check(statement, columns), columns)
        guarded.database.execute(sql_guard.emit(select, guarded.database.dialect), {})
    assert guarded.state() == before


@pytest.fixture(scope="module")
def model() -> PrefixTunedGlm:
    """The model that ships with the project."""
    return PrefixTunedGlm(DEFAULT_BASE, DEFAULT_BASE / "prefix")


def test_the_real_model_answers_every_hostile_question_in_a_sentence(model: PrefixTunedGlm, guarded: Guarded) -> None:
    if guarded.database.dialect != "sqlite":
        pytest.skip("the model is the same, and its statements are tried on both databases above")
    before = guarded.state()
    questions = [Question(number, text) for number, text in enumerate(QUESTIONS)]
    traces = Pipeline(model, guarded.database).answer(questions)
    assert [f"{t.question.text!r}: {wrong}" for t in traces for wrong in wrong_with(t, t.seconds / len(traces))] == []
    assert guarded.state() == before


def test_what_is_asked_and_answered_is_shown_as_it_is(guarded: Guarded) -> None:
    """No markup is obeyed, and nothing is sent to the terminal but what can be seen."""
    lookup = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
    screen = Console(file=io.StringIO(), width=2000)
    chat = console.Chat(Pipeline(ScriptedModel("C", "净利润,[red]x[/y]", lookup), guarded.database), screen)
    for question in QUESTIONS:
        chat.ask(question)
        for command in ("/trace", "/sql", "/history"):
            chat._command(command)
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "[/dim]鑫鹏[/bold]" in shown and "[red]华兴科技[/red]" in shown
    assert not {c for c in shown if ord(c) < 32} - {"\n"}
