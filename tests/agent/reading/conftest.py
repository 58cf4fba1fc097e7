"""A linker over a few companies whose names stand inside each other."""

import pytest

from agent.reading.entities import Linker
from tests.agent.reading.linked import COMPANIES


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker(COMPANIES, ["门店数量", "机器人数量", "前五大客户销售额"])
