"""Databases for the tests: a small table in SQLite, and a MariaDB server of our own on loopback where one is installed."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

# Account of the test server only; it listens on loopback and is gone after the tests.
READER, PASSWORD = "caibao_test", "geheim-4711"
STARTUP_SECONDS = 60

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
    from agent.importer import import_table

    url = f"sqlite:///{tmp_path / 'company.sqlite3'}"
    import_table(table_file, url)
    return url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user=READER, password=PASSWORD).close()
            return
        except pymysql.err.OperationalError:
            time.sleep(0.2)
    pytest.fail(f"MariaDB did not start:\n{log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """SQLAlchemy URL of a fresh database on a MariaDB server that this session starts and stops."""
    daemon, installer = _program("mariadbd"), _program("mariadb-install-db")
    if daemon is None or installer is None:
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    folder = tmp_path_factory.mktemp("mariadb")
    data, port, log = folder / "data", _free_port(), folder / "server.log"
    user = ["--user=root"] if os.geteuid() == 0 else []
    install = [
        installer,
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        *user,
    ]
    subprocess.run(install, check=True, capture_output=True)
    start = folder / "start.sql"
    start.write_text(
        f"CREATE DATABASE caibao CHARACTER SET utf8mb4;\nCREATE USER '{READER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
        f"GRANT ALL ON caibao.* TO '{READER}'@'127.0.0.1';\n"
    )
    options = [
        f"--datadir={data}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={folder / 's'}",
        f"--pid-file={folder / 'pid'}",
        f"--init-file={start}",
        "--skip-name-resolve",
        "--innodb-buffer-pool-size=32M",
        "--innodb-log-file-size=16M",
        "--sql-mode=TRADITIONAL,ONLY_FULL_GROUP_BY",
    ]
    with log.open("wb") as output:
        server = subprocess.Popen([daemon, "--no-defaults", *options, *user], stdout=output, stderr=output)
        try:
            _wait_for(server, port, log)
            yield f"mysql+pymysql://{READER}:{PASSWORD}@127.0.0.1:{port}/caibao?charset=utf8mb4"
        finally:
            server.terminate()
            server.wait(timeout=60)


@pytest.fixture
def mysql_url(mysql_server: str, table_file: Path) -> str:
    """The MySQL database, holding SMALL anew."""
    from agent.importer import import_table

    import_table(table_file, mysql_server)
    return mysql_server


@pytest.fixture(params=["sqlite", "mysql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """SMALL in each kind of database."""
    return str(request.getfixturevalue(f"{request.param}_url"))
