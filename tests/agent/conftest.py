"""Databases for the tests: a small table in SQLite, and a MariaDB server of our own on loopback where one is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.mariadb import MariaDb

SMALL = """公司全称,年份,股票代码,股票简称,注册地址,营业收入,营业成本,货币资金,净利润,职工总人数
甲股份有限公司,2019,000001,甲股份,杭州市西湖区,100,60,9,5,10
甲股份有限公司,2020,000001,甲股份,杭州市西湖区,150,90.03,9,6,12
乙股份有限公司,2019,000002,乙股份,北京市海淀区,7,5,10,8,3
乙股份有限公司,2020,000002,乙股份,北京市海淀区,9,6,20,-8,3
丙股份有限公司,2020,000003,丙股份,杭州市滨江区,0,1,100.5,8,
丁股份有限公司,2020,000004,丁股份,宁波市,,1,20,0.1,7
戊股份有限公司,2019,000005,戊股份,宁波市,30,10,,0.2,7
"""


@pytest.fixture
def table_file(tmp_path: Path) -> Path:
    """SMALL as a csv file."""
    path = tmp_path / "company_table.csv"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, table_file: Path) -> str:
    """A SQLite database that holds SMALL."""
    from agent.table.importer import import_table

    url = f"sqlite:///{tmp_path / 'company.sqlite3'}"
    import_table(table_file, url)
    return url


@pytest.fixture(scope="session")
def mariadb_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """The server that this session starts and stops."""
    server = MariaDb(tmp_path_factory.mktemp("mariadb"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mariadb(mariadb_of_the_session: MariaDb) -> Iterator[MariaDb]:
    """The server for a test that stops or kills it: it runs again afterwards."""
    yield mariadb_of_the_session
    mariadb_of_the_session.start()


@pytest.fixture
def mysql_server(mariadb_of_the_session: MariaDb) -> str:
    """SQLAlchemy URL of the server's database, whatever it holds."""
    return mariadb_of_the_session.url()


@pytest.fixture
def mysql_url(mysql_server: str, table_file: Path) -> str:
    """The MySQL database, holding SMALL anew."""
    from agent.table.importer import How, import_table

    import_table(table_file, mysql_server, how=How(replace=True))
    return mysql_server


@pytest.fixture(params=["sqlite", "mysql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """SMALL in each kind of database."""
    return str(request.getfixturevalue(f"{request.param}_url"))
