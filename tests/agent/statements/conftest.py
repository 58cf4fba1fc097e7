"""The sample in SQLite and in MariaDB, imported once for the tests of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.table.database import Database
from tests.agent.statements import sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("statements")


@pytest.fixture(scope="module")
def sqlite(folder: Path) -> Database:
    return sample.database(folder, f"sqlite:///{folder / 'figures.sqlite3'}")


@pytest.fixture(scope="module")
def mysql(folder: Path, request: pytest.FixtureRequest) -> Database:
    return sample.database(folder, request.getfixturevalue("mariadb_of_the_session").url())


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
def base(request: pytest.FixtureRequest) -> Database:
    """Each kind of database; MariaDB is skipped where it is not installed."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Database)
    return found
