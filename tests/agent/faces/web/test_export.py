"""Files of answers: nothing in them is a formula, a tag, or another column; figures stay figures."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from agent.faces.web.export import chat_markdown, chat_xlsx, table_csv, table_xlsx
from agent.faces.web.store import Turn

EVIL = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", '=HYPERLINK("http://x")']
TABLE = {
    "columns": ["公司全称", "=值"],
    "rows": [[text, "-1234567.5"] for text in EVIL] + [["甲", "12345678901234567890.12"], ["乙", None]],
    "figures": [[False, True]] * (len(EVIL) + 2),
    "total": len(EVIL) + 2,
    "cut": False,
}


def told(**more: object) -> dict:
    row = {
        "answer": "是1元",
        "plain": "是1元",
        "kind": "answer",
        "resolved": "",
        "sure": 0.9,
        "readings": [],
        "steps": [],
    }
    row |= {
        "sql": "SELECT 1",
        "parameters": {},
        "table": TABLE,
        "sources": [],
        "formulas": [],
        "notes": [],
        "chart": None,
        "seconds": 0.1,
    }
    return row | more


def test_no_text_of_a_csv_begins_as_a_formula_does() -> None:
    raw = table_csv(TABLE)
    assert raw.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["公司全称", "'=值"] and [row[0] for row in rows[1:-2]] == [f"'{text}" for text in EVIL]
    assert {row[1] for row in rows[1:-2]} == {"-1234567.5"} and rows[-1] == ["乙", ""]


def test_no_cell_of_an_xlsx_is_a_formula_and_figures_are_numbers_where_they_are_exact() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(table_xlsx(TABLE))).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type in ("s", "n") for cell in cells)
    assert sheet["B2"].value == -1234567.5 and sheet["A2"].value == "=1+1"
    assert sheet.cell(len(EVIL) + 2, 2).value == "12345678901234567890.12"


def test_an_xlsx_of_a_chat_takes_any_text() -> None:
    turns = [Turn(1, "=1\x00\x07", "x", None, told(answer="=2", sql="=3", parameters={"p": "=4\x1f"}), 0.0)]
    turns.append(Turn(2, "还没有", "x", None, None, 0.0))
    book = openpyxl.load_workbook(io.BytesIO(chat_xlsx("题\x00目" * 50, turns)))
    assert book.sheetnames == ["对话", "依据1"]
    assert all(
        cell.data_type in ("s", "n") for sheet in book for row in sheet.iter_rows() for cell in row if cell.value
    )


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=y>", "[a](javascript:b)", "a|b\n|c", "# x\n# y", "```\n"]
)
def test_markdown_holds_texts_as_they_are(text: str) -> None:
    table = {**TABLE, "rows": [[text, "1"]], "figures": [[False, True]], "total": 1}
    turns = [
        Turn(
            1,
            text,
            text,
            None,
            told(answer=text, resolved=text, notes=[text], table=table, parameters={"p": text}),
            0.0,
        )
    ]
    written = chat_markdown(text, turns)
    prose = written[: written.index("\n```")]
    assert "<" not in prose and "](" not in prose.replace("\\]", "")
    assert sum(line.startswith("# ") for line in prose.splitlines()) == 1
    (row,) = [line for line in prose.splitlines() if line.endswith("| 1 |")]
    assert row.replace("\\|", "").count("|") == 3
    assert written.count("\n```") - written.count("\n````") in (0, 2)


def test_a_statement_cannot_end_its_block() -> None:
    written = chat_markdown("x", [Turn(1, "x", "x", None, told(sql="SELECT 1\n```\n# out", table=None), 0.0)])
    assert "````sql\n" in written and written.endswith("\n````\n")
