import sqlite3
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pymysql._auth import sha2_rsa_encrypt
from sqlalchemy.engine import make_url

from agent.errors import DatabaseError
from agent.table.database import Database
from agent.table.importer import How, import_table


def path_of(url: str) -> Path:
    return Path(str(make_url(url).database))


def change(url: str, *statements: str) -> None:
    """Changes a SQLite file behind the back of the program."""
    connection = sqlite3.connect(path_of(url))
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_the_table_tells_its_columns_companies_and_years(database_url: str) -> None:
    database = Database(database_url)
    assert database.columns()[:4] == ("公司全称", "年份", "股票代码", "股票简称")
    assert len(database.companies()) == 5
    assert ("甲股份有限公司", "甲股份", "000001") in database.companies()
    assert database.years() == (2019, 2020)


def test_a_figure_comes_back_as_it_was_written(database_url: str) -> None:
    result = Database(database_url).execute(
        "SELECT 营业成本, 年份, 公司全称, 职工总人数 FROM company_table WHERE 营业成本 = :v1", {"v1": Decimal("90.03")}
    )
    assert result.rows == ((Decimal("90.03"), 2020, "甲股份有限公司", Decimal(12)),)
    assert str(result.rows[0][0]).rstrip("0") == "90.03"
    assert not any(isinstance(value, float) for row in result.rows for value in row)


def test_sums_and_averages_are_exact(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    table = tmp_path / "t.csv"
    table.write_text(
        "公司全称,年份,净利润\n" + "".join(f"公司{i},2020,{'0.1' if i else '9999999999999.99'}\n" for i in range(11)),
        encoding="utf-8",
    )
    for url in (f"sqlite:///{tmp_path / 'sum.sqlite3'}", "mysql"):
        if url == "mysql":
            url = request.getfixturevalue("mysql_server")
        import_table(table, url, how=How(replace=True))
        ((total, average),) = Database(url).execute("SELECT SUM(净利润), AVG(净利润) FROM company_table", {}).rows
        assert total == Decimal("10000000000000.99")
        assert abs(Decimal(str(average)) - Decimal("10000000000000.99") / 11) < Decimal("1e-9")


def test_a_sum_over_nothing_is_nothing(database_url: str) -> None:
    assert Database(database_url).execute(
        "SELECT SUM(净利润), AVG(净利润), COUNT(*) FROM company_table WHERE 年份 = 1990", {}
    ).rows == ((None, None, 0),)


@pytest.mark.parametrize(
    "text", ["#12", "#1.5", "1e5", "007", "12", "50%", ":v1", "O'Neil; DROP TABLE company_table", "a\\b"]
)
def test_text_that_looks_like_something_else_stays_text(tmp_path: Path, text: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f"公司全称,年份,注册地址\n甲,2020,{text}\n", encoding="utf-8")
    url = f"sqlite:///{tmp_path / 't.sqlite3'}"
    import_table(table, url, how=How(replace=True))
    assert Database(url).execute("SELECT 注册地址 FROM company_table WHERE 注册地址 = :v1", {"v1": text}).rows == (
        (text,),
    )


@pytest.mark.parametrize("name", ["备注(其中):甲", "占比%", "a:v1", "R&D", "备注:某项", "研发机构数(个)", "100%达标"])
def test_any_column_name_can_be_asked(tmp_path: Path, request: pytest.FixtureRequest, name: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f"公司全称,年份,{name}\n甲,2020,x\n", encoding="utf-8")
    for url, quote in ((f"sqlite:///{tmp_path / 't.sqlite3'}", '"'), ("mysql", "`")):
        if url == "mysql":
            url = request.getfixturevalue("mysql_server")
        import_table(table, url, how=How(replace=True))
        database = Database(url)
        column = database.columns()[2]
        result = database.execute(
            f"SELECT {quote}{column}{quote} FROM company_table WHERE 公司全称 = :v1", {"v1": "甲"}
        )
        assert result.rows == (("x",),)


def test_more_rows_than_wanted_are_cut_and_said_so(database_url: str) -> None:
    database = Database(database_url)
    cut = database.execute("SELECT 公司全称 FROM company_table", {}, max_rows=3)
    assert len(cut.rows) == 3 and cut.truncated
    assert not database.execute("SELECT 公司全称 FROM company_table", {}, max_rows=7).truncated


WRITES = [
    "INSERT INTO company_table (公司全称, 年份) VALUES ('z', 1)",
    "UPDATE company_table SET 净利润 = 0",
    "DELETE FROM company_table",
    "DROP TABLE company_table",
    "CREATE TABLE x (a INT)",
    "ALTER TABLE company_table ADD COLUMN x INT",
]
ESCAPES = [
    "SELECT * FROM secret",
    "SELECT * FROM t",
    "SELECT * FROM sqlite_master",
    "PRAGMA table_info(company_table)",
    "PRAGMA query_only = 0",
    "ATTACH 'x' AS y",
    "CREATE TEMP TABLE x (a)",
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT randomblob(1000000000)",
    "SELECT zeroblob(1000000000)",
    "VACUUM INTO 'x'",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
    "SELECT 公司全称 FROM company_table; DROP TABLE company_table",
    "SELECT 公司全称 FROM company_table UNION SELECT a FROM secret",
    "SELECT (SELECT a FROM secret) FROM company_table",
    "SELECT * FROM pragma_table_info('secret')",
]


@pytest.mark.parametrize("statement", [*WRITES, *ESCAPES])
def test_sqlite_itself_refuses_what_the_guard_might_miss(sqlite_url: str, statement: str) -> None:
    change(sqlite_url, "CREATE TABLE secret (a)", "INSERT INTO secret VALUES ('geheim')", "CREATE TABLE t (a)")
    before = path_of(sqlite_url).read_bytes()
    with pytest.raises(DatabaseError):
        Database(sqlite_url).execute(statement, {})
    assert path_of(sqlite_url).read_bytes() == before


@pytest.mark.parametrize("statement", WRITES[:3])
def test_mysql_itself_refuses_to_write(mysql_url: str, statement: str) -> None:
    with pytest.raises(DatabaseError):
        Database(mysql_url).execute(statement, {})
    assert Database(mysql_url).execute("SELECT COUNT(*) FROM company_table", {}).rows == ((7,),)


def test_a_view_of_the_users_own_tables_can_be_the_table(sqlite_url: str) -> None:
    change(sqlite_url, "CREATE VIEW 年报 AS SELECT * FROM company_table WHERE 年份 = 2020")
    database = Database(sqlite_url, "年报")
    assert database.years() == (2020,)
    assert database.execute("SELECT COUNT(*) FROM 年报", {}).rows == ((4,),)


def test_a_statement_that_takes_too_long_is_stopped_and_the_next_one_runs(sqlite_url: str) -> None:
    database, started = Database(sqlite_url), time.monotonic()
    endless = "SELECT COUNT(*) FROM " + ", ".join(f"company_table AS a{i}" for i in range(14))
    with pytest.raises(DatabaseError, match=r"超过0.3秒"):
        database.execute(endless, {}, timeout=0.3)
    assert time.monotonic() - started < 3
    assert database.years() == (2019, 2020)


def test_mysql_stops_a_statement_that_takes_too_long(mysql_url: str) -> None:
    database, started = Database(mysql_url), time.monotonic()
    endless = "SELECT SUM(a0.净利润 * a1.净利润) FROM " + ", ".join(f"company_table AS a{i}" for i in range(12))
    with pytest.raises(DatabaseError, match=r"超过0.5秒"):
        database.execute(endless, {}, timeout=0.5)
    assert time.monotonic() - started < 5
    assert database.years() == (2019, 2020)


def test_threads_can_share_a_database(sqlite_url: str) -> None:
    database, found = Database(sqlite_url), list[object]()

    def ask() -> None:
        for _ in range(20):
            found.append(database.execute("SELECT COUNT(*) FROM company_table", {}).rows)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [((7,),)] * 80


@pytest.mark.parametrize("name", ["空 格.sqlite3", "a#b.sqlite3", "a&mode=rwc.sqlite3", "财报.sqlite3"])
def test_a_path_may_hold_any_character_and_is_only_read(tmp_path: Path, table_file: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path / name}"
    import_table(table_file, url)
    database = Database(url)
    assert database.years() == (2019, 2020)
    with pytest.raises(DatabaseError):
        database.execute("DELETE FROM company_table", {})
    assert {path.name for path in tmp_path.iterdir()} == {name, table_file.name}


def test_a_missing_file_is_one_sentence_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"none.sqlite3 不存在"):
        Database(f"sqlite:///{tmp_path / 'none.sqlite3'}").columns()
    assert not list(tmp_path.iterdir())


def test_a_locked_database_is_one_sentence(sqlite_url: str) -> None:
    holder = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseError, match="锁住"):
        Database(sqlite_url).columns()
    holder.close()


def test_a_missing_table_a_missing_key_and_a_wrong_file_are_one_sentence_each(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="没有表 别的表"):
        Database(sqlite_url, "别的表").columns()
    change(sqlite_url, "CREATE TABLE 无年份 (公司全称 TEXT)")
    with pytest.raises(DatabaseError, match="没有字段年份"):
        Database(sqlite_url, "无年份").columns()
    (tmp_path / "x.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseError, match="不是SQLite数据库"):
        Database(f"sqlite:///{tmp_path / 'x.sqlite3'}").columns()


def test_years_may_be_text_and_wrong_ones_are_named(sqlite_url: str) -> None:
    change(sqlite_url, "CREATE TABLE 文字 (公司全称 TEXT, 年份 TEXT)", "INSERT INTO 文字 VALUES ('甲', '2020')")
    database = Database(sqlite_url, "文字")
    assert database.years() == (2020,)
    assert database.execute("SELECT 公司全称 FROM 文字 WHERE 年份 = :v1", {"v1": 2020}).rows == (("甲",),)
    change(sqlite_url, "INSERT INTO 文字 VALUES ('乙', '二〇二〇')")
    with pytest.raises(DatabaseError, match="二〇二〇"):
        Database(sqlite_url, "文字").years()
    change(sqlite_url, "CREATE TABLE 空表 (公司全称 TEXT, 年份 TEXT)")
    with pytest.raises(DatabaseError, match="空表"):
        Database(sqlite_url, "空表").years()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense geheim-4711",
        "",
        "postgresql://u:geheim-4711@h/x",
        "mysql+nodriver://u:geheim-4711@h/x",
        "sqlite://",
        "mysql+pymysql://u:geheim-4711@127.0.0.1:1/x",
    ],
)
def test_an_address_that_does_not_work_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(DatabaseError) as refused:
        Database(url).columns()
    assert "geheim-4711" not in str(refused.value) and "\n" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__cause__ is None


def test_a_wrong_password_is_one_sentence_without_the_password(mysql_server: str) -> None:
    wrong = make_url(mysql_server).set(password="falsch-0815").render_as_string(hide_password=False)
    with pytest.raises(DatabaseError, match="拒绝登录") as refused:
        Database(wrong).columns()
    assert "falsch-0815" not in str(refused.value)


def test_a_login_to_mysql_8_without_tls_works_as_installed() -> None:
    """caching_sha2_password: the password, xor the server's salt, under the server's RSA key (OAEP); PyMySQL leaves that to
    the package cryptography."""
    key, salt = rsa.generate_private_key(65537, 2048), bytes(range(1, 21))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    sent = key.decrypt(sha2_rsa_encrypt(b"secret", salt, public), OAEP(MGF1(SHA1()), SHA1(), None))
    assert bytes(a ^ b for a, b in zip(sent, salt)) == b"secret\0"
