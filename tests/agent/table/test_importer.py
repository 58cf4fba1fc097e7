import gzip
import os
import random
import re
import sqlite3
import time
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from agent.errors import CaibaoError, DatabaseError
from agent.table.database import Database
from agent.table.importer import ImportReport, import_table

SHARED = Path(os.environ.get("CAIBAO_SHARED", Path(__file__).parents[4] / "shared"))


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def load(tmp_path: Path, text: str) -> tuple[ImportReport, Database]:
    """`text` as a csv file, imported into a new SQLite database."""
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    return import_table(written(tmp_path / "t.csv", text), url), Database(url)


def only(database: Database, column: str) -> object:
    ((value,),) = database.execute(f'SELECT "{column}" FROM company_table', {}).rows
    return value


def refused(tmp_path: Path, text: str) -> str:
    """The sentence with which a csv file is refused; nothing may be left behind."""
    with pytest.raises(CaibaoError) as error:
        load(tmp_path, text)
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv"}
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "xlsx"])
def test_every_kind_of_file_gives_the_same_table(
    tmp_path: Path, table_file: Path, database_url: str, kind: str
) -> None:
    path = tmp_path / f"t.{kind}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for line in table_file.read_text(encoding="utf-8").splitlines():
            book.active.append(
                [
                    float(cell) if cell.replace(".", "").replace("-", "").isdigit() else cell or None
                    for cell in line.split(",")
                ]
            )
        book.save(path)
    else:
        path.write_bytes(gzip.compress(table_file.read_bytes()) if kind == "csv.gz" else table_file.read_bytes())
    before = Database(database_url)
    everything = f"SELECT {', '.join(before.columns())} FROM company_table ORDER BY 公司全称, 年份"
    expected = before.execute(everything, {}).rows
    assert import_table(path, database_url).rows == 7
    assert Database(database_url).execute(everything, {}).rows == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    import_table(
        written(tmp_path / "t.csv", "公司全称,年份\n甲,2020\n", encoding), f"sqlite:///{tmp_path / 'x.sqlite3'}"
    )
    assert Database(f"sqlite:///{tmp_path / 'x.sqlite3'}").companies() == [("甲", "", "")]


def test_headings_are_mapped_through_the_aliases_and_reported(tmp_path: Path) -> None:
    report, database = load(tmp_path, "企业名称,年度,证券代码,总资产,研发机构数,\n甲,2020年,2099,5,3,rest\n")
    assert database.columns() == ("公司全称", "年份", "股票代码", "资产总计", "研发机构数")
    assert report.mapped == {"企业名称": "公司全称", "年度": "年份", "证券代码": "股票代码", "总资产": "资产总计"}
    assert report.kept == ["研发机构数"] and len(report.ignored) == 1
    assert only(database, "股票代码") == "002099"
    assert all(word in str(report) for word in ("1行", "总资产→资产总计", "研发机构数", "第6列"))


@pytest.mark.parametrize(
    ("heading", "cell", "value"),
    [
        ("营业收入", "1234.56", "1234.56"),
        ("营业收入(万元)", '"1,234.5678"', "12345678"),
        ("营业收入（亿元）", "1.23456789012", "123456789.012"),
        ("营业收入(千元)", "-3.5", "-3500"),
        ("净利润(元)", '"(1,234.50)"', "-1234.50"),
        ("净利润", '"1,234,567.89"', "1234567.89"),
        ("净利润", "9876543210123.45", "9876543210123.45"),
        ("净利润", "１２．５", "12.5"),
        ("净利润", " 7 ", "7"),
        ("净利润", "1.5E+3", "1500"),
        ("净利润", "+5", "5"),
        ("职工总人数(人)", "12.0", "12"),
        ("净利润", "0", "0"),
    ],
)
def test_a_number_is_imported_exactly(tmp_path: Path, heading: str, cell: str, value: str) -> None:
    _, database = load(tmp_path, f"公司全称,年份,{heading}\n甲,2020,{cell}\n")
    assert only(database, database.columns()[2]) == Decimal(value)


@pytest.mark.parametrize("empty", ["", "-", "--", "—", "无", "NaN", "null", "N/A", "不适用", "  "])
def test_an_empty_cell_is_nothing_and_not_zero(tmp_path: Path, empty: str) -> None:
    _, database = load(tmp_path, f"公司全称,年份,净利润\n甲,2020,{empty}\n")
    assert only(database, "净利润") is None


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "12%",
        "1_000",
        '"12,34"',
        '"1,2345"',
        "1.2.3",
        "--5",
        "1e999999",
        "9" * 21,
        "0x10",
        "inf",
        "五亿",
        "12人民币元",
        "=1+1",
    ],
)
def test_a_bad_number_names_line_column_and_cell(tmp_path: Path, cell: str) -> None:
    sentence = refused(tmp_path, f"公司全称,年份,净利润\n甲,2019,1\n甲,2020,{cell}\n")
    assert "第3行" in sentence and "净利润" in sentence and cell.strip('"')[:40] in sentence


@pytest.mark.parametrize("year", ["2019.5", "19", "20200", "2020-12-30", "二〇二〇", "-2020", "abc"])
def test_a_bad_year_is_refused(tmp_path: Path, year: str) -> None:
    assert "年份" in refused(tmp_path, f"公司全称,年份\n甲,{year}\n")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ["空"]),
        ("公司全称,年份\n", ["只有标题"]),
        ("公司全称,净利润\n甲,1\n", ["年份"]),
        ("年份,净利润\n2020,1\n", ["公司全称"]),
        ("公司全称,年份\n,2020\n", ["第2行", "公司全称"]),
        ("公司全称,年份\n甲,\n", ["第2行", "年份"]),
        ("公司全称,年份\n甲,2020\n乙,2020\n\n甲,2020\n", ["第2行", "第5行", "甲"]),
        ("公司全称,年份,总资产,资产总额\n甲,2020,1,2\n", ["总资产", "资产总额", "资产总计"]),
        ("公司全称,年份,净利润,净利润\n甲,2020,1,2\n", ["净利润", "第3列", "第4列"]),
        ("公司全称,年份,净利润(美元)\n甲,2020,1\n", ["净利润(美元)", "人民币"]),
        ("公司全称,年份,净利润\n甲,2020,1,234\n", ["第2行", "逗号"]),
        ('公司全称,年份,注册地址,净利润\n甲,2019,"路\n1号",1\n乙,2020,x,y\n', ["第4行", "净利润"]),
        ('公司全称,年份,注册地址\n甲,2020,"' + "长" * 140_000 + '"\n', ["第2行", "csv"]),
    ],
)
def test_a_wrong_table_is_refused_where_it_is_wrong(tmp_path: Path, text: str, named: list[str]) -> None:
    sentence = refused(tmp_path, text)
    assert all(word in sentence for word in named), sentence


@pytest.mark.parametrize(
    "name",
    [
        "missing.csv",
        "t.txt",
        "t.xls",
        "t.csv.gz",
        "cut.csv.gz",
        "broken.csv.gz",
        "t.xlsx",
        "encrypted.xlsx",
        "nul.csv",
        "folder.csv",
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    good = "公司全称,年份\n甲,2020\n".encode() * 50
    packed = bytearray(gzip.compress(good))
    packed[20] ^= 255
    openpyxl.Workbook().save(tmp_path / "encrypted.xlsx")
    directory = bytearray((tmp_path / "encrypted.xlsx").read_bytes())
    for entry in re.finditer(rb"PK\x01\x02", bytes(directory)):
        directory[entry.start() + 8] |= 1  # the flag that a member is encrypted
    (tmp_path / "encrypted.xlsx").write_bytes(directory)
    content = {
        "t.txt": good,
        "t.xls": good,
        "t.csv.gz": good,
        "cut.csv.gz": gzip.compress(good)[:-9],
        "broken.csv.gz": bytes(packed),
        "t.xlsx": good,
        "nul.csv": good[:30] + b"\0\xff" + good[30:],
    }
    if name in content:
        (tmp_path / name).write_bytes(content[name])
    if name == "folder.csv":
        (tmp_path / name).mkdir()
    with pytest.raises(CaibaoError, match=name.replace(".", r"\.")) as refusal:
        import_table(tmp_path / name, f"sqlite:///{tmp_path / 'x.sqlite3'}")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "x.sqlite3").exists()


def test_a_damaged_spreadsheet_never_crashes(tmp_path: Path) -> None:
    book, rng = openpyxl.Workbook(), random.Random(1)
    book.active.append(["公司全称", "年份", "净利润"])
    for year in range(1990, 2021):
        book.active.append(["甲", year, year / 7])
    book.save(tmp_path / "good.xlsx")
    good = (tmp_path / "good.xlsx").read_bytes()
    for _ in range(150):
        damaged = bytearray(good)
        for _ in range(rng.choice((1, 3, 20))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (tmp_path / "bad.xlsx").write_bytes(damaged[: rng.choice((len(damaged), rng.randrange(len(damaged))))])
        try:
            import_table(tmp_path / "bad.xlsx", f"sqlite:///{tmp_path / 'bad.sqlite3'}")
        except CaibaoError as error:
            assert "\n" not in str(error)


def test_an_import_can_be_repeated_any_number_of_times(database_url: str, table_file: Path) -> None:
    for _ in range(4):
        import_table(table_file, database_url)
    assert Database(database_url).execute("SELECT COUNT(*) FROM company_table", {}).rows == ((7,),)


def test_a_refused_file_leaves_the_old_table_as_it_was(database_url: str, tmp_path: Path) -> None:
    everything = "SELECT 公司全称, 年份, 营业收入 FROM company_table ORDER BY 公司全称, 年份"
    before = Database(database_url).execute(everything, {}).rows
    with pytest.raises(CaibaoError):
        import_table(written(tmp_path / "bad.csv", "公司全称,年份,营业收入\n甲,2020,1\n乙,2020,x\n"), database_url)
    assert Database(database_url).execute(everything, {}).rows == before


def test_an_import_that_fails_while_writing_leaves_the_old_table_as_it_was(
    sqlite_url: str, table_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full half-way: SQLite's own page limit plays the disk."""
    import sqlalchemy
    from sqlalchemy import event

    create_engine = sqlalchemy.create_engine

    def small_disk(*args: object, **kwargs: object) -> sqlalchemy.Engine:
        engine = create_engine(*args, **kwargs)  # type: ignore[arg-type]
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1").close())
        return engine

    many = "公司全称,年份,注册地址\n" + "".join(f"公司{i},2020,{'很长的地址' * 30}\n" for i in range(600))
    monkeypatch.setattr(sqlalchemy, "create_engine", small_disk)
    with pytest.raises(DatabaseError):
        import_table(written(table_file.with_name("many.csv"), many), sqlite_url)
    monkeypatch.undo()
    assert Database(sqlite_url).execute("SELECT COUNT(*), SUM(职工总人数) FROM company_table", {}).rows == (
        (7, Decimal(42)),
    )


def test_other_tables_of_the_database_are_left_alone(sqlite_url: str, table_file: Path) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE company_table_old (a)")
        connection.execute("CREATE TABLE company_table_import (a)")
    import_table(table_file, sqlite_url)
    with sqlite3.connect(path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        indexed = {
            row[3]
            for row in connection.execute(
                "EXPLAIN QUERY PLAN SELECT * FROM company_table WHERE 公司全称 = 'x' AND 年份 = 2020"
            )
        }
    assert tables == {"company_table", "company_table_old", "company_table_import"}
    assert "ix_company_table_year_company" in " ".join(indexed)


def test_a_locked_database_and_a_folder_without_permission_are_one_sentence_each(
    sqlite_url: str, table_file: Path, tmp_path: Path
) -> None:
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseError, match="锁住"):
        import_table(table_file, sqlite_url)
    holder.close()
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatabaseError, match="不能写入"):
        import_table(table_file, f"sqlite:///{tmp_path / 'file' / 'x.sqlite3'}")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:geheim@h/x",
        "no url",
        "mysql+pymysql://u:geheim@127.0.0.1:1/x",
    ],
)
def test_an_address_that_cannot_be_written_is_one_sentence(table_file: Path, url: str) -> None:
    with pytest.raises(DatabaseError) as refusal:
        import_table(table_file, url)
    assert "geheim" not in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("table", ['x"; DROP TABLE company_table; --', "a b", "", "x`y", "长" * 65])
def test_a_table_name_is_a_plain_name(sqlite_url: str, table_file: Path, table: str) -> None:
    with pytest.raises(CaibaoError, match="表名"):
        import_table(table_file, sqlite_url, table)


def test_a_real_table_is_imported_in_seconds(tmp_path: Path) -> None:
    source = SHARED / "finglm" / "company_table.csv.gz"
    if not source.exists():
        pytest.skip(f"{source} is not there (set CAIBAO_SHARED)")
    started = time.monotonic()
    report = import_table(source, f"sqlite:///{tmp_path / 'x.sqlite3'}")
    assert report.rows > 3000
    assert time.monotonic() - started < 10  # about 2 s on a free core
