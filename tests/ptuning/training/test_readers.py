import json

import pytest

from ptuning.errors import PtuningError
from ptuning.training.readers import read_rows

ROWS = [{"q": "甲，“乙”\n丙", "a": "1"}, {"q": "丁", "a": ""}]


def write(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def rows(path):
    return [row for _, row in read_rows(path)]


def test_array_lines_nested_object_and_csv_read_alike(tmp_path):
    array = json.dumps(ROWS, ensure_ascii=False, indent=2)
    lines = "\n".join(json.dumps(row) for row in ROWS)
    csv = 'q,a\n"甲，“乙”\n丙",1\n丁,\n'
    for name, text in (
        ("a.json", array), ("b.jsonl", lines), ("c.csv", csv), ("d.json", '{"version": 1, "data": ' + array + "}"), ("e.csv", "\ufeff" + csv),
    ):  # fmt: skip
        assert rows(write(tmp_path, name, text)) == ROWS, name


def test_places_count_from_one(tmp_path):
    assert [place for place, _ in read_rows(write(tmp_path, "a.json", "[{}, {}]"))] == ["第1项", "第2项"]
    assert [place for place, _ in read_rows(write(tmp_path, "b.jsonl", '{"a": 1}\n\n{"a": 2}'))] == ["第1行", "第3行"]
    assert [place for place, _ in read_rows(write(tmp_path, "c.csv", "a\n1\n2\n"))] == ["第2行", "第3行"]


def test_one_json_object_is_one_row(tmp_path):
    assert rows(write(tmp_path, "a.json", '{"q": "甲", "history": [["乙", "丙"]]}')) == [{"q": "甲", "history": [["乙", "丙"]]}]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", '[{"q": 1},\n {"q": }]', "第2行"),
        ("b.jsonl", '{"q": 1}\n{"q": \n', "第2行"),
        ("c.csv", "q,a\n1,2\n1,2,3\n", "第3行的列数与标题行的2列不同"),
        ("d.csv", "q,a\n1\n", "第2行的列数"),
        ("e.csv", 'q,a\n"1"x,2\n', "第2行不是合法的CSV"),
        ("f.jsonl", '{"a": 1}\n' + "[" * 100_000, "嵌套太深"),
    ],
)
def test_what_cannot_be_read_is_named_by_file_and_line(tmp_path, name, text, words):
    path = write(tmp_path, name, text)
    with pytest.raises(PtuningError) as caught:
        read_rows(path)
    assert words in str(caught.value) and str(path) in str(caught.value)


def test_another_encoding_is_named(tmp_path):
    (tmp_path / "a.csv").write_bytes("问题,答案\n甲,乙\n".encode("gb18030"))
    with pytest.raises(PtuningError, match="不是UTF-8编码"):
        read_rows(tmp_path / "a.csv")
