"""A language model that says what it was told to, and a small table whose figures are easy to add up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.prompts import LABEL_WORDS
from agent.records import Candidate
from agent.table.database import Database
from agent.table.importer import How, import_table

CSV = """公司全称,年份,股票代码,股票简称,法定代表人,注册地址,电子信箱,职工总人数,研发人员人数,营业收入,营业成本,净利润,货币资金,流动资产合计,流动负债合计,研发机构数
江苏华兴科技股份有限公司,2019,600001,华兴科技,王伟,江苏省苏州市人民路1号,a@a.example,100,10,1000.00,800.00,100.00,50.05,500,250,3
江苏华兴科技股份有限公司,2020,600001,华兴科技,王伟,江苏省苏州市人民路1号,a@a.example,120,12,1200.00,900.00,150.00,60.10,600,250,4
江苏华兴科技股份有限公司,2021,600001,华兴科技,李敏,江苏省苏州市人民路1号,a@a.example,130,26,1500.00,1200.00,-30.00,70.15,700,350,5
杭州瑞达银行股份有限公司,2020,600002,瑞达银行,张丽,杭州市滨江路2号,b@b.example,2000,,5000.00,2000.00,900.00,9000.00,8000,4000,
杭州瑞达银行股份有限公司,2021,600002,瑞达银行,张丽,杭州市滨江路2号,b@b.example,2100,,5500.00,2500.00,800.00,9500.00,8500,4000,
北京博士眼镜股份有限公司,2020,600003,博士眼镜,刘洋,北京市科技路3号,c@c.example,300,30,700.00,300.00,80.00,40.00,300,,1
北京博士眼镜股份有限公司,2021,600003,博士眼镜,刘洋,北京市科技路3号,c@c.example,310,31,770.00,330.00,88.00,44.00,330,,1
"""


def make_database(folder: Path, csv: str = CSV, table: str = "company_table") -> Database:
    """The small table in a SQLite file."""
    (folder / "table.csv").write_text(csv, encoding="utf-8")
    url = f"sqlite:///{folder / 'table.sqlite3'}"
    import_table(folder / "table.csv", url, table, How(replace=True))
    return Database(url, table)


class ScriptedModel:
    """says: text → class, key words or statement, the first entry whose key stands in the text; `asked` is everything it was asked."""

    def __init__(
        self,
        classes: Mapping[str, str] | str = "C",
        keywords: Mapping[str, str] | str = "",
        sql: Mapping[str, str] | str | tuple[str, ...] = "",
        margin: float = math.inf,
        wording: Mapping[str, str] | str = "",
    ) -> None:
        """sql: several statements are candidates, the likeliest first; margin: of the first."""
        self._says: dict[str, Mapping[str, str] | str | tuple[str, ...]] = {
            "classify": classes,
            "keywords": keywords,
            "nl2sql": sql,
            "phrase": wording,
        }
        self.margin = margin
        self.asked: list[tuple[str, str]] = []

    def _say(self, task: str, text: str) -> tuple[str, ...]:
        self.asked.append((task, text))
        said = self._says[task]
        if isinstance(said, Mapping):
            said = next((answer for key, answer in said.items() if key in text), "")
        return (said,) if isinstance(said, str) else said

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        words = [LABEL_WORDS[self._say(task, text)[0]] for text in texts]
        return [[0.0 if choice == word else -5.0 for choice in choices] for word in words]

    def write(self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None) -> list[str]:
        return [self._say(task, text)[0] for text in texts]

    def candidates(
        self, task: str, texts: Sequence[str], grammars: Sequence[str] | None = None, n: int = 1
    ) -> list[list[Candidate]]:
        return [
            [Candidate(said, -float(rank), math.inf if rank else self.margin) for rank, said in enumerate(found[:n])]
            for found in (self._say(task, text) for text in texts)
        ]

    def phrase(self, prompts: Sequence[str]) -> list[str]:
        return [self._say("phrase", prompt)[0] for prompt in prompts]
