"""Importing adds: what is joined, what is refused, what is left out, and that nothing is lost without a word."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from agent.errors import CaibaoError
from agent.figures.periods import Slice
from agent.table.database import Database
from agent.table.importer import How, ImportReport, import_tables


class Folder:
    """Files and a database that they are imported into."""

    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path / 'x.sqlite3'}"

    def bring(self, *texts: str, names: tuple[str, ...] = (), **how: object) -> ImportReport:
        files = []
        for at, text in enumerate(texts):
            files.append(self.path / (names[at] if names else f"f{at}.csv"))
            files[-1].write_text(text, encoding="utf-8")
        return import_tables(files, self.url, how=How(**how))  # type: ignore[arg-type]

    def rows(
        self, query: str = "SELECT 公司全称, 年份, 净利润 FROM company_table ORDER BY 年份, 公司全称"
    ) -> tuple[object, ...]:
        return Database(self.url).execute(query, {}).rows


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_second_import_adds_rows_and_columns(folder: Folder) -> None:
    folder.bring("公司全称,年份,净利润\n甲,2019,1\n")
    report = folder.bring("公司全称,年份,净利润,存货\n甲,2020,2,7\n")
    assert (report.new, report.total) == (1, 2)
    assert folder.rows() == (("甲", 2019, 1), ("甲", 2020, 2))
    assert folder.rows("SELECT 存货 FROM company_table ORDER BY 年份") == ((None,), (7,))


def test_replace_replaces(folder: Folder) -> None:
    folder.bring("公司全称,年份,净利润\n甲,2019,1\n")
    folder.bring("公司全称,年份,净利润\n乙,2020,2\n", replace=True)
    assert folder.rows() == (("乙", 2020, 2),)


def test_the_same_row_with_another_figure_is_named_and_nothing_changes(folder: Folder) -> None:
    folder.bring("公司全称,年份,净利润\n甲,2019,1\n")
    with pytest.raises(CaibaoError) as refusal:
        folder.bring("公司全称,年份,净利润\n乙,2019,5\n甲,2019,3\n")
    assert all(word in str(refusal.value) for word in ("甲2019年的净利润", "1", "3", "--replace"))
    assert folder.rows() == (("甲", 2019, 1),)


def test_the_same_file_again_changes_nothing(folder: Folder) -> None:
    text = "公司全称,年份,股票代码,净利润,注册地址\n甲,2019,603701,0.1,杭州\n乙,2019,603702,,\n"
    folder.bring(text)
    before = folder.rows("SELECT * FROM company_table ORDER BY 公司全称")
    report = folder.bring(text)
    assert report.new == 0 and folder.rows("SELECT * FROM company_table ORDER BY 公司全称") == before


def test_several_files_in_one_call_are_each_reported(folder: Folder) -> None:
    report = folder.bring("公司全称,年份,净利润\n甲,2019,1\n", "公司全称,年份,存货\n甲,2019,4\n乙,2019,5\n")
    assert [sheet.rows for sheet in report.sheets] == [1, 2] and report.total == 2
    assert folder.rows("SELECT 净利润, 存货 FROM company_table ORDER BY 公司全称") == ((None, 5), (1, 4))


def test_every_sheet_of_a_workbook_is_imported_but_empty_ones(folder: Folder) -> None:
    book = openpyxl.Workbook()
    for name, company in (("沪", "甲"), ("深", "乙")):
        sheet = book.create_sheet(name)
        sheet.append(["公司全称", "年份", "净利润"])
        sheet.append([company, 2020, 5])
    book.save(folder.path / "t.xlsx")
    report = import_tables([folder.path / "t.xlsx"], folder.url)
    assert [sheet.rows for sheet in report.sheets] == [1, 1] and len(folder.rows()) == 2


def test_a_dry_run_tells_everything_and_writes_nothing(folder: Folder) -> None:
    report = str(folder.bring("企业名称,年度,总资产(万元),ROE\n甲,2020,5,12.5\n", dry_run=True))
    assert all(
        word in report for word in ("总资产(万元)→资产总计", "万", "ROE→净资产收益率", "百分点", "12.5", "什么都没有写")
    )
    assert not (folder.path / "x.sqlite3").exists()


def test_a_dry_run_refuses_what_the_import_would_refuse(folder: Folder) -> None:
    with pytest.raises(CaibaoError, match="第2行"):
        folder.bring("公司全称,年份,净利润\n甲,2020,坏\n", dry_run=True)


@pytest.mark.parametrize("cell", ["亏损", "inf", "-4e34", "1.2.3"])
def test_an_odd_cell_is_named_or_left_empty_as_the_user_decides(folder: Folder, cell: str) -> None:
    text = f"公司全称,年份,某倍数\n甲,2020,4\n乙,2020,{cell}\n丙,2020,6\n"
    with pytest.raises(CaibaoError, match=r"第3行的某倍数.*--odd-cells null"):
        folder.bring(text)
    report = folder.bring(text, odd_cells="null")
    assert folder.rows("SELECT 某倍数 FROM company_table ORDER BY 公司全称") == ((6,), (None,), (4,))
    assert "当作空的" in str(report) and "第3行" in str(report)


def test_a_column_of_words_is_text_and_one_number_among_them_does_not_make_it_odd(folder: Folder) -> None:
    folder.bring("公司全称,年份,评级\n甲,2020,优\n乙,2020,良\n丙,2020,3\n")
    assert folder.rows("SELECT 评级 FROM company_table ORDER BY 公司全称") == (("3",), ("良",), ("优",))


@pytest.mark.parametrize("total", ["合计", "平均", "总计：", "平均值", "合 计"])
def test_a_line_of_totals_is_no_company(folder: Folder, total: str) -> None:
    report = folder.bring(f"公司全称,年份,净利润\n甲,2020,4\n{total},2020,4\n")
    assert folder.rows() == (("甲", 2020, 4),) and "跳过" in str(report)


def test_titles_notes_and_blank_lines_around_the_table_are_no_rows(folder: Folder) -> None:
    folder.bring("某某表,,\n单位：万元,,\n,,\n公司全称,年份,净利润\n甲,2020,4\n\n数据来源：年报,,\n")
    assert folder.rows() == (("甲", 2020, 40000),)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "，"])
def test_the_delimiter_is_found_out(folder: Folder, delimiter: str) -> None:
    folder.bring("公司全称,年份,净利润\n甲,2020,4.5\n乙,2020,5.5\n".replace(",", delimiter))
    assert folder.rows() == (("乙", 2020, Decimal("5.5")), ("甲", 2020, Decimal("4.5")))


def test_percent_points_become_fractions_and_fractions_stay(folder: Folder) -> None:
    folder.bring(
        "公司全称,年份,毛利率,资产负债率\n甲,2020,31.5,60.25\n乙,2020,-4,71\n",
        "公司全称,年份,毛利率\n甲,2019,0.3\n乙,2019,0.41\n",
    )
    assert folder.rows("SELECT 毛利率 FROM company_table ORDER BY 年份, 公司全称") == tuple(
        (Decimal(v),) for v in ("0.41", "0.3", "-0.04", "0.315")
    )


@pytest.mark.parametrize("values", ["0.3,3.5", "0.9,40,0.02"])
def test_a_column_that_may_be_either_is_refused_by_name(folder: Folder, values: str) -> None:
    rows = "".join(f"公司{i},2020,{v}\n" for i, v in enumerate(values.split(",")))
    with pytest.raises(CaibaoError, match="毛利率.*百分点"):
        folder.bring(f"公司全称,年份,毛利率\n{rows}")
    folder.bring(f"公司全称,年份,毛利率(%)\n{rows}")


def test_years_in_the_headings_become_rows(folder: Folder) -> None:
    folder.bring("公司全称,股票简称,2019年净利润(万元),净利润2020\n甲,小甲,1,25000\n乙,小乙,,3\n")
    assert folder.rows() == (("甲", 2019, 10000), ("乙", 2020, 3), ("甲", 2020, 25000))


@pytest.mark.parametrize("headings", ["公司全称,年份,2019收入", "公司全称,年份,2019"])
def test_a_year_in_a_heading_beside_a_column_of_years_is_refused_by_name(folder: Folder, headings: str) -> None:
    with pytest.raises(CaibaoError, match="标题“2019"):
        folder.bring(f"{headings}\n甲,2020,5\n")


def test_two_spellings_of_a_name_are_one_company(folder: Folder) -> None:
    folder.bring("公司全称,年份,净利润\n甲（中国）公司,2019,1\n甲(中国)公司,2020,2\n甲 （中国） 公司,2021,3\n")
    assert {name for name, _, _ in folder.rows()} == {"甲（中国）公司"}  # type: ignore[misc]


def test_a_company_is_known_by_its_code_before_its_name(folder: Folder) -> None:
    folder.bring(
        "公司全称,年份,股票代码,净利润\n旧名公司,2019,603701.SH,1\n新名公司,2020,603701,2\n",
        "股票代码,年份,存货\nsh603701,2019,8\n603701,2020,9\n",
    )
    assert folder.rows("SELECT 公司全称, 存货 FROM company_table ORDER BY 年份") == (("旧名公司", 8), ("新名公司", 9))


def test_a_hong_kong_code_is_not_the_one_with_a_zero_more(folder: Folder) -> None:
    folder.bring("公司全称,年份,股票代码,净利润\n港甲,2020,01234,1\n深乙,2020,001234,2\n")
    assert Database(folder.url).companies() == [("深乙", "", "001234"), ("港甲", "", "01234")]


def test_amounts_in_another_currency_are_not_put_beside_yuan(folder: Folder) -> None:
    text = "公司全称,年份,币种,净利润,员工总数\n甲,2020,CNY,5,10\n乙,2020,USD,6,20\n"
    with pytest.raises(CaibaoError, match="第3行的币种“USD”不是人民币"):
        folder.bring(text)
    folder.bring(text, odd_cells="null")
    assert folder.rows("SELECT 净利润, 职工总人数 FROM company_table ORDER BY 公司全称") == ((None, 20), (5, 10))


def test_formulas_that_were_never_computed_are_named(folder: Folder) -> None:
    book = openpyxl.Workbook()
    book.active.append(["公司全称", "年份", "净利润"])
    book.active.append(["甲", 2020, "=40+2"])
    book.save(folder.path / "t.xlsx")
    with pytest.raises(CaibaoError, match="第2行的净利润公式“=40"):
        import_tables([folder.path / "t.xlsx"], folder.url)


def test_merged_cells_percent_formats_and_two_heading_lines(folder: Folder) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["公司全称", "年份", "指标", None],
        [None, None, "净利润", "毛利率"],
        ["甲", 2019, 5, 0.3],
        [None, 2020, 6, 0.4],
    ):
        sheet.append(row)
    for merged in ("A1:A2", "B1:B2", "C1:D1", "A3:A4"):
        sheet.merge_cells(merged)
    for cell in ("D3", "D4"):
        sheet[cell].number_format = "0.00%"
    book.save(folder.path / "t.xlsx")
    import_tables([folder.path / "t.xlsx"], folder.url)
    assert folder.rows("SELECT 公司全称, 年份, 毛利率 FROM company_table ORDER BY 年份") == (
        ("甲", 2019, Decimal("0.3")),
        ("甲", 2020, Decimal("0.4")),
    )


def test_periods_and_scopes_are_parts_of_the_key(folder: Folder) -> None:
    folder.bring(
        "公司全称,报告期,报表类型,净利润\n甲,2020-12-31,合并报表,9\n甲,2020-12-31,母公司报表,4\n甲,2020-09-30,合并报表,7\n",
        "公司全称,年份,净利润\n乙,2020,3\n",
    )
    database = Database(folder.url)
    assert "报告期" not in database.columns() and "口径" not in database.columns()
    assert folder.rows() == (("乙", 2020, 3), ("甲", 2020, 9))
    parent = database.over(Slice("年报", "母公司")).execute("SELECT SUM(净利润), COUNT(*) FROM company_table", {})
    assert parent.rows == ((4, 1),)


def test_a_table_without_any_year_is_refused_and_the_sentence_speaks_of_years(folder: Folder) -> None:
    with pytest.raises(CaibaoError, match="看不出是哪一年"):
        folder.bring("公司全称,净利润\n甲,5\n", names=("数据.csv",))
    folder.bring("公司全称,净利润\n甲,5\n", names=("2020年报.csv",))
    assert folder.rows() == (("甲", 2020, 5),)


def test_short_lines_are_named(folder: Folder) -> None:
    assert "第3行" in str(folder.bring("公司全称,年份,净利润,存货\n甲,2020,5,6\n乙,2020,7\n"))
