"""A small project over the scripted table: drafts come from a model that says what it was told."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.labelling.desk import Desk
from agent.labelling.drafting import Drafter
from agent.labelling.loop import Loop
from agent.labelling.project import Project, Settings, create
from agent.labelling.starting import add
from tests.agent.scripted import ScriptedModel, make_database

COUNT = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 净利润>100"
LOOKUP = "SELECT 净利润 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
QUESTIONS = (
    "2021年净利润大于50元的公司有几家?",
    "2020年净利润大于100元的公司有几家?",
    "华兴科技2020年净利润是多少?",
    "瑞达银行2021年净利润是多少?",
    "瑞达银行2020年营业收入为多少元?",
    "什么是净利润?",
)


def scripted() -> ScriptedModel:
    return ScriptedModel(
        {"几家": "E", "什么": "F", "": "C"},
        {"净利润": "净利润", "营业收入": "营业收入"},
        {"几家": COUNT.replace("净利润", "货币资金"), "甲公司": LOOKUP.replace("净利润", "货币资金")},
    )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(make_database(tmp_path))


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    """A project of QUESTIONS, not drafted; without a test split of its own."""
    database = make_database(tmp_path)
    create(tmp_path / "project", Settings(database.url.render_as_string(), test=0, first=6, target=0.9))
    made = Loop(Project(tmp_path / "project", "甲"))
    add(made, QUESTIONS, "q.txt")
    return made


@pytest.fixture
def drafter(loop: Loop) -> Drafter:
    return Drafter(loop.desk, {"前缀1": scripted()}, None, loop.model_hash)
