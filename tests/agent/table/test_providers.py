"""Files shaped as eight providers export them: nothing renamed by hand, and the figures come out under their names."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from agent.errors import CaibaoError
from agent.figures.periods import Slice
from agent.table.database import Database
from agent.table.headings import read
from agent.table.importer import How, ImportReport, import_tables
from agent.table.providers import all_providers, common, find

AS_USUAL = How()


def brought(
    tmp_path: Path, files: dict[str, str], how: How = AS_USUAL, encoding: str = "utf-8"
) -> tuple[ImportReport, Database]:
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode(encoding))
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    return import_tables([tmp_path / name for name in files], url, how=how), Database(url)


def value(database: Database, company: str, column: str, year: int = 2020) -> object:
    query = f'SELECT "{column}" FROM company_table WHERE 公司全称 = :c AND 年份 = :y'
    rows = database.execute(query, {"c": company, "y": year}).rows
    assert len(rows) == 1, rows
    return rows[0][0]


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


AKSHARE = """SECUCODE,SECURITY_CODE,SECURITY_NAME_ABBR,ORG_CODE,REPORT_DATE,REPORT_TYPE,NOTICE_DATE,CURRENCY,TOTAL_OPERATE_INCOME,\
TOTAL_OPERATE_INCOME_YOY,OPERATE_INCOME,NETPROFIT
603701.SH,603701,青石股份,10101,2020-12-31 00:00:00,年报,2021-04-20 00:00:00,CNY,5200.5,14.25,5100.25,640.5
603701.SH,603701,青石股份,10101,2020-06-30 00:00:00,中报,2020-08-20 00:00:00,CNY,2200.5,4.25,2100.25,240.5
003702.SZ,003702,白帆科技,10102,2020-12-31 00:00:00,年报,2021-04-22 00:00:00,CNY,4100,-3.5,4000,-75.25
"""


def test_akshare_statements(tmp_path: Path) -> None:
    report, database = brought(tmp_path, {"lrb.csv": AKSHARE})
    assert report.sheets[0].provider == "akshare / 东方财富"
    assert value(database, "青石股份", "营业收入") == Decimal("5100.25")
    assert value(database, "白帆科技", "营业总收入增长率") == Decimal("-0.035")
    assert database.slices == {Slice(), Slice("半年报")}
    half = database.over(Slice("半年报"))
    assert value(half, "青石股份", "净利润") == Decimal("240.5")
    assert database.companies() == [("白帆科技", "白帆科技", "003702"), ("青石股份", "青石股份", "603701")]


def test_akshare_performance_tables_take_the_year_from_the_name_of_the_file(tmp_path: Path) -> None:
    text = "序号,股票代码,股票简称,营业总收入-营业总收入,营业总收入-同比增长,净利润-净利润,净利润-季度环比增长,销售毛利率,最新公告日期\n"
    text += "1,603701,青石股份,5200.5,14.25,640.5,3.1,41.5,2021-04-20\n2,003702,白帆科技,4100,-3.5,-75.25,-8,22.75,2021-04-22\n"
    _, database = brought(tmp_path, {"yjbb_20201231.csv": text})
    assert value(database, "青石股份", "毛利率") == Decimal("0.415") and value(
        database, "白帆科技", "净利润"
    ) == Decimal("-75.25")
    assert "净利润-季度环比增长" not in database.columns()


TUSHARE = """ts_code,ann_date,end_date,report_type,comp_type,total_revenue,revenue,n_income,update_flag
603701.SH,20210420,20201231,1,1,5200.5,5100.25,640.5,0
603701.SH,20210525,20201231,1,1,5200.5,5100.25,650.5,1
603701.SH,20210420,20201231,6,1,1200.5,1100.25,90.5,1
603701.SH,20210420,20201231,2,1,900,900,10,1
003702.SZ,20210422,20201231,1,1,4100,4000,-75.25,1
"""
BALANCE = """ts_code,ann_date,end_date,report_type,money_cap,total_assets,total_liab
603701.SH,20210420,20201231,1,700.5,9000,6300
003702.SZ,20210422,20201231,1,300,5000,
"""


def test_tushare_joins_its_statements_and_takes_the_latest_version(tmp_path: Path) -> None:
    report, database = brought(tmp_path, {"income.csv": TUSHARE, "balancesheet.csv": BALANCE})
    assert value(database, "603701", "净利润") == Decimal("650.5") and value(database, "603701", "资产总计") == 9000
    assert value(database, "003702", "负债合计") is None
    assert value(database.over(Slice("年报", "母公司")), "603701", "净利润") == Decimal("90.5")
    assert "report_type为2" in str(report)


def test_a_list_of_names_gives_the_codes_their_names(tmp_path: Path) -> None:
    names = "ts_code,end_date,name\n603701.SH,20201231,青石股份\n003702.SZ,20201231,白帆科技\n"
    _, database = brought(tmp_path, {"income.csv": TUSHARE, "names.csv": names})
    assert value(database, "青石股份", "净利润") == Decimal("650.5")


def test_baostock_in_gbk_with_fractions(tmp_path: Path) -> None:
    text = "code,pubDate,statDate,roeAvg,npMargin,gpMargin,netProfit,MBRevenue\n"
    text += "sh.603701,2021-04-20,2020-12-31,0.091,0.1256,0.415,640.5,5100.25\nsz.003702,2021-04-22,2020-12-31,-0.02,-0.0188,2.5,-75.25,4000\n"
    _, database = brought(tmp_path, {"profit.csv": text}, encoding="gbk")
    assert value(database, "603701", "毛利率") == Decimal("0.415") and value(database, "003702", "毛利率") == Decimal(
        "2.5"
    )


def test_efinance_with_ratios_in_percent_points(tmp_path: Path) -> None:
    text = "股票代码,股票简称,公告日期,营业收入,营业收入同比增长,营业收入季度环比,净利润,净利润同比增长,净利润季度环比,净资产收益率\n"
    text += "603701,青石股份,2021-04-20,5100.25,14.25,1,640.5,30,-4,0.91\n"
    _, database = brought(tmp_path, {"业绩2020.csv": text})
    assert value(database, "青石股份", "净资产收益率") == Decimal("0.0091")
    assert value(database, "青石股份", "净利润增长率") == Decimal("0.3")


@pytest.mark.parametrize(
    ("provider", "lines"),
    [
        ("Wind", "[报告期] {year}年报\n[报表类型] 合并报表\n[单位] {unit}"),
        ("Choice", "[单位]{unit}\n[报表类型]合并报表\n[报告期]{year}-12-31"),
    ],
)
def test_wind_and_choice_with_headings_of_several_lines_and_years_side_by_side(
    tmp_path: Path, provider: str, lines: str
) -> None:
    headings = [
        f"{name}\n{lines.format(year=year, unit=unit)}"
        for year in (2019, 2020)
        for name, unit in (("营业收入", "万元"), ("资产负债率", "%"))
    ]
    rows: list[list[object]] = [
        ["证券代码", "证券简称", *headings],
        ["603701.SH", "青石股份", 400, 61.5, 510.025, 70.25],
        ["003702.SZ", "白帆科技", None, None, 400, 20],
        [f"数据来源：{provider}"],
    ]
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    report = import_tables([workbook(tmp_path / "t.xlsx", rows)], url)
    database = Database(url)
    assert report.sheets[0].provider == provider and report.total == 3
    assert (
        value(database, "青石股份", "营业收入") == Decimal("5100250")
        and value(database, "青石股份", "营业收入", 2019) == 4000000
    )
    assert value(database, "青石股份", "资产负债比率") == Decimal("0.7025")


def test_csmar_with_three_heading_lines_lost_zeros_and_opening_balances(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Stkcd", "ShortName", "Accper", "Typrep", "A001000000", "B002000000"],
        ["证券代码", "证券简称", "会计期间", "报表类型", "资产总计", "净利润"],
        ["没有单位", "没有单位", "没有单位", "没有单位", "元", "元"],
        [3702, "白帆科技", "2020-01-01", "A", 4800, None],
        [3702, "白帆科技", "2020-12-31", "A", 5000, -75.25],
        [3702, "白帆科技", "2020-12-31", "B", 3000, 11],
    ]
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    report = import_tables([workbook(tmp_path / "FS.xlsx", rows)], url)
    database = Database(url)
    assert value(database, "白帆科技", "资产总计") == 5000 and database.companies() == [
        ("白帆科技", "白帆科技", "003702")
    ]
    assert "期初" in str(report) and Slice("年报", "母公司") in database.slices


def test_ths_statements_with_stars_numbers_of_items_and_units_in_the_cells(tmp_path: Path) -> None:
    text = "股票代码,报告期,报表核心指标,*净利润,*营业总收入,报表全部指标,一、营业总收入,其中：营业收入,减：营业外支出,五、净利润\n"
    text += "603701,2020-12-31,,6.4亿,52.00亿,,52.00亿,51.00亿,False,6.4亿\n003702,2020,,-7525.00万,41亿,,41亿,40亿,9.00万,-7525.00万\n"
    _, database = brought(tmp_path, {"ths.csv": text})
    assert value(database, "603701", "营业收入") == 5100000000 and value(database, "003702", "净利润") == -75250000
    assert value(database, "603701", "营业外支出") is None


def test_ths_figures_of_one_item_that_differ_are_named(tmp_path: Path) -> None:
    text = "股票代码,报告期,*净利润,五、净利润\n603701,2020-12-31,6.4亿,6.5亿\n"
    with pytest.raises(CaibaoError, match="第2行的净利润有两个不同的数"):
        brought(tmp_path, {"ths.csv": text})


def test_iwencai_with_dates_behind_the_names(tmp_path: Path) -> None:
    text = "股票代码,股票简称,营业收入[20201231],销售毛利率[20201231],营业收入[20191231]\n603701.SH,青石股份,5100.25,41.5000,4000\n"
    _, database = brought(tmp_path, {"wencai.csv": text})
    assert (
        value(database, "青石股份", "毛利率") == Decimal("0.415")
        and value(database, "青石股份", "营业收入", 2019) == 4000
    )


def test_every_column_that_a_provider_names_is_one_that_questions_know() -> None:
    """But for those that no formula has."""
    from agent.figures import schema

    free = {"报告期", "口径", "币种", "股票代码", "股票简称", "扣除非经常性损益后的净利润", "负债和所有者权益合计"}
    for provider in all_providers().values():
        for heading, column in provider.columns.items():
            known = column in schema.columns() or schema.computed(column) is not None or column in free
            assert known, (provider.key, heading, column)


def test_a_provider_can_be_named_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    _, database = brought(
        tmp_path, {"t.csv": "ts_code,end_date,n_income\n603701.SH,20201231,5\n"}, How(provider="tushare")
    )
    assert value(database, "603701", "净利润") == 5
    with pytest.raises(CaibaoError, match="没有数据商“winds”"):
        brought(tmp_path, {"t.csv": "ts_code,end_date,n_income\n603701.SH,20201231,5\n"}, How(provider="winds"))


@pytest.mark.parametrize(
    ("heading", "column", "power"),
    [
        ("营业收入（亿）", "营业收入", 8),
        ("营业收入_百万", "营业收入", 6),
        ("净利润/千元", "净利润", 3),
        ("净利润 单位：万元", "净利润", 4),
        ("存货[人民币万元]", "存货", 4),
        ("总市值（亿元）", "总市值", 8),
        ("员工总数(人)", "职工总人数", 0),
        ("其中：营业成本（万元）", "营业成本", 4),
        ("一年内到期的非流动负债", "一年内到期的非流动负债", 0),
    ],
)
def test_a_unit_in_a_heading_in_every_spelling(heading: str, column: str, power: int) -> None:
    found = read(heading, common())
    assert (found.column, found.power) == (column, power)


def test_a_heading_in_another_currency_is_refused() -> None:
    with pytest.raises(CaibaoError, match="不是人民币"):
        read("净利润（万港元）", common())


def test_an_unknown_table_is_read_by_the_common_headings() -> None:
    assert find("auto", ["公司全称", "年份", "净利润"]).key == "common"
