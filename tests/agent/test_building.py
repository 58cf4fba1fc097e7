"""How an agent is put together."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from agent import building
from agent.building import Options, assemble, build, open_database
from agent.errors import CaibaoError
from tests.agent.scripted import ScriptedModel, make_database


def test_the_sample_database_is_built_where_it_is_asked_for_and_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "sample.sqlite3", list[str]()
    monkeypatch.setattr(building, "_SAMPLE_DATABASE", path)
    monkeypatch.setattr(building, "DEFAULT_DATABASE", f"sqlite:///{path}")
    for _ in range(2):
        assert open_database(Options(database=f"sqlite:///{path}"), told.append).years()
    assert len(told) == 1 and "虚构公司" in told[0]


def test_another_database_is_never_built(tmp_path: Path) -> None:
    with pytest.raises(CaibaoError):
        open_database(Options(database=f"sqlite:///{tmp_path / 'none.sqlite3'}")).columns()


def test_missing_prefixes_are_told_before_the_database_is_opened(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.sqlite3").close()
    with pytest.raises(CaibaoError, match="三个前缀"):
        build(Options(prefixes=tmp_path, database=f"sqlite:///{tmp_path / 'empty.sqlite3'}"))


def test_the_template_words_answers_unless_the_model_is_asked_to(tmp_path: Path) -> None:
    model, database = ScriptedModel(), make_database(tmp_path)
    assert assemble(model, database).reword is None and assemble(model, database, "model").reword is not None
