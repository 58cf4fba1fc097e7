"""What an import did, as it is told: every sheet, every heading with its unit and first values, what was left out, what is new."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from agent.figures import schema
from agent.figures.periods import USUAL, Slice
from agent.table.headings import Heading
from agent.table.sheet_rows import SheetRows
from agent.table.staging import Merged

_MOST = 5  # of a kind that are told


@dataclass
class ColumnReport:
    """A heading: what it became, its unit, the first cells under it; kept: the schema does not know it."""

    heading: str
    column: str
    unit: str
    first: tuple[str, ...]
    kept: bool = False

    def __str__(self) -> str:
        became = self.column or "（不导入）"
        unit = f"（{self.unit}）" if self.unit else ""
        return f"{self.heading}→{became}{unit}" + (f"：{'、'.join(self.first)}" if self.first else "")


@dataclass
class SheetReport:
    """A sheet of the import."""

    sheet: str
    provider: str
    rows: int
    columns: list[ColumnReport] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    nameless: list[int] = field(default_factory=list)  # columns without a heading

    @classmethod
    def of(cls, rows: SheetRows, staged: int) -> SheetReport:
        made = cls(str(rows.layout.sheet), rows.layout.provider.title, staged)
        for at, heading in enumerate(rows.layout.headings):
            if heading is None:
                made.nameless.append(at + 1)
                continue
            measure = rows.measures.get(at)
            known = heading.column in schema.columns() or schema.computed(heading.column) is not None
            made.columns.append(
                ColumnReport(
                    " ".join(heading.text.split()),
                    heading.column,
                    _unit(rows, at, heading),
                    tuple(measure.first) if measure else (),
                    bool(measure) and not known,
                )
            )
        made.left_out = [f"{why}（{n}行）" for why, n in rows.notes.skipped.items()]
        if short := rows.notes.short_rows:
            lines = "、".join(f"第{line}行" for line in short[:_MOST])
            made.left_out.append(
                f"{lines}{'等' if len(short) > _MOST else ''}的格比标题少，少的当作空的（{len(short)}行）"
            )
        made.odd = [str(cell) for cell in rows.notes.odd]
        return made


def _unit(rows: SheetRows, at: int, heading: Heading) -> str:
    if at in rows.points:
        return "百分点，除以100存成小数" if rows.points[at] else "小数"
    said = heading.unit and f"以{heading.unit}为单位，换算成个"
    when = [f"{heading.year}年" if heading.year else "", heading.period, heading.scope]
    return "，".join(filter(None, ["".join(when), said]))


@dataclass
class ImportReport:
    """What became of the files."""

    sheets: list[SheetReport] = field(default_factory=list)
    dry_run: bool = False
    replaced: bool = False
    new: int = 0  # rows that were not there
    added_to: int = 0  # rows that were, and have new figures now or the same
    total: int = 0  # rows of the table afterwards
    slices: Counter[Slice] = field(default_factory=Counter)

    def count(self, row: Merged, present: int) -> None:
        """One row of the new table; present: 1 where source 0 is the table as it was."""
        self.total += 1
        self.slices[Slice(row.period, row.scope)] += 1
        old = present and 0 in row.sources
        self.new += not old
        self.added_to += bool(old and len(row.sources) > 1)

    @property
    def rows(self) -> int:
        """How many rows the files have."""
        return sum(sheet.rows for sheet in self.sheets)

    @property
    def mapped(self) -> dict[str, str]:
        """Heading → column, where they differ."""
        return {c.heading: c.column for s in self.sheets for c in s.columns if c.column and c.column != c.heading}

    @property
    def kept(self) -> list[str]:
        """Headings the schema does not know, kept under their own name."""
        return list(dict.fromkeys(c.column for s in self.sheets for c in s.columns if c.kept and c.column))

    @property
    def ignored(self) -> list[str]:
        """Headings that are left out, and columns without one."""
        return [c.heading for s in self.sheets for c in s.columns if not c.column] + [
            f"第{at}列（没有标题）" for s in self.sheets for at in s.nameless
        ]

    def __str__(self) -> str:
        lines = [self._first()]
        for sheet in self.sheets:
            if len(self.sheets) > 1 or sheet.provider != "通用" or self.dry_run:
                lines.append(f"{sheet.sheet}：{sheet.rows}行，按{sheet.provider}的标题读。")
            lines += [f"  {column}" for column in sheet.columns] if self.dry_run else []
            lines += [f"跳过：{why}。" for why in sheet.left_out]
            lines += [f"当作空的：{cell}。" for cell in sheet.odd[:_MOST]]
            if len(sheet.odd) > _MOST:
                lines.append(f"当作空的一共{len(sheet.odd)}处。")
        if not self.dry_run:
            lines += self._columns()
        if any(part != USUAL for part in self.slices):
            lines.append(
                "各报告期的行数：" + "，".join(f"{part}{n}行" for part, n in sorted(self.slices.items(), key=str))
            )
        return "\n".join(lines)

    def _first(self) -> str:
        if self.dry_run:
            return f"试读{self.rows}行（--dry-run，什么都没有写）：导入后表里会有{self.total}行，其中新的{self.new}行。"
        more = f"新增{self.new}行" + (f"，与表里已有的行合并{self.added_to}行" if self.added_to else "")
        return f"导入{self.rows}行（{more}，表里现在有{self.total}行）。"

    def _columns(self) -> list[str]:
        lines = []
        if self.mapped:
            lines.append("按别名对应：" + "、".join(f"{a}→{b}" for a, b in self.mapped.items()))
        ratios = [c for s in self.sheets for c in s.columns if c.unit.startswith("百分点")]
        if ratios:
            names = "、".join(dict.fromkeys(c.column for c in ratios))
            lines.append(f"当作百分点、除以100存成小数：{names}")
        scaled = [c for s in self.sheets for c in s.columns if "换算成" in c.unit]
        if scaled:
            lines.append("换算了单位：" + "、".join(f"{c.heading}→{c.column}" for c in scaled))
        if self.kept:
            lines.append("按原名保留（字段表里没有）：" + "、".join(self.kept))
        if self.ignored:
            lines.append("忽略：" + "、".join(self.ignored))
        return lines
