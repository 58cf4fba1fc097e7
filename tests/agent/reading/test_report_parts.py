import pytest

from agent.errors import NotAnswerable
from agent.figures.periods import USUAL, Slice
from agent.reading.report_parts import missing, part_of, told


@pytest.mark.parametrize(
    ("question", "rest", "period", "scope"),
    [
        ("华兴2020年一季度营业收入是多少", "华兴2020年营业收入是多少", "一季报", "合并"),
        ("2020年上半年净利润最高的公司", "2020年净利润最高的公司", "半年报", "合并"),
        ("2020Q3净利润", "2020年净利润", "三季报", "合并"),
        ("华兴2020年三季度末货币资金", "华兴2020年货币资金", "三季报", "合并"),
        ("华兴2020年第三季度末货币资金", "华兴2020年货币资金", "三季报", "合并"),
        ("华兴2020年第三季度报告的净利润", "华兴2020年的净利润", "三季报", "合并"),
        ("华兴2020年母公司净利润", "华兴2020年净利润", "年报", "母公司"),
        ("华兴2020年中报母公司口径的净利润", "华兴2020年的净利润", "半年报", "母公司"),
    ],
)
def test_the_words_of_a_part_are_taken_out(question: str, rest: str, period: str, scope: str) -> None:
    asked = part_of(question)
    assert (asked.text, asked.part) == (rest, Slice(period, scope))


@pytest.mark.parametrize(
    "question",
    [
        "华兴2020年归属于母公司所有者的净利润",
        "华兴2020年归母净利润",
        "华兴2020年母公司在职员工的数量",
        "华兴的母公司是谁",
        "华兴2020年第二季度净利润",
        "华兴2020年第三季度净利润",
        "华兴2020年净利润环比",
    ],
)
def test_columns_owners_and_single_quarters_are_no_part(question: str) -> None:
    assert part_of(question).part is None


def test_several_parts_are_never_put_together() -> None:
    with pytest.raises(NotAnswerable, match="一季报、三季报"):
        part_of("华兴2020年一季度和三季度的净利润")


def test_a_part_alone_asks_the_last_question_again() -> None:
    assert part_of("那三季度呢").only and not part_of("那三季度的净利润呢").only


def test_what_the_table_has_no_rows_of_is_refused_by_name() -> None:
    third = Slice("三季报")
    assert missing(third, {USUAL, third}) is None
    assert "三季报" in str(missing(third, {USUAL})) and "三季报" in str(missing(third, {USUAL, Slice("一季报")}))
    assert "只有三季报" in str(missing(USUAL, {third}))


def test_an_answer_over_another_part_says_so() -> None:
    assert told(Slice("三季报", "母公司")) == "按三季报（1至9月）、母公司报表回答：" and told(USUAL) == ""
