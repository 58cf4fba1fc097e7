"""Files: what they are is told by their bytes; bad ones get one sentence."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from agent.errors import CaibaoError
from agent.reports.document import read
from tests.agent.reports import made


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    return made.pdf(tmp_path / "whole.pdf", made.annual()).read_bytes()


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(CaibaoError) as error:
        read(path)
    said = str(error.value)
    assert path.name in said and "\n" not in said
    return said


def test_an_empty_file(tmp_path: Path) -> None:
    assert "0字节" in refused(tmp_path / "a.pdf", b"")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(CaibaoError, match="不存在"):
        read(tmp_path / "none.pdf")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_pdf(tmp_path: Path, whole: bytes, share: float) -> None:
    assert "不完整" in refused(tmp_path / "a.pdf", whole[: int(len(whole) * share) - 8])


def test_a_pdf_of_which_only_head_and_end_are_left(tmp_path: Path, whole: bytes) -> None:
    refused(tmp_path / "a.pdf", whole[:200] + whole[-200:])


def test_a_picture_called_pdf(tmp_path: Path) -> None:
    assert "扩展名" in refused(tmp_path / "a.pdf", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 600)


def test_a_pdf_called_txt_is_a_pdf(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(whole)
    assert read(path).kind == "pdf"


def test_an_encrypted_pdf(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption("secret", ownerPassword="owner"))
    canvas.drawString(50, 500, "locked")
    canvas.save()
    with pytest.raises(CaibaoError, match="密码"):
        read(path)


def test_pages_without_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "picture.pdf"
    canvas = Canvas(str(path))
    for _ in range(2):
        canvas.rect(50, 50, 200, 200, fill=1)
        canvas.showPage()
    canvas.save()
    assert read(path).pictures == (1, 2)


def test_json_lines_that_are_none(tmp_path: Path) -> None:
    said = refused(tmp_path / "a.txt", '{"page": 1, "type": "text", "inside": "好"}\n[1]\n'.encode())
    assert "第2行" in said


def test_json_lines_without_a_page(tmp_path: Path) -> None:
    assert "页码" in refused(tmp_path / "a.txt", '{"inside": "好"}\n'.encode())


def test_a_row_of_json_lines_is_never_run(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('{"page": 1, "type": "excel", "inside": "[__import__(\'os\').getcwd()]"}', encoding="utf-8")
    assert read(path).pages[0].lines[0].cells == ("[__import__('os').getcwd()]",)


def test_pages_of_text_by_running_head(tmp_path: Path) -> None:
    document = read(made.text(tmp_path / "a.txt", made.annual()))
    assert [page.number for page in document.pages] == list(range(1, len(document.pages) + 1))
    assert document.pages[0].lines[0].kind == "head"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_of_text(tmp_path: Path, encoding: str) -> None:
    document = read(made.text(tmp_path / "a.txt", made.annual(), encoding))
    assert "云杉机械股份有限公司" in document.pages[0].text


def test_merged_cells_of_html_are_written_out(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    table = "<tr><td rowspan=2>项目</td><td colspan=2>期末</td></tr><tr><td>合并</td><td>母公司</td></tr>"
    path.write_text(f"<html><table>{table}</table><script>x</script></html>", encoding="utf-8")
    rows = [line.cells for line in read(path).pages[0].lines]
    assert rows == [("项目", "期末", "期末"), ("项目", "合并", "母公司")]


def test_html_of_any_depth(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<html>" + "<div>" * 5000 + "深" + "</div>" * 5000, encoding="utf-8")
    try:
        assert "深" in read(path).pages[0].text
    except CaibaoError as error:
        assert path.name in str(error)


def test_mutated_pdfs_never_crash(tmp_path: Path, whole: bytes) -> None:
    """Each is read, or refused with a sentence."""
    chance = random.Random(5)
    path = tmp_path / "a.pdf"
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 5, 50))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            document = read(path)
            assert document.layout is None or document.layout(1)
        except CaibaoError as error:
            assert path.name in str(error)
