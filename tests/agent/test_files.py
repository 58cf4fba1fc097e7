"""Files that are written whole or not at all, and texts in the encodings they come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.files import read_text, replaced


def test_what_was_written_beside_takes_the_place_of_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.txt"
    for text in ("first", "second"):
        with replaced(path) as beside:
            beside.write_text(text, encoding="utf-8")
            assert beside.parent == path.parent and beside != path
        assert path.read_text(encoding="utf-8") == text
    assert list(path.parent.iterdir()) == [path]


def test_where_writing_fails_the_old_file_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(KeyError), replaced(path) as beside:
        beside.write_text("half", encoding="utf-8")
        raise KeyError
    assert path.read_text(encoding="utf-8") == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_is_read_in_its_own_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("净利润".encode(encoding))
    assert read_text(tmp_path / "a.txt") == "净利润"


@pytest.mark.parametrize(("content", "why"), [(None, "不存在"), (b"a\x00b", "空字符"), (b"a\xff\xff", "编码")])
def test_what_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(CaibaoError, match=why):
        read_text(tmp_path / "a.txt")
