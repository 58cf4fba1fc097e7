"""python -m agent report {add|list|show|remove|export}."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from agent.errors import CaibaoError, DatabaseError
from agent.files import replaced
from agent.reports import exporting, store
from agent.reports.ingest import Added, Limits, add
from agent.reports.store import About, Cell, Store
from agent.reports.table_rows import PERIODS, bring
from agent.text import normalise


@dataclass(frozen=True)
class Place:
    """Where reports are kept and which table their figures go to."""

    store: Path
    database: str
    table: str


def add_files(files: Sequence[Path], place: Place, limits: Limits, screen: Console) -> int:
    """Adds files, then brings the figures into the table. 1 where a file could not be read."""
    into = Store(place.store, writing=True)
    try:
        done = _with_progress(files, into, limits, screen)
        if done.reports:
            _brought(into, place, screen)
    finally:
        into.close()
    return 1 if done.bad else 0


def _with_progress(files: Sequence[Path], into: Store, limits: Limits, screen: Console) -> Added:
    with Progress(
        TextColumn("读报告"), BarColumn(), MofNCompleteColumn(), console=screen, disable=not screen.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(set(files)))

        def told(path: Path, what: About | str) -> None:
            bar.advance(task)
            said = what if isinstance(what, str) else f"{path.name}：{_title(what)}，{what.pages}页"
            screen.print(said, markup=False, soft_wrap=True, highlight=False)

        return add(files, into, limits, told)


def _brought(into: Store, place: Place, screen: Console) -> None:
    try:
        count = bring(into, place.database, place.table)
    except (CaibaoError, DatabaseError) as error:
        raise CaibaoError(f"报告已在报告库 {place.store} 里，但没有写进表 {place.table}：{error}") from None
    screen.print(f"表 {place.table} 里有报告的{count}行。", markup=False, soft_wrap=True, highlight=False)


def _title(about: About) -> str:
    return f"{about.company} {about.year}年{PERIODS[about.period]}"


def list_reports(place: Place, screen: Console) -> int:
    """One line a report."""
    opened = Store(place.store)
    table = Table("公司", "代码", "年份", "报告期", "页", "数值", "存疑", "文件")
    for number, about in opened.documents():
        cells = opened.cells(number)
        counted = sum(cell.value is not None for cell in cells)
        table.add_row(
            about.company, about.code, str(about.year), PERIODS[about.period], str(about.pages),
            str(counted), str(sum(bool(cell.failed) for cell in cells)), about.file,
        )  # fmt: skip
    opened.close()
    screen.print(table)
    return 0


def show(place: Place, company: str, year: int, item: str | None, screen: Console) -> int:
    """The cells of a company's reports of a year: value, page, the row as printed, unit, scope, and what the checks say."""
    opened = Store(place.store)
    found = [(a, c) for n, a in _of(opened, company, year) for c in opened.cells(n) if _wanted(c, item)]
    opened.close()
    if not found:
        asked = f"的{item}" if item else ""
        raise CaibaoError(f"报告库里没有{company}{year}年{asked}，可以用 python -m agent report list 看有哪些报告。")
    for about, cell in found:
        screen.print(_said(about, cell), markup=False, soft_wrap=True, highlight=False)
    return 0


def _wanted(cell: Cell, item: str | None) -> bool:
    if item is None:
        return cell.value is not None
    return normalise(item) in (normalise(cell.item), normalise(cell.label))


def _said(about: About, cell: Cell) -> str:
    year, _ = exporting.of(about, cell)
    head = f"{_title(about)} {cell.scope}{cell.statement} {cell.item}（{'本期' if cell.column == 'current' else f'上期，{year}年'}"
    head += "，单季）" if cell.span == "single quarter" else "）"
    if cell.value is None:
        return f"{head}：没有，{cell.reason}（第{cell.page}页“{cell.row}”）"
    unit = "元" if cell.unit in ("千元", "万元", "百万元", "亿元") else cell.unit
    place = f"第{cell.page}页“{cell.row}”" + (f"，原单位{cell.unit}" if cell.unit else "")
    marks = "，经重述" if cell.restated else ""
    return f"{head}：{cell.value}{unit}（{place}{marks}）" + (f" 【存疑：{cell.failed}】" if cell.failed else "")


def _of(opened: Store, company: str, year: int | None = None) -> Iterator[tuple[int, About]]:
    wanted = normalise(company)
    for number, about in opened.documents():
        names = {normalise(about.company), normalise(about.short_name), about.code, normalise(about.file)} - {""}
        if (wanted in names or wanted in normalise(about.company)) and year in (None, about.year):
            yield number, about


def remove(place: Place, company: str, year: int, screen: Console) -> int:
    """Takes the reports of a company and year out of the store; the rows of the table stay."""
    opened = Store(place.store, writing=True)
    try:
        found = list(_of(opened, company, year))
        if not found:
            raise CaibaoError(f"报告库里没有{company}{year}年的报告，可以用 python -m agent report list 看有哪些报告。")
        with opened.transaction() as connection:
            for number, _ in found:
                store.remove(connection, number)
    finally:
        opened.close()
    said = "、".join(_title(about) for _, about in found)
    screen.print(
        f"已从报告库删去：{said}。表 {place.table} 里的行没有动。", markup=False, soft_wrap=True, highlight=False
    )
    return 0


def export(place: Place, output: Path, screen: Console) -> int:
    """All cells, one a line of JSON."""
    opened = Store(place.store)
    count = 0
    with replaced(output) as path, path.open("w", encoding="utf-8") as file:
        for number, about in opened.documents():
            for line in exporting.lines(about, opened.cells(number)):
                file.write(line + "\n")
                count += 1
    opened.close()
    screen.print(f"{count}个数值在 {output}。", markup=False, soft_wrap=True, highlight=False)
    return 0


def jobs() -> int:
    """Half of the processors."""
    return max((os.cpu_count() or 2) // 2, 1)
