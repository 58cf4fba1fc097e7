import gzip
import tracemalloc
from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.table import table_file
from agent.table.importer import import_table


def written(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_a_character_cut_in_two_by_a_chunk_is_one_character(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, size: int
) -> None:
    monkeypatch.setattr(table_file, "_CHUNK", size)
    path = written(tmp_path / "t.csv", "公司全称,𠮷\n甲,🍣\n".encode(encoding))
    assert list(table_file.Sheet(path).lines()) == [(1, ["公司全称", "𠮷"]), (2, ["甲", "🍣"])]


@pytest.mark.parametrize("size", [1, 3, 4, 1000])
def test_the_place_of_a_wrong_byte_is_counted_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(table_file, "_CHUNK", size)
    path = written(tmp_path / "t.csv", "甲乙丙".encode("gb18030") + b"\xff\xff")
    with pytest.raises(CaibaoError, match="第6字节"):
        list(table_file.Sheet(path).lines())


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv.gz", gzip.compress(b'a,b\n"1\n2",x\n\n3,4\n'))
    assert list(table_file.Sheet(path).lines()) == [(1, ["a", "b"]), (2, ["1\n2", "x"]), (4, []), (5, ["3", "4"])]


def test_the_memory_of_an_import_does_not_grow_with_the_file(tmp_path: Path) -> None:
    import_table(
        written(tmp_path / "small.csv", "公司全称,年份,净利润\n甲,2020,1\n".encode()), f"sqlite:///{tmp_path / 's'}"
    )

    def peak(rows: int) -> int:
        body = "".join(f"公司{i % 400},{1950 + i // 400},{i}.25,{'地址' * 40}\n" for i in range(rows))
        path = written(tmp_path / f"{rows}.csv", f"公司全称,年份,净利润,注册地址\n{body}".encode())
        del body
        tracemalloc.start()
        import_table(path, f"sqlite:///{tmp_path / f'{rows}.sqlite3'}")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(20_000) < 1.3 * peak(5_000)
