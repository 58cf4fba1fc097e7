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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["rows.json", "rows.csv"])
def test_the_encodings_in_which_chinese_files_come_read_alike(tmp_path, encoding, name):
    text = {"rows.json": '{"q": "存货周转", "a": "三百万元"}\n', "rows.csv": "q,a\n存货周转,三百万元\n"}[name]
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert rows(tmp_path / name) == [{"q": "存货周转", "a": "三百万元"}]


@pytest.mark.parametrize(
    "raw",
    [
        '{"q": "存货周转天数和商誉"}'.encode()[:-4] + b'"}',  # UTF-8 with half a character
        '{"q": "存貨週轉天數與商譽減損測試"}'.encode("big5"),
        b'{"q": "\xff\xff"}',
        "存货".encode("utf-16")[:-1],
    ],
)
def test_damage_and_other_encodings_are_not_taken_for_gbk(tmp_path, raw):
    (tmp_path / "a.json").write_bytes(raw)
    with pytest.raises(PtuningError, match=r"a\.json 不是UTF-8、UTF-16或GBK编码的文字（第\d+字节处）"):
        read_rows(tmp_path / "a.json")


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "q": "甲",\n  "a": "}{,"\n}\n{\n  "q": "乙",\n  "a": "丁"\n}\n',
        '{"q": "甲", "a": "}{,"},\n{"q": "乙", "a": "丁"},\n',
        '{"q": "甲", "a": "}{,"} {"q": "乙", "a": "丁"}',
        '[{"q": "甲", "a": "}{,"},\n{"q": "乙", "a": "丁"},\n]\n',
        '[{"q": "甲", "a": "}{,"}\n{"q": "乙", "a": "丁"}]',
    ],
    ids=["pretty", "commas", "one line", "array with a comma too many", "array with a comma too few"],
)
def test_objects_not_one_a_line_are_read_where_they_can_be(tmp_path, text):
    assert rows(write(tmp_path, "a.json", text)) == [{"q": "甲", "a": "}{,"}, {"q": "乙", "a": "丁"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n  "q": "甲",\n}\n{"q": "乙"}', ("第1行", "每行一个对象")),
        ('{"q": "甲",}\n{"q": "乙"}', ("第1行结尾多了一个逗号", "每行一个对象")),
        ('[{"q": "甲"},,{"q": "乙"}]', ("第1行多了一个逗号", "每行一个对象")),
        ("{'q': '甲'}", ("第1行不是合法的JSON", "每行一个对象")),
        ('{"q": "甲"} 乙', ("第1行", "每行一个对象")),
        ('[{"q": "甲"},\n{"q": "乙"}', ("第2行", "每行一个对象")),
    ],
)
def test_what_cannot_be_read_says_how_rows_are_written(tmp_path, text, words):
    path = write(tmp_path, "a.json", text)
    with pytest.raises(PtuningError) as caught:
        read_rows(path)
    assert all(word in str(caught.value) for word in (str(path), *words)) and "Expecting" not in str(caught.value)


def test_an_object_that_is_a_row_is_not_opened(tmp_path):
    path = write(tmp_path, "a.json", '{"q": "甲", "tags": [{"k": 1}, {"k": 2}]}')
    assert rows(path) == [{"k": 1}, {"k": 2}]
    assert read_rows(path, lambda row: "q" in row) == [("第1行", {"q": "甲", "tags": [{"k": 1}, {"k": 2}]})]


def test_tabs_between_cells_are_told_by_the_heading(tmp_path):
    assert rows(write(tmp_path, "a.csv", "q\ta\n甲，乙\t1,5\n")) == [{"q": "甲，乙", "a": "1,5"}]
