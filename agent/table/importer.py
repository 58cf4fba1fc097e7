"""Imports table files into a database: any provider's headings, exact units, joined with what the table holds; all or nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from agent.errors import CaibaoError, DatabaseError
from agent.figures import schema
from agent.table.database_errors import explained, parse_url
from agent.table.existing import Existing, read_existing
from agent.table.import_report import ImportReport, SheetReport
from agent.table.layout import lay_out
from agent.table.providers import AUTO
from agent.table.sheet_rows import OddCells, Record, SheetRows
from agent.table.staging import Merged, Staging
from agent.table.table_file import sheets
from agent.table.table_writer import LONGEST, ColumnShape, plain_name, write

_SAID = 5  # odd cells that a refusal names


@dataclass(frozen=True)
class How:
    """provider: whose headings (`auto`: told from them); replace: the table is replaced, else added to; odd_cells: what becomes of a cell
    that cannot be read; dry_run: everything but the writing."""

    provider: str = AUTO
    replace: bool = False
    odd_cells: OddCells = "refuse"
    dry_run: bool = False


AS_USUAL = How()


def import_table(path: Path, url: str, table: str = schema.TABLE, how: How = AS_USUAL) -> ImportReport:
    """`import_tables` of one file."""
    return import_tables([path], url, table, how)


def import_tables(paths: Iterable[Path], url: str, table: str = schema.TABLE, how: How = AS_USUAL) -> ImportReport:
    """Adds the rows of the files to `table`, or changes nothing at all.

    Raises:
        CaibaoError: file, heading, line or value that is wrong.
        DatabaseError: the database cannot be read or written.
    """
    address = parse_url(url)
    plain_name(table)
    found = _measured(paths, how.provider)
    try:
        before = None if how.replace else read_existing(address, table)
        columns, texts = _columns(found, before)
        with Staging(columns, (name for name in columns if name not in texts)) as staging:
            return _brought(staging, found, before, address, table, how, texts)
    except IntegrityError as error:
        raise explained(error, address) from None
    except SQLAlchemyError as error:
        raise explained(error, address) from None
    except OSError as error:
        raise DatabaseError(f"不能写入 {address.database}：{error.strerror}。") from None


def _measured(paths: Iterable[Path], provider: str) -> list[SheetRows]:
    """Every sheet of every file that holds a table.

    Raises:
        CaibaoError: a file holds none.
    """
    found = []
    for path in map(Path, paths):
        own = list(filter(None, (lay_out(sheet, provider) for sheet in sheets(path))))
        if not own:
            raise CaibaoError(f"{path} 是空的。")
        found += [SheetRows(layout) for layout in own]
    return found


def _columns(found: Sequence[SheetRows], before: Existing | None) -> tuple[list[str], frozenset[str]]:
    """The columns of figures of the new table, those of the present one first; which of them hold text."""
    names = dict.fromkeys(chain(before.figures if before else (), *(rows.columns() for rows in found)))
    known = before.texts if before else frozenset()
    texts = {
        name
        for name in names
        if (
            name in known
            if before and name in before.figures
            else any(r.is_text(name) for r in found if name in r.columns())
        )
    }
    return list(names), frozenset(texts)


def _brought(
    staging: Staging,
    found: Sequence[SheetRows],
    before: Existing | None,
    address: URL,
    table: str,
    how: How,
    texts: frozenset[str],
) -> ImportReport:
    if before:
        staging.add(f"表 {table} 里已有的行", before.rows())
    report = ImportReport(dry_run=how.dry_run, replaced=how.replace)
    for rows in found:
        staged = staging.add(str(rows.layout.sheet), _checked(rows, texts, how.odd_cells))
        report.sheets.append(SheetReport.of(rows, staged))
    _refuse_odd(found, how.odd_cells)
    if not report.rows:
        raise CaibaoError(f"{found[0].layout.sheet} 只有标题，没有数据。")
    shapes, cells = _shapes(staging, found, before, texts)
    numbers = [shape.kind == "number" for shape in shapes]

    def written(number: Callable[[Any], Any]) -> Iterator[tuple[Any, ...]]:
        for row in staging.merged():
            report.count(row, 1 if before else 0)
            values = [cell(row) for cell in cells]
            yield tuple(number(v) if is_number and v is not None else v for v, is_number in zip(values, numbers))

    if how.dry_run:
        deque(written(str), maxlen=0)  # what the import would refuse is refused
    else:
        write(address, table, shapes, written)
    return report


def _checked(rows: SheetRows, texts: frozenset[str], odd_cells: OddCells) -> Iterator[Record]:
    """The rows; a sheet with too many odd cells is not read to its end."""
    for record in rows.rows(texts, odd_cells):
        yield record
        if odd_cells == "refuse" and len(rows.notes.odd) > 1000:
            return


def _refuse_odd(found: Sequence[SheetRows], odd_cells: OddCells) -> None:
    """Raises CaibaoError with the first odd cells, where the user has not said that they may be left empty."""
    odd = [cell for rows in found for cell in rows.notes.odd]
    if odd and odd_cells == "refuse":
        first = f"{odd[0]}"
        others = "；".join(str(cell) for cell in odd[1:_SAID])
        more = f"（共{len(odd)}处，另有：{others}）" if len(odd) > 1 else ""
        raise CaibaoError(
            f"{first}{more}，请改正后重新导入，或用 --odd-cells null 把这样的格当作空的（什么都没有导入）。"
        )


Cell = Callable[[Merged], Any]


def _shapes(
    staging: Staging, found: Sequence[SheetRows], before: Existing | None, texts: frozenset[str]
) -> tuple[list[ColumnShape], list[Cell]]:
    """The columns of the new table, and how each is read from a merged row."""
    decimals: dict[str, int] = dict(before.decimals) if before else {}
    for rows in found:
        for at, measure in rows.measures.items():
            heading = rows.layout.headings[at]
            assert heading is not None
            places = measure.decimals + 2 * rows.points.get(at, False)
            decimals[heading.column] = max(decimals.get(heading.column, 4), min(places, 12))
    given = {name for rows in found for name in (schema.CODE, schema.SHORT_NAME) if rows.layout.where(name)}
    given |= set(before.names) if before else set()
    made: list[tuple[ColumnShape, Cell]] = [
        (ColumnShape(schema.COMPANY, "text", LONGEST), lambda row: row.company),
        (ColumnShape(schema.YEAR, "year"), lambda row: row.year),
    ]
    if schema.CODE in given:
        made.append((ColumnShape(schema.CODE, "text", LONGEST), lambda row: row.code))
    if schema.SHORT_NAME in given:
        made.append((ColumnShape(schema.SHORT_NAME, "text", LONGEST), lambda row: row.short))
    if staging.is_needed(schema.PERIOD):
        made.append((ColumnShape(schema.PERIOD, "text", 8), lambda row: row.period))
    if staging.is_needed(schema.SCOPE):
        made.append((ColumnShape(schema.SCOPE, "text", 8), lambda row: row.scope))
    for at, (name, longest) in enumerate(zip(staging.columns, staging.longest())):
        kind = "text" if name in texts else "number"
        shape = ColumnShape(name, kind, longest, decimals.get(name, 4))  # type: ignore[arg-type]
        made.append((shape, lambda row, at=at: row.figures[at]))  # type: ignore[misc]
    return [shape for shape, _ in made], [cell for _, cell in made]
