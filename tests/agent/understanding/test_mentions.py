"""What a question names becomes slots; what it means stays in its words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agent.reading.entities import Linker
from agent.understanding.mentions import SlotFinder, corrects_itself
from agent.understanding.slots import Before, Slotted

HUAXING, RUIDA, BOSHI, XUGONG, SANYUAN = (
    "江苏华兴科技股份有限公司", "杭州瑞达银行股份有限公司", "北京博士眼镜股份有限公司", "徐工集团工程机械股份有限公司", "北京三元食品股份有限公司",
)  # fmt: skip
COMPANIES = [
    (HUAXING, "华兴科技", "600001"),
    (RUIDA, "瑞达银行", "600002"),
    (BOSHI, "博士眼镜", "600003"),
    (XUGONG, "徐工机械", "000425"),
    (SANYUAN, "三元股份", "600429"),
]
COLUMNS = [
    "公司全称", "年份", "股票代码", "股票简称", "法定代表人", "注册地址", "电子信箱", "职工总人数", "研发人员人数", "营业收入", "净利润",
    "货币资金", "销售费用", "管理费用", "资产总计", "期末现金及现金等价物余额", "研发机构数",
]  # fmt: skip


@pytest.fixture(scope="module")
def finder() -> SlotFinder:
    return SlotFinder(Linker(COMPANIES, COLUMNS), COMPANIES, COLUMNS, 2021, ["王小明"])


@pytest.mark.parametrize(
    "said", ["华兴科技", "江苏华兴科技股份有限公司", "江苏华兴科技股份有限公司（华兴科技）", "600001", "股票代码600001"]
)
def test_a_company_is_one_slot_however_it_is_called(finder: SlotFinder, said: str) -> None:
    found = finder.slotted(f"{said}2020年的净利润是多少")
    assert found.text.endswith("[C1][Y1]年的[M1m]是多少") and found.values == {"C1": HUAXING, "M1": "净利润"}


@pytest.mark.parametrize("said", ["600999", "天马微电子"])
def test_a_company_that_the_table_has_not_is_told_and_stays_as_it_is(finder: SlotFinder, said: str) -> None:
    found = finder.slotted(f"{said}在2020年的净利润")
    assert found.unknown == (said,) and found.text.startswith(said) and not found.names("C")


def test_a_company_named_twice_is_the_same_slot(finder: SlotFinder) -> None:
    assert (
        finder.slotted("华兴科技2020年净利润,瑞达银行和华兴科技2021年呢").text == "[C1][Y1]年[M1m],[C2]和[C1][Y2]年呢"
    )


def test_half_a_name_beside_the_whole_one_is_that_company(finder: SlotFinder) -> None:
    assert finder.slotted("徐工机械2020年净利润,徐工2021年呢").text == "[C1][Y1]年[M1m],[C1][Y2]年呢"


def test_a_number_inside_a_name_is_none(finder: SlotFinder) -> None:
    assert finder.slotted("2020年三元股份净利润").values == {"C1": SANYUAN, "M1": "净利润"}


@pytest.mark.parametrize(
    ("question", "text", "years"),
    [
        ("2019年和2021年净利润", "[Y1]年和[Y2]年[M1m]", (2019, 2021)),
        ("2021年比2019年的净利润", "[Y2]年比[Y1]年的[M1m]", (2019, 2021)),
        ("2019到2021年净利润", "[Y1]到[Y3]年[M1m]", (2019, 2020, 2021)),
        ("2019-2021年净利润", "[Y1]到[Y3]年[M1m]", (2019, 2020, 2021)),
        ("2019年至2021年净利润", "[Y1]到[Y3]年[M1m]", (2019, 2020, 2021)),
        ("一九、二零、二一这三年的净利润", "[Y1]、[Y2]、[Y3]这三年的[M1m]", (2019, 2020, 2021)),
        ("2020人均营收最高的公司", "[Y1]人均[M1m]最高的公司", (2020,)),
        ("2021年净利润比上年多多少", "[Y1]年[M1m]比上年多多少", (2021,)),
        ("去年净利润最高的公司", "[Y1]年[M1m]最高的公司", (2020,)),
        ("2022年净利润最高的公司", "[Y1]年[M1m]最高的公司", (2022,)),
        ("净利润最高的公司", "[M1m]最高的公司", ()),
    ],
)
def test_years_are_numbered_in_order_and_those_inside_a_range_count(
    finder: SlotFinder, question: str, text: str, years: tuple[int, ...]
) -> None:
    found = finder.slotted(question)
    assert (found.text, found.years) == (text, years)


def test_the_year_end_of_a_column_belongs_to_the_column(finder: SlotFinder) -> None:
    found = finder.slotted("2020年末现金最多的公司")
    assert found.text == "[Y1][M1m]最多的公司" and found.values == {"M1": "期末现金及现金等价物余额"}


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("净利润大于5亿元的公司", "[M1m]大于[A1]的公司", Decimal(500000000)),
        ("净利润超过三千万的公司", "[M1m]超过[A1]的公司", Decimal(30000000)),
        ("净利润占营业收入八成以上的公司", "[M1m]占[M2m][X1]以上的公司", Decimal("0.8")),
        ("净利润占营业收入八成半的公司", "[M1m]占[M2m][X1]的公司", Decimal("0.85")),
        ("净利润占营业收入20%以上的公司", "[M1m]占[M2m][X1]以上的公司", Decimal("0.2")),
        ("净利润前五的公司", "[M1m]前[K1]的公司", Decimal(5)),
        ("净利润最高的前三家公司", "[M1m]最高的前[K1]家公司", Decimal(3)),
        ("净利润第二高的公司", "[M1m]第[K1]高的公司", Decimal(2)),
        ("净利润是货币资金3倍的公司", "[M1m]是[M2m][K1]倍的公司", Decimal(3)),
        ("净利润保留小数点后两位", "[M1m]保留小数点后[N1]位", Decimal(2)),
        ("净利润保留2位小数", "[M1m]保留[N1]位小数", Decimal(2)),
        ("注册地在杭州的公司", "注册地在[P1]的公司", "杭州"),
        ("股票代码以“688”开头的公司", "股票代码以“[S1]”开头的公司", "688"),
        ("股票代码六八八开头的公司", "股票代码[S1]开头的公司", "688"),
        ("法定代表人姓欧阳的公司", "法定代表人姓[S1]的公司", "欧阳"),
        ("法定代表人姓李的公司", "法定代表人姓[S1]的公司", "李"),
        ("邮箱是a.b@c.example的公司", "电子信箱是[S1]的公司", "a.b@c.example"),
        ("由王小明任法定代表人的公司", "由[S1]任法定代表人的公司", "王小明"),
        ("名字里有“科技”的公司", "名字里有“[S1]”的公司", "科技"),
    ],
)
def test_numbers_places_and_strings_become_slots_of_their_kind(
    finder: SlotFinder, question: str, text: str, value: object
) -> None:
    found = finder.slotted(question)
    assert found.text == text and next(v for name, v in found.values.items() if name[0] != "M") == value


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("2020年净利润是2019年两倍的公司", "[Y2]年[M1m]是[Y1]年两倍的公司"),
        ("2020年每百元营业收入的净利润", "[Y1]年每百元[M1m]的[M2m]"),
        ("2020年每100元营业收入的净利润", "[Y1]年每100元[M1m]的[M2m]"),
        ("2020年一块钱营业收入有多少净利润", "[Y1]年一块钱[M1m]有多少[M2m]"),
        ("2020年盈利最多的公司", "[Y1]年盈利最多的公司"),
        ("2020年净亏最多的公司", "[Y1]年净亏最多的公司"),
        ("2020年的法定代表人是谁", "[Y1]年的法定代表人是谁"),
        ("2020年净利润第1名", "[Y1]年[M1m]第一名"),
    ],
)
def test_words_that_mean_something_together_stay_words(finder: SlotFinder, question: str, text: str) -> None:
    assert finder.slotted(question).text == text


@pytest.mark.parametrize(
    ("said", "column"),
    [("净利润", "净利润"), ("营收", "营业收入"), ("净力润", "净利润"), ("营业收人", "营业收入"), ("研发机构数", "研发机构数")],
)  # fmt: skip
def test_a_column_is_found_by_what_people_call_it_and_as_people_misspell_it(
    finder: SlotFinder, said: str, column: str
) -> None:
    assert finder.slotted(f"华兴科技2020年{said}是多少").values == {"C1": HUAXING, "M1": column}


def test_a_shared_ending_is_written_out(finder: SlotFinder) -> None:
    found = finder.slotted("2020年销售、管理费用各多少")
    assert found.text == "[Y1]年[M1m]、[M2m]各多少" and found.values == {"M1": "销售费用", "M2": "管理费用"}


def test_after_an_earlier_statement_its_slots_come_first_and_the_years_are_numbered_together(
    finder: SlotFinder,
) -> None:
    earlier = Before("SELECT M1@Y1 WHERE 公司=C1", {"M1": "净利润", "C1": HUAXING}, (2020,))
    assert finder.slotted("那瑞达银行2019年营业收入呢", earlier) == Slotted(
        "那[C2][Y1]年[M2m]呢",
        "那瑞达银行2019年营业收入呢",
        {"M1": "净利润", "C1": HUAXING, "C2": RUIDA, "M2": "营业收入"},
        (2019, 2020),
    )
    assert finder.slotted("华兴科技的净利润", earlier).text == "[C1]的[M1m]"


@pytest.mark.parametrize("text", ["华兴科技，不对，瑞达银行的净利润", "2020年，哦不，是2021年", "我说错了，是净利润"])
def test_an_asker_who_takes_something_back_is_noticed(text: str) -> None:
    assert corrects_itself(text)


@pytest.mark.parametrize("text", ["华兴科技的净利润", "", "净利润和营业收入哪个高"])
def test_an_asker_who_takes_nothing_back_is_not_taken_for_one(text: str) -> None:
    assert not corrects_itself(text)
