"""Figures of the table are found again in the reports that they came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.reports import store as stores
from agent.reports.document import read
from agent.reports.evidence import places
from agent.reports.extract import extract
from agent.reports.store import Store
from tests.agent.reports import made

NAME = "云杉机械股份有限公司"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store(tmp_path / "reports.sqlite3", writing=True)
    about, cells = extract(read(made.pdf(tmp_path / "a.pdf", made.annual())))
    with opened.transaction() as connection:
        stores.put(connection, about, cells)
    return opened


def test_a_figure_has_its_file_page_and_row(store: Store) -> None:
    (place,) = places(store, ("公司全称", "年份", "货币资金"), [(NAME, 2021, 1200.5)])
    assert (place.file, place.section, place.row) == ("a.pdf", "合并资产负债表", "货币资金 1,200.50 900.00")


def test_the_scope_decides(store: Store) -> None:
    columns = ("公司全称", "年份", "报告期", "口径", "货币资金")
    (place,) = places(store, columns, [(NAME, 2021, "年报", "母公司", 111)])
    assert place.section == "母公司资产负债表"


@pytest.mark.parametrize(
    "row", [(NAME, 2021, 1200.6), (NAME, 2020, 1200.5), ("别家股份有限公司", 2021, 1200.5), (NAME, 2021, None)]
)
def test_another_value_year_or_company_has_no_place(store: Store, row: tuple[object, ...]) -> None:
    assert not places(store, ("公司全称", "年份", "货币资金"), [row])


def test_texts_have_places_too(store: Store) -> None:
    (place,) = places(store, ("公司全称", "年份", "法定代表人"), [(NAME, 2021, "林望")])
    assert place.page == 1


def test_cells_told_by_field_and_value(store: Store) -> None:
    (place,) = places(store, ("公司全称", "年份", "字段", "值"), [(NAME, 2021, "净利润", 700)])
    assert place.section == "合并利润表"
