"""What stands in a report comes out of it with its place, in whatever form the file is; what does not stand there does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.reports.document import read
from agent.reports.extract import extract
from agent.reports.store import About, Cell
from tests.agent.reports import made
from tests.agent.reports.made import Report, Sheet

Found = dict[tuple[str, str, str], Cell]
FORMS: dict[str, Callable[[Path], Path]] = {
    "ruled.pdf": lambda path: made.pdf(path, made.annual()),
    "bare.pdf": lambda path: made.pdf(path, made.annual(ruled=False)),
    "report.html": lambda path: made.html(path, made.annual()),
    "lines.txt": lambda path: made.json_lines(path, made.annual()),
    "text.txt": lambda path: made.text(path, made.annual()),
}


def taken(path: Path) -> tuple[About, Found]:
    """The first cell of each scope, item and column."""
    about, cells = extract(read(path))
    return about, {(cell.scope, cell.item, cell.column): cell for cell in reversed(cells)}


@pytest.fixture(params=list(FORMS))
def report(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[About, Found]:
    return taken(FORMS[request.param](tmp_path / request.param))


@pytest.fixture
def ruled(tmp_path: Path) -> Found:
    return taken(FORMS["ruled.pdf"](tmp_path / "ruled.pdf"))[1]


def of(tmp_path: Path, *parts: Sheet | str) -> Found:
    """A report with these parts behind a first page that says what it is."""
    head = ["云杉机械股份有限公司", "2021年年度报告", "证券代码：600999 证券简称：云杉机械"]
    return taken(made.pdf(tmp_path / "made.pdf", Report([*head, *parts])))[1]


def test_a_report_says_which_it_is(report: tuple[About, Found]) -> None:
    about, _ = report
    assert (about.company, about.code, about.short_name) == ("云杉机械股份有限公司", "600999", "云杉机械")
    assert (about.year, about.period) == (2021, "FY")


@pytest.mark.parametrize(
    ("scope", "item", "current", "prior"),
    [
        ("合并", "货币资金", "1200.5", "900"),
        ("母公司", "货币资金", "111", "222"),
        ("合并", "交易性金融资产", None, "300"),
        ("合并", "归属于母公司所有者权益合计", "3600", "3400"),
        ("合并", "负债和所有者权益总计", "5000", "4500"),
        ("合并", "股本", "1500", "1500"),
        ("合并", "利息收入", "35", "10"),
        ("合并", "投资收益", "-50", "20"),
        ("合并", "归属于母公司所有者的净利润", "650", "560"),
        ("合并", "基本每股收益", "0.43", "0.37"),
        ("合并", "处置固定资产、无形资产和其他长期资产收回的现金净额", None, "7"),
        ("合并", "期末现金及现金等价物余额", "1200.5", "900"),
        ("合并", "扣除非经常性损益的净利润", "610", "540"),
        ("合并", "加权平均净资产收益率", "18.57", "17.23"),
    ],
)
def test_figures_of_both_columns(
    report: tuple[About, Found], scope: str, item: str, current: str | None, prior: str
) -> None:
    _, cells = report
    assert (cells[scope, item, "current"].value, cells[scope, item, "prior"].value) == (current, prior)


def test_an_empty_cell_says_so(report: tuple[About, Found]) -> None:
    _, cells = report
    assert "空" in cells["合并", "交易性金融资产", "current"].reason


def test_facts_of_the_company_and_its_staff(report: tuple[About, Found]) -> None:
    _, cells = report
    said = {item: cell.value for (_, item, column), cell in cells.items() if column == "current"}
    assert said["法定代表人"] == "林望"
    assert said["注册地址"] == "江苏省常州市天宁区云杉路8号"
    assert said["电子信箱"] == "ir@spruce.example"
    assert (said["职工总人数"], said["母公司职工人数"], said["生产人员人数"]) == ("1200", "120", "700")
    assert (said["硕士员工人数"], said["本科员工人数"]) == ("60", "340")


def test_the_checks_find_nothing_in_a_sound_report(report: tuple[About, Found]) -> None:
    _, cells = report
    assert not {item: cell.failed for (_, item, _), cell in cells.items() if cell.failed}


def test_a_cell_keeps_its_page_and_place(ruled: Found, tmp_path: Path) -> None:
    cell = ruled["合并", "货币资金", "current"]
    document = read(tmp_path / "ruled.pdf")
    page = next(page for page in document.pages if page.number == cell.page)
    assert "合并资产负债表" in page.text
    assert (cell.printed, cell.unit, cell.label) == ("1,200.50", "元", "货币资金")
    assert cell.row == "货币资金 1,200.50 900.00"
    assert document.layout
    inside = [
        word.text
        for word in document.layout(page.number).words
        if cell.x0 is not None and cell.x1 is not None and cell.top is not None and cell.bottom is not None
        and cell.x0 - 1 <= word.x0 and word.x1 <= cell.x1 + 1 and cell.top - 1 <= word.top and word.bottom <= cell.bottom + 1
    ]  # fmt: skip
    assert inside == ["1,200.50"]


def test_money_comes_in_yuan_whatever_the_unit(tmp_path: Path) -> None:
    sheet = Sheet("合并资产负债表", ("项目", "期末余额", "期初余额"), made.BALANCE, above=("单位：万元",))
    assert of(tmp_path, sheet)["合并", "货币资金", "current"].value == "12005000"


def test_no_unit_no_value(tmp_path: Path) -> None:
    rows = [(label, a.split(".")[0], b.split(".")[0]) for label, a, b in made.BALANCE]
    cell = of(tmp_path, Sheet("合并资产负债表", ("项目", "期末余额", "期初余额"), rows, above=()))[
        "合并", "货币资金", "current"
    ]
    assert (cell.value, cell.printed) == (None, "1,200")
    assert "单位" in cell.reason


def test_group_and_parent_in_one_table(tmp_path: Path) -> None:
    rows = [(label, a, a and "7.00", b, b and "8.00") for label, a, b in made.BALANCE]
    heads = ("项目", "合并", "母公司", "合并", "母公司")
    cells = of(tmp_path, Sheet("资产负债表", heads, rows, top_heads=("", "2021年12月31日", "2020年12月31日")))
    assert [cells[s, "货币资金", c].value for s in ("合并", "母公司") for c in ("current", "prior")] == [
        "1200.5",
        "900",
        "7",
        "8",
    ]


def test_single_quarter_and_the_time_since_january_are_told_apart(tmp_path: Path) -> None:
    heads = ("项目", "2021年第三季度\n（7-9月）", "2021年前三季度\n（1-9月）")
    heads = tuple(head.replace("\n", "") for head in heads)
    sheet = Sheet("合并利润表", heads, made.INCOME)
    path = made.pdf(tmp_path / "q3.pdf", Report(["云杉机械股份有限公司", "2021年第三季度报告", sheet]))
    about, cells = extract(read(path))
    spans = {cell.span: cell.value for cell in cells if cell.item == "净利润" and cell.column == "current"}
    assert about.period == "Q3"
    assert spans == {"single quarter": "700", "cumulative": "600"}


def test_a_column_that_was_adjusted_counts_and_the_one_before_it_does_not(tmp_path: Path) -> None:
    rows = [(label, a, b, b and "1.00") for label, a, b in made.BALANCE]
    heads = ("项目", "2021年12月31日", "2020年12月31日（调整后）", "2020年12月31日（调整前）")
    cell = of(tmp_path, Sheet("合并资产负债表", heads, rows))["合并", "货币资金", "prior"]
    assert (cell.value, cell.restated) == ("900", True)


def test_the_adjustment_of_a_year_s_beginning_is_no_statement(tmp_path: Path) -> None:
    real = Sheet("合并资产负债表", ("项目", "期末余额", "期初余额"), made.BALANCE)
    wrong = [(label, "5.00", "6.00", "1.00") for label, *_ in made.BALANCE]
    note = Sheet("合并资产负债表", ("项目", "2020年12月31日", "2021年1月1日", "调整数"), wrong)
    assert of(tmp_path, note, real)["合并", "货币资金", "current"].value == "1200.5"


def test_columns_whose_heads_say_nothing_give_no_value(tmp_path: Path) -> None:
    cells = of(
        tmp_path,
        Sheet("合并资产负债表", ("项目", "甲", "乙"), made.BALANCE),
        Sheet("合并利润表", ("项目", "2021年度", "2020年度"), made.INCOME),
    )
    assert ("合并", "货币资金", "current") not in cells


def test_notes_are_no_figures(tmp_path: Path) -> None:
    rows = [(label, str(i + 1) if a else "", a, b) for i, (label, a, b) in enumerate(made.BALANCE)]
    cells = of(tmp_path, Sheet("合并资产负债表", ("项目", "附注", "期末余额", "期初余额"), rows))
    assert (cells["合并", "货币资金", "current"].value, cells["合并", "货币资金", "prior"].value) == ("1200.5", "900")


def test_what_breaks_an_identity_is_kept_and_marked(tmp_path: Path) -> None:
    rows = [(label, "4,999.00" if label == "资产总计" else a, b) for label, a, b in made.BALANCE]
    cells = of(tmp_path, Sheet("合并资产负债表", ("项目", "期末余额", "期初余额"), rows))
    cell = cells["合并", "资产总计", "current"]
    assert cell.value == "4999"
    assert "流动资产合计" in cell.failed
    assert not cells["合并", "资产总计", "prior"].failed
    assert not cells["合并", "短期借款", "current"].failed


def test_a_key_figure_that_differs_from_the_statement_is_marked(tmp_path: Path) -> None:
    key = [(label, "8,888.00" if label == "营业收入" else a, *rest) for label, a, *rest in made.KEY]
    cells = of(
        tmp_path,
        Sheet("主要会计数据", ("主要会计数据", "2021年", "2020年", "本期比上年同期增减(%)"), key),
        Sheet("合并利润表", ("项目", "2021年度", "2020年度"), made.INCOME),
    )
    assert cells["合并", "营业收入", "current"].value == "8000"
    assert "主要会计数据" in cells["合并", "营业收入", "current"].failed


def test_the_rate_of_change_is_never_taken_for_the_year_before(report: tuple[About, Found]) -> None:
    _, cells = report
    assert cells["合并", "营业收入", "prior"].value == "7000"


def test_a_summary_is_refused(tmp_path: Path) -> None:
    path = made.pdf(
        tmp_path / "a.pdf", Report(["云杉机械股份有限公司", "2021年年度报告摘要", *made.annual().parts[3:]])
    )
    with pytest.raises(CaibaoError, match="摘要"):
        extract(read(path))


def test_text_that_is_no_report_is_refused(tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", Report(["云杉机械股份有限公司", "2021年年度报告", "目录", "正文"]))
    with pytest.raises(CaibaoError, match="没有找到资产负债表"):
        extract(read(path))


def test_dates_decide_in_whatever_order_the_columns_stand(tmp_path: Path) -> None:
    rows = [(label, b, a) for label, a, b in made.BALANCE]
    cells = of(tmp_path, Sheet("合并资产负债表", ("项目", "2020年12月31日", "2021年12月31日"), rows))
    assert cells["合并", "货币资金", "current"].value == "1200.5"


def test_a_title_behind_the_signatures_is_one(tmp_path: Path) -> None:
    first = Sheet("合并资产负债表", ("项目", "期末余额", "期初余额"), made.BALANCE)
    glued = replace(first, title="法定代表人：林望会计机构负责人：沈括2、母公司资产负债表", rows=made.PARENT_BALANCE)
    path = made.json_lines(tmp_path / "a.txt", Report(["云杉机械股份有限公司", "2021年年度报告", first, glued]))
    assert taken(path)[1]["母公司", "货币资金", "current"].value == "111"


def test_quarter_and_nine_months_of_two_years_in_four_columns(tmp_path: Path) -> None:
    rows = [(label, a and "1.00", b and "2.00", a, b) for label, a, b in made.INCOME]
    heads = ("项目", "2021年7-9月", "2020年7-9月", "2021年1-9月", "2020年1-9月")
    path = made.pdf(
        tmp_path / "a.pdf", Report(["云杉机械股份有限公司", "2021年第三季度报告", Sheet("合并利润表", heads, rows)])
    )
    _, cells = extract(read(path))
    found = {(cell.span, cell.column): cell.value for cell in cells if cell.item == "净利润"}
    assert found == {
        ("single quarter", "current"): "1",
        ("single quarter", "prior"): "2",
        ("cumulative", "current"): "700",
        ("cumulative", "prior"): "600",
    }


def test_the_unit_beside_the_title(tmp_path: Path) -> None:
    sheet = Sheet("合并资产负债表 单位：千元", ("项目", "期末余额", "期初余额"), made.BALANCE, above=())
    assert of(tmp_path, sheet)["合并", "货币资金", "current"].value == "1200500"


def test_text_whose_empty_cells_are_lost_gives_no_lone_figure_to_a_column(tmp_path: Path) -> None:
    path = made.text(tmp_path / "a.txt", made.annual())
    lines = [" ".join(line.split()) for line in path.read_text(encoding="gb18030").splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")
    cells = taken(path)[1]
    assert cells["合并", "货币资金", "current"].value == "1200.5"
    assert cells["合并", "交易性金融资产", "current"].value is None
    assert cells["合并", "交易性金融资产", "prior"].value is None
    assert "看不出" in cells["合并", "交易性金融资产", "current"].reason
