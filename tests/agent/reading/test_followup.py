"""Follow-ups become whole questions; whole questions are left alone."""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.model import ROOT
from agent.reading.entities import Linker
from agent.reading.followup import FollowUps, Turn
from agent.reading.keywords import ColumnLinker

HUAXING, RUIDA, BOSHI = "江苏华兴科技股份有限公司", "杭州瑞达银行股份有限公司", "北京博士眼镜股份有限公司"
COMPANIES = [(HUAXING, "华兴科技", "600001"), (RUIDA, "瑞达银行", "600002"), (BOSHI, "博士眼镜", "600003")]
COLUMNS = (
    "公司全称",
    "年份",
    "净利润",
    "营业收入",
    "营业成本",
    "货币资金",
    "研发费用",
    "销售费用",
    "法定代表人",
    "注册地址",
)
ONE = "华兴科技2020年的净利润是多少元?"
TOP = "2020年净利润最高的前三家公司是哪些?"
BEST = "2020年净利润最高的公司是哪家?"
COUNT = "2020年在苏州注册、净利润大于5亿的公司有几家?"
WHO = "华兴科技和瑞达银行2020年谁的净利润更高?"


class Talk:
    """Follow-ups over one table: what a text means after a question whose answer named some companies."""

    def __init__(self, companies: Sequence[tuple[str, str, str]], columns: Sequence[str]) -> None:
        self.linker, self.columns = Linker(companies, columns), ColumnLinker(columns)
        self.follow_ups = FollowUps(self.linker, self.columns, 2021)

    def turn(self, question: str, answered: Sequence[str] = ()) -> Turn:
        entities = self.linker.link(question, 2021)
        return Turn(entities, self.columns.link(entities, ()).columns, tuple(answered))


@pytest.fixture(scope="module")
def talk() -> Talk:
    return Talk(COMPANIES, COLUMNS)


@pytest.mark.parametrize(
    ("before", "said", "meant"),
    [
        (ONE, "那2021年呢？", "华兴科技2021年的净利润是多少元?"),
        (ONE, "２０１９呢", "华兴科技2019年的净利润是多少元?"),
        (ONE, "2019?", "华兴科技2019年的净利润是多少元?"),
        (ONE, "去年呢", "华兴科技2019年的净利润是多少元?"),
        (ONE, "上一年呢", "华兴科技2019年的净利润是多少元?"),
        (ONE, "下一年呢", "华兴科技2021年的净利润是多少元?"),
        (ONE, "那2019年和2021年呢", "华兴科技2019年、2021年的净利润是多少元?"),
        (ONE, "它的毛利率呢", "华兴科技2020年的毛利率是多少元?"),
        (ONE, "营业收入呢", "华兴科技2020年的营业收入是多少元?"),
        (ONE, "营业收入是多少", "华兴科技2020年的营业收入是多少元?"),
        (ONE, "2021年营业收入是多少", "华兴科技2021年的营业收入是多少元?"),
        (ONE, "那研发费用和销售费用呢", "华兴科技2020年的研发费用和销售费用是多少元?"),
        (ONE, "增长率呢", "华兴科技2020年的净利润增长率是多少元?"),
        (ONE, "法定代表人呢", "华兴科技2020年的法定代表人是什么?"),
        (ONE, "换成瑞达银行", "瑞达银行2020年的净利润是多少元?"),
        (ONE, "瑞达银行", "瑞达银行2020年的净利润是多少元?"),
        (ONE, "那瑞达银行呢", "瑞达银行2020年的净利润是多少元?"),
        (ONE, "杭州瑞达银行股份有限公司呢", "杭州瑞达银行股份有限公司2020年的净利润是多少元?"),
        (ONE, "换成600002", f"{RUIDA}2020年的净利润是多少元?"),
        (ONE, "瑞大银行呢", "瑞大银行2020年的净利润是多少元?"),
        (ONE, "瑞达银行2021年的呢", "瑞达银行2021年的净利润是多少元?"),
        (ONE, "那瑞达银行的货币资金呢", "瑞达银行2020年的货币资金是多少元?"),
        (ONE, "该公司的法定代表人是谁", "华兴科技2020年的法定代表人是什么?"),
        (ONE, "其法定代表人是谁", "华兴科技2020年的法定代表人是什么?"),
        (ONE, "这家公司2019年的营业收入是多少", "华兴科技2019年的营业收入是多少"),
        (ONE, "它2021年与上年相比增长了多少", "华兴科技2021年与上年相比增长了多少"),
        (ONE, "去年它的营业收入是多少", "2019年华兴科技的营业收入是多少"),
        (ONE, "它的社会责任情况怎么样", "2020年华兴科技的社会责任情况怎么样"),
        (ONE, "它和瑞达银行比谁高", "2020年华兴科技和瑞达银行谁的净利润更高?"),
        (ONE, "和瑞达银行比呢", "2020年华兴科技和瑞达银行谁的净利润更高?"),
        (ONE, "最高的是哪家", "2020年净利润最高的公司是哪家?"),
        (ONE, "前五家呢", "2020年净利润最高的前5家公司是哪些?"),
        (TOP, "那2021年呢", "2021年净利润最高的前三家公司是哪些?"),
        (TOP, "前五家呢", "2020年净利润最高的前5家公司是哪些?"),
        (TOP, "换成前10", "2020年净利润最高的前10家公司是哪些?"),
        (TOP, "第三呢", "2020年净利润第3高的公司是哪家?"),
        (TOP, "最低的呢", "2020年净利润最低的前三家公司是哪些?"),
        (TOP, "货币资金呢", "2020年货币资金最高的前三家公司是哪些?"),
        (TOP, "那在北京的呢", "在北京注册的公司中,2020年净利润最高的前三家公司是哪些?"),
        (TOP, "那华兴科技呢", "华兴科技2020年的净利润是多少?"),
        (COUNT, "超过10亿的呢", "2020年在苏州注册、净利润超过10亿的公司有几家?"),
        (COUNT, "3亿以下的呢", "2020年在苏州注册、净利润3亿以下的公司有几家?"),
        (COUNT, "8亿呢", "2020年在苏州注册、净利润大于8亿的公司有几家?"),
        (COUNT, "换成广州", "2020年在广州注册、净利润大于5亿的公司有几家?"),
        (COUNT, "那广州和北京的呢", "2020年在广州或北京注册、净利润大于5亿的公司有几家?"),
        (COUNT, "货币资金呢", "2020年在苏州注册、货币资金大于5亿的公司有几家?"),
        (WHO, "2021年呢", "华兴科技和瑞达银行2021年谁的净利润更高?"),
        (WHO, "那华兴科技和博士眼镜呢", "华兴科技和博士眼镜2020年谁的净利润更高?"),
        (WHO, "博士眼镜呢", "博士眼镜2020年的净利润是多少?"),
        (WHO, "这两家公司的法定代表人分别是谁", "华兴科技和瑞达银行2020年的法定代表人分别是什么?"),
        ("什么是毛利率?", "那净利润率呢", "什么是净利润率?"),
        ("华兴科技2021年法定代表人与上年相比相同吗?", "2020年呢", "华兴科技2020年法定代表人与上年相比相同吗?"),
        ("华兴科技的净利润是多少?", "2020年呢", "2020年华兴科技的净利润是多少?"),
        ("2019-2021年华兴科技净利润合计是多少?", "货币资金呢", "2019-2021年华兴科技货币资金合计是多少?"),
    ],
)
def test_a_follow_up_is_the_question_before_with_like_replaced_by_like(
    talk: Talk, before: str, said: str, meant: str
) -> None:
    assert talk.follow_ups.resolve(said, talk.turn(before)).text == meant


@pytest.mark.parametrize(
    ("said", "answered", "meant"),
    [
        ("它的法定代表人是谁", [RUIDA], f"{RUIDA}2020年的法定代表人是什么?"),
        ("那家公司的营业收入呢", [RUIDA], f"{RUIDA}2020年的营业收入是多少?"),
        ("它2021年呢", [RUIDA], f"{RUIDA}2021年的净利润是多少?"),
        ("它和华兴科技比谁高", [RUIDA], f"2020年{RUIDA}和华兴科技谁的净利润更高?"),
        ("注册地址呢", [RUIDA], f"{RUIDA}2020年的注册地址是什么?"),
        ("这些公司的法定代表人是谁", [RUIDA, HUAXING], f"{RUIDA}和{HUAXING}2020年的法定代表人分别是什么?"),
        ("这三家公司的营业收入呢", [RUIDA, HUAXING, BOSHI], f"{RUIDA}、{HUAXING}和{BOSHI}2020年的营业收入分别是多少?"),
    ],
)
def test_after_a_ranking_a_pronoun_means_the_companies_of_the_answer(
    talk: Talk, said: str, answered: list[str], meant: str
) -> None:
    assert talk.follow_ups.resolve(said, talk.turn(BEST, answered)).text == meant


@pytest.mark.parametrize(
    ("before", "answered", "said", "why"),
    [
        (BEST, [RUIDA, HUAXING], "它的法定代表人是谁", "可以指"),
        (WHO, [RUIDA, HUAXING], "它的法定代表人是谁", "华兴科技、瑞达银行"),
        (BEST, [], "它的法定代表人是谁", "没有提到公司"),
        (TOP, [f"{i}公司" for i in range(5)], "这些公司的法定代表人是谁", "一次最多问4家"),
        (ONE, [], "那阿里巴巴呢", "表里没有“阿里巴巴”"),
        (ONE, [], "那人均薪酬呢", "表里没有“人均薪酬”"),
        (ONE, [], "那在北京的呢", "没有看懂"),
        (COUNT, [], "前五家呢", "没有看懂"),
        ("什么是毛利率?", [], "那2021年呢", "没有看懂"),
    ],
)
def test_a_follow_up_without_sense_is_told_in_one_sentence(
    talk: Talk, before: str, answered: list[str], said: str, why: str
) -> None:
    found = talk.follow_ups.resolve(said, talk.turn(before, answered))
    assert found.text is None and found.problem and why in found.problem and found.problem.count("。") == 1


@pytest.mark.parametrize(
    "said",
    [
        "华兴科技2021年的货币资金是多少?",
        "华兴科技的货币资金是多少",
        "华兴科技2021年货币资金呢",
        "2021年货币资金最高的公司是哪家",
        "那2021年货币资金最高的前五家公司呢",
        "2020年净利润最高的公司，它的法定代表人是谁",
        "2020年利息收入第3高的公司,该公司的英文名称是什么?",
        "根据2020年瑞达银行的年报，其营业收入是多少",
        "其他应收款最高的公司是哪家",
        "其中净利润最高的公司是哪家",
        "2021年其它流动资产最高的公司是哪家",
        "货币资金超过10亿的公司有几家",
        "2021年平均净利润是多少",
        "什么是存货周转率?",
        "毛利率",
        "毛利率怎么算",
        "谢谢",
        "你好",
        "好的",
        "",
        "?",
        "呢",
        "那",
        "那什么是净利润呢",
        "博士眼镜,净利润,2019年至2020年。",
    ],
)
def test_a_whole_question_and_small_talk_are_never_rewritten(talk: Talk, said: str) -> None:
    for before in (ONE, TOP, BEST, COUNT, WHO, "什么是毛利率?"):
        found = talk.follow_ups.resolve(said, talk.turn(before, [RUIDA]))
        assert (found.text, found.problem) == (None, None), before


def test_without_a_question_before_only_a_pronoun_is_asked_about(talk: Talk) -> None:
    assert talk.follow_ups.resolve("那2021年呢", None).text is None
    assert talk.follow_ups.resolve("它的净利润是多少", None).problem
    assert talk.follow_ups.resolve(ONE, None).problem is None


def test_a_chain_of_follow_ups_keeps_what_was_settled_before(talk: Talk) -> None:
    question = ONE
    for said in ("那2021年呢", "换成瑞达银行", "货币资金呢", "它和博士眼镜比谁高", "2019年呢"):
        question = talk.follow_ups.resolve(said, talk.turn(question)).text or ""
    assert question == "2019年瑞达银行和博士眼镜谁的货币资金更高?"


@pytest.mark.parametrize(
    "piece",
    [
        "那",
        "请问",
        "排名",
        "位于",
        "换成",
        "它",
        "其",
        "呢",
        "谁高",
        "多少",
        "2021年",
        "华兴科技",
        "净利润",
        "第一",
        "在北京",
        "10亿",
        "最低",
        "和",
        "比",
    ],
)
def test_any_text_is_read_quickly(talk: Talk, piece: str) -> None:
    turn = talk.turn(ONE)
    start = time.perf_counter()
    for text in (piece * (600 // len(piece)), f"那{piece * 100}x", f"它{piece * 100}呢", f"{piece}x" * 100):
        talk.follow_ups.resolve(text, turn)
    assert time.perf_counter() - start < 5


def rewritten(table: list[dict[str, str]], questions: Sequence[str]) -> list[str]:
    """The questions that are taken for follow-ups, each asked after nothing, after the one before it, a look-up, and a ranking."""
    companies = sorted({(r["公司全称"], r["股票简称"], r["股票代码"]) for r in table})
    talk = Talk(companies, tuple(table[0]))
    fixed = [talk.turn(f"{companies[0][0]}2020年的净利润是多少?"), talk.turn(TOP, [companies[1][0]])]
    before, found = None, []
    for question in questions:
        results = [talk.follow_ups.resolve(question, turn) for turn in (None, before, *fixed)]
        found += [question for result in results if result.text or result.problem]
        before = talk.turn(question, [companies[2][0]])
    return found


def test_no_sample_question_is_taken_for_a_follow_up() -> None:
    with (ROOT / "data" / "company_table.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    questions = json.loads((ROOT / "data" / "test_questions.json").read_text(encoding="utf-8"))
    assert rewritten(table, [row["question"] for row in questions]) == []


def test_no_real_question_is_taken_for_a_follow_up(shared_dir: Path) -> None:
    """Every seventh of them, to be quick; all of them were looked at once."""
    if not (shared_dir / "finglm").exists():
        pytest.skip(f"没有 {shared_dir / 'finglm'}")
    with gzip.open(shared_dir / "finglm" / "company_table.csv.gz", "rt", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    lines = (shared_dir / "finglm" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    assert rewritten(table, [json.loads(line)["question"] for line in lines[::7]]) == []
