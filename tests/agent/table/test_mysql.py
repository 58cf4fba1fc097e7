"""A real server: restarts in the middle of a batch, accounts, every character, and the same answers as SQLite."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import traceback
from decimal import Context, Decimal
from pathlib import Path

import pymysql
import pytest
import sqlglot
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError

from agent.errors import DatabaseError, DatabaseUnavailable, QueryLimit
from agent.faces import batch
from agent.model import ROOT
from agent.pipeline import Pipeline
from agent.records import QueryResult
from agent.table import database
from agent.table.database import Database
from agent.table.importer import How, import_table
from tests.agent.mariadb import PASSWORD, READER, SELECTOR, MariaDb
from tests.agent.scripted import CSV, ScriptedModel

SAMPLE = ROOT / "data" / "company_table.csv"
ONE = "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"


def table(folder: Path, url: str, text: str = CSV) -> Database:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    import_table(folder / "t.csv", url, how=How(replace=True))
    return Database(url)


def questions(folder: Path, count: int) -> batch.QuestionFile:
    names = ("华兴科技", "瑞达银行", "博士眼镜")
    rows = [{"id": i, "question": f"{names[i % 3]}2020年的净利润是多少?"} for i in range(count)]
    (folder / "q.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return batch.read_questions(folder / "q.json")


@pytest.fixture
def pipeline(tmp_path: Path, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Over the server; chunks of four questions, and no long waits."""
    monkeypatch.setattr(batch, "CHUNK", 4)
    monkeypatch.setattr(batch, "WAITS", (0, 0.1, 0.1))
    return Pipeline(ScriptedModel("C", "净利润", ONE), table(tmp_path, mariadb.url()))


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_batch_outlives_a_restart_of_the_server(
    tmp_path: Path, mariadb: MariaDb, pipeline: Pipeline, end: str
) -> None:
    source, told = questions(tmp_path, 12), list[str]()
    batch.run(pipeline, source, tmp_path / "calm.jsonl")

    def restart(sentence: str) -> None:
        told.append(sentence)
        mariadb.start()

    def at_the_second_chunk(done: int, total: int) -> None:
        if done == 4 and not told:
            getattr(mariadb, end)()

    batch.run(pipeline, source, tmp_path / "a.jsonl", progress=at_the_second_chunk, tell=restart)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "calm.jsonl").read_bytes()
    assert len(told) == 1 and "连不上" in told[0] and "第1次，共3次" in told[0] and PASSWORD not in told[0]


def test_a_server_that_stays_away_ends_the_batch_and_the_next_run_goes_on(
    tmp_path: Path, mariadb: MariaDb, pipeline: Pipeline
) -> None:
    source, out, told = questions(tmp_path, 12), tmp_path / "a.jsonl", list[str]()
    with pytest.raises(DatabaseError, match="重试了3次.*再运行一次会接着做") as away:
        batch.run(
            pipeline, source, out, progress=lambda done, _: mariadb.kill() if done == 8 else None, tell=told.append
        )
    assert len(told) == 3 and PASSWORD not in str(away.value) and not isinstance(away.value, DatabaseUnavailable)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 8
    mariadb.start()
    assert batch.run(pipeline, source, out) == 8
    batch.run(pipeline, source, tmp_path / "calm.jsonl")
    assert out.read_bytes() == (tmp_path / "calm.jsonl").read_bytes()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_server_that_ends_during_a_statement_is_unavailable(mysql_url: str, mariadb: MariaDb, end: str) -> None:
    reader = Database(mysql_url)
    reader.columns()
    endless = "SELECT SUM(a0.净利润 * a1.净利润) FROM " + ", ".join(f"company_table AS a{i}" for i in range(12))
    ending = threading.Timer(0.3, getattr(mariadb, end))
    ending.start()
    with pytest.raises(DatabaseUnavailable, match="连不上"):
        reader.execute(endless, {}, timeout=20)
    ending.join()
    mariadb.start()
    assert reader.years() == (2019, 2020)


def test_a_connection_that_the_server_closed_is_replaced(mysql_url: str, mariadb: MariaDb) -> None:
    reader = Database(mysql_url)
    assert reader.years() == (2019, 2020)
    other = pymysql.connect(host="127.0.0.1", port=mariadb.port, user=READER, password=PASSWORD)
    with other, other.cursor() as cursor:
        cursor.execute("SHOW PROCESSLIST")
        for row in cursor.fetchall():
            if row[0] != other.thread_id():
                cursor.execute(f"KILL {row[0]}")
    assert reader.years() == (2019, 2020)


def test_a_server_that_says_nothing_is_noticed(mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_READ_TIMEOUT", 1)
    reader, started = Database(mysql_url), time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        reader.execute("SELECT SLEEP(5)", {}, timeout=60)
    assert time.monotonic() - started < 10


def test_a_batch_goes_on_after_a_statement_that_takes_too_long(
    tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One question of a large table must not end the batch, today and at every later run."""
    run = pipeline.database.execute
    slow = "SELECT SUM(a0.净利润) FROM " + ", ".join(f"company_table AS a{i}" for i in range(12))

    def execute(text: str, parameters: dict, *limits: object) -> QueryResult:
        return (
            run(slow, {}, timeout=0.2) if "杭州瑞达银行股份有限公司" in parameters.values() else run(text, parameters)
        )

    monkeypatch.setattr(pipeline.database, "execute", execute)
    batch.run(pipeline, questions(tmp_path, 3), tmp_path / "a.jsonl", with_trace=True)
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["answer", "refusal", "answer"]
    assert "时间上限" in rows[1]["answer"] and rows[1]["answer"].endswith("无法回答该问题。")


def test_an_account_that_may_write_is_told_how_to_do_without(mysql_url: str, mariadb: MariaDb) -> None:
    warning = Database(mysql_url).write_warning()
    assert warning and READER in warning and "ALL PRIVILEGES" in warning and PASSWORD not in warning
    assert "GRANT SELECT ON `caibao`.`company_table`" in warning and "\n" not in warning and "PASSWORD" not in warning
    reader = Database(mariadb.url(SELECTOR))
    assert reader.write_warning() is None and reader.years() == (2019, 2020)


def test_a_server_that_does_not_tell_the_privileges_gets_no_warning(
    mysql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Database(mysql_url)
    reader.columns()

    def refuse(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("SHOW GRANTS"):
            raise OperationalError(statement, None, pymysql.err.OperationalError(1235, "not supported"))

    event.listen(reader._engine, "before_cursor_execute", refuse)
    assert reader.write_warning() is None


def test_the_import_names_the_privilege_that_is_missing(table_file: Path, mysql_url: str, mariadb: MariaDb) -> None:
    with pytest.raises(DatabaseError, match="没有 (DROP|CREATE) 权限") as refused:
        import_table(table_file, mariadb.url(SELECTOR), how=How(replace=True))
    assert PASSWORD not in str(refused.value)
    assert Database(mysql_url).execute("SELECT COUNT(*) FROM company_table", {}).rows == ((7,),)


@pytest.mark.parametrize("form", ["mysql", "mariadb", "mariadb+pymysql"])
def test_every_usual_form_of_the_address_works(mysql_url: str, form: str) -> None:
    assert Database(mysql_url.replace("mysql+pymysql", form)).years() == (2019, 2020)


@pytest.mark.parametrize(
    "address",
    [
        "mysql+pymysql://u:geheim-4711@127.0.0.1:{port}/caibao",
        "mysql+pymysql://127.0.0.1:{port}/caibao?user=u&password=geheim-4711",
        "mysql+pymysql://u:geheim-4711@127.0.0.1:{port}/caibao?nonsense=1",
        "mysql+pymysql://u:geheim-4711密@127.0.0.1:{port}/caibao",
        "mysql+pymysql://" + READER + ":geheim-4711@127.0.0.1:{port}/elsewhere",
        "mysql+pymysql://u:geheim-4711@no-such-host.invalid/caibao",
    ],
)
def test_the_password_is_never_printed(mariadb: MariaDb, table_file: Path, address: str) -> None:
    url = address.format(port=mariadb.port)
    for arguments in (["import", str(table_file)], ["ask", "甲股份2020年的净利润是多少?"]):
        run = subprocess.run(
            [sys.executable, "-m", "agent", *arguments, "--database", url], cwd=ROOT, capture_output=True, text=True
        )
        assert run.returncode == 1 and "geheim" not in run.stdout + run.stderr
        assert "Traceback" not in run.stderr and len(run.stderr.strip().splitlines()) == 1
    with pytest.raises(DatabaseError) as refused:
        Database(url).columns()
    assert "geheim" not in "".join(traceback.format_exception(refused.value))


RARE = [
    "𠮷野株式会社",
    "🍣股份有限公司",
    "🍺股份有限公司",
    "Straße股份",
    "Strasse股份",
    "abc股份",
    "ABC股份",
    "（甲）集团",
    "(甲)集团",
]


@pytest.mark.parametrize("collation", ["utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci"])
def test_names_that_a_collation_takes_for_one_are_RARE(tmp_path: Path, mysql_server: str, collation: str) -> None:
    """Also in a table of the user's own, which may compare texts loosely; 股票代码 tells apart what differs in spelling only."""
    body = "".join(f"{name},60{number:04},2020,{number}.5\n" for number, name in enumerate(RARE))
    table(tmp_path, mysql_server, f"公司全称,股票代码,年份,净利润\n{body}")
    engine = create_engine(mysql_server)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS own")
        connection.exec_driver_sql(
            f"CREATE TABLE own (公司全称 VARCHAR(99), 股票代码 CHAR(6), 年份 INT, 净利润 DOUBLE) COLLATE {collation}"
        )
        connection.exec_driver_sql("INSERT INTO own SELECT 公司全称, 股票代码, 年份, 净利润 FROM company_table")
    engine.dispose()
    reader = Database(mysql_server, "own")
    for number, name in enumerate(RARE):
        equal, alike = (
            reader.execute(f"SELECT `公司全称`, `净利润` FROM own WHERE `公司全称` {test} :v1", {"v1": value})
            for test, value in (("=", name), ("LIKE", f"%{name}%"))
        )
        assert equal.rows == alike.rows == ((name, Decimal(number) + Decimal("0.5")),)
    assert {full for full, _, _ in reader.companies()} == set(RARE)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, mariadb_of_the_session: MariaDb) -> tuple[Database, Database]:
    """The sample table in SQLite and in MySQL."""
    urls = (f"sqlite:///{tmp_path_factory.mktemp('sample') / 'x.sqlite3'}", mariadb_of_the_session.url())
    for url in urls:
        import_table(SAMPLE, url, "sample", How(replace=True))
    return Database(urls[0], "sample"), Database(urls[1], "sample")


def rows_of(name: str) -> list[dict]:
    path = ROOT / "data" / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def rounded(result: QueryResult) -> list[tuple]:
    """To twelve digits: averages and ratios have different numbers of them."""
    digits = Context(prec=12)
    return [tuple(digits.create_decimal(v) if isinstance(v, Decimal) else v for v in row) for row in result.rows]


def test_every_gold_statement_has_the_same_rows_on_both(both: tuple[Database, Database]) -> None:
    sqlite, mysql = both
    compared = 0
    for row in rows_of("test_answers.jsonl"):
        if row.get("sql"):
            tree = sqlglot.parse_one(row["sql"].replace("company_table", "sample"), read="sqlite")
            values = {k: Decimal(v) if re.fullmatch(r"-?[\d.]+", v) else v for k, v in row["parameters"].items()}
            ours, theirs = (base.execute(tree.sql(base.dialect, identify=True), values) for base in (sqlite, mysql))
            assert len(ours.columns) == len(theirs.columns)
            ordered = tree.args.get("order") is not None
            assert (rounded(ours) if ordered else sorted(map(str, rounded(ours)))) == (
                rounded(theirs) if ordered else sorted(map(str, rounded(theirs)))
            ), row
            compared += 1
    assert compared > 300


def test_no_gold_statement_reads_the_whole_table(both: tuple[Database, Database]) -> None:
    """Each finds its rows through a key, and so does the year before of a growth rate."""
    for base in both:
        read = set()
        with base._open() as connection:
            for row in rows_of("test_answers.jsonl"):
                if row.get("sql"):
                    tree = sqlglot.parse_one(row["sql"].replace("company_table", "sample"), read="sqlite")
                    explain = "EXPLAIN " + ("QUERY PLAN " if base.dialect == "sqlite" else "")
                    plan = connection.execute(text(explain + tree.sql(base.dialect, identify=True)), row["parameters"])
                    for part in plan.mappings():
                        if base.dialect == "sqlite":
                            read.add(" ".join(part["detail"].split()[:4]))
                        elif part["table"] and not part["table"].startswith("<"):
                            read.add((part["table"], part["key"]))
        if base.dialect == "sqlite":
            wrong = {step for step in read if step.startswith("SCAN") and not step.startswith(("SCAN t", "SCAN (sub"))}
            assert {"SEARCH sample USING INDEX", "SEARCH p USING INDEX"} <= read and not wrong
        else:
            assert {("sample", "PRIMARY"), ("p", "PRIMARY")} <= read
            assert {key for _, key in read} <= {"PRIMARY", "ix_names"}


def test_ties_are_in_the_same_order_on_both(tmp_path: Path, mysql_server: str) -> None:
    names = [*RARE, "甲", "乙", "阿", "Z股份", "z股份", "ａ股份", "１股份", "-股份"]
    body = "".join(f"{name},60{number:04},2020,7\n" for number, name in enumerate(names))
    answers = []
    for url in (f"sqlite:///{tmp_path / 'x.sqlite3'}", mysql_server):
        reader = table(tmp_path, url, f"公司全称,股票代码,年份,净利润\n{body}")
        order = "SELECT 公司全称 FROM company_table ORDER BY 净利润 DESC, 公司全称 ASC"
        answers.append((reader.execute(order, {}).rows, reader.companies()))
    assert answers[0] == answers[1] and len(answers[0][0]) == len(RARE) + 8


def test_the_text_of_a_value_is_the_same_on_both(tmp_path: Path, mysql_server: str) -> None:
    """Evidence and traces print what the database gives: 90.03 and not 90.0300, 100 and not 100.0."""
    printed = []
    for url in (f"sqlite:///{tmp_path / 'x.sqlite3'}", mysql_server):
        reader = table(
            tmp_path, url, "公司全称,年份,净利润,营业收入,职工总人数\n 甲 ,2020,90.03,100,0\n乙,2020,-0.5,1e15,\n"
        )
        rows = reader.execute(
            "SELECT 公司全称, 年份, 净利润, 营业收入, 职工总人数 FROM company_table ORDER BY 年份, 公司全称", {}
        ).rows
        printed.append([[str(value) for value in row] for row in rows])
    assert printed[0] == printed[1]
    assert ["甲", "2020", "90.03", "100", "0"] in printed[0]


@pytest.mark.parametrize("pattern", ["%a股%", "%A股%", "%股份", "甲%", "%_%", "%（%"])
def test_like_finds_the_same_on_both(tmp_path: Path, mysql_server: str, pattern: str) -> None:
    names = [*RARE, "a股份", "A股份", "ａ股份"]
    body = "".join(f"{name},60{number:04},2020,7\n" for number, name in enumerate(names))
    found = []
    for url in (f"sqlite:///{tmp_path / 'x.sqlite3'}", mysql_server):
        reader = table(tmp_path, url, f"公司全称,股票代码,年份,净利润\n{body}")
        rows = reader.execute("SELECT 公司全称 FROM company_table WHERE 公司全称 LIKE :v1", {"v1": pattern}).rows
        found.append(sorted(rows))
    assert found[0] == found[1]


def test_a_result_that_is_too_large_is_one_sentence_on_both(
    tmp_path: Path, mysql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MAX_CHARACTERS", 1000)
    for url in (f"sqlite:///{tmp_path / 'x.sqlite3'}", mysql_server):
        reader = table(
            tmp_path, url, "公司全称,年份,注册地址\n" + "".join(f"公司{i},2020,{'长' * 99}\n" for i in range(20))
        )
        with pytest.raises(QueryLimit, match="超过1000个字"):
            reader.execute("SELECT 注册地址 FROM company_table", {})
        assert len(reader.execute("SELECT 公司全称 FROM company_table", {}).rows) == 20


def test_the_limit_on_rows_leaves_what_is_inside_a_statement_alone(mysql_url: str) -> None:
    reader = Database(mysql_url)
    inside = "SELECT COUNT(*) FROM (SELECT 公司全称 FROM company_table) AS t"
    assert reader.execute(inside, {}, max_rows=1).rows == ((7,),)
    assert len(reader.companies()) == 5  # after a limited statement on the same connection


@pytest.mark.slow
def test_the_embedded_model_answers_alike_over_both(both: tuple[Database, Database]) -> None:
    from agent.model import PrefixTunedGlm

    model = PrefixTunedGlm()  # remembers what it has written: the second time only SQL runs
    asked = batch.read_questions(ROOT / "data" / "test_questions.json").questions
    asked += [batch.Question(row["id"], row["question"]) for row in rows_of("handwritten.jsonl")]
    ours, theirs = (Pipeline(model, base).answer(asked) for base in both)
    assert [(t.question, t.answer.kind, t.answer.text) for t in ours] == [
        (t.question, t.answer.kind, t.answer.text) for t in theirs
    ]


@pytest.mark.slow
def test_import_ask_and_batch_work_over_the_server(tmp_path: Path, mariadb: MariaDb) -> None:
    """The address comes from the environment, as a password should; only the account that may write is warned about."""
    question = "甘肃沃森生物2020年的净利润是多少元？"
    company = "甘肃沃森生物股份有限公司"
    (tmp_path / "t.csv").write_text(
        f"公司全称,年份,股票简称,净利润\n{company},2020,沃森生物,1234.5\n", encoding="utf-8"
    )
    (tmp_path / "q.json").write_text(json.dumps([{"id": 1, "question": question}]), encoding="utf-8")
    out = tmp_path / "a.jsonl"

    def agent(account: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"CAIBAO_DATABASE": mariadb.url(account), "COLUMNS": "200"}
        command = [sys.executable, "-m", "agent", *arguments]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert run.returncode == 0 and PASSWORD not in run.stdout + run.stderr, run.stderr
        return run

    assert "导入1行" in agent(READER, "import", str(tmp_path / "t.csv")).stdout
    asked = agent(READER, "ask", question)
    assert "1234.5元" in asked.stdout and asked.stderr.count("只读的账号") == 1
    agent(SELECTOR, "batch", str(tmp_path / "q.json"), "-o", str(out), "--trace")
    (row,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert row["kind"] == "answer" and "1234.5元" in row["answer"] and PASSWORD not in out.read_text(encoding="utf-8")
    assert Database(mariadb.url(SELECTOR)).write_warning() is None
