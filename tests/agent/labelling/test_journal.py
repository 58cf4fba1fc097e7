"""Lines are whole or not there, whoever is killed, however full the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import CaibaoError
from agent.labelling import journal
from agent.model import ROOT

WRITER = """
import sys
from pathlib import Path
from agent.labelling import journal
for number in range(int(sys.argv[3])):
    journal.append(Path(sys.argv[1]), [{"by": sys.argv[2], "number": number, "text": "某公司" * 200}])
    print(number, flush=True)
"""


def writer(path: Path, name: str, lines: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(lines)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_what_was_added_is_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log" / "a.jsonl"
    journal.append(path, [{"n": 1}, {"n": 2}])
    journal.append(path, [{"n": 3, "text": "净利润\n换行"}])
    assert [row["n"] for row in journal.read_lines(path)] == [1, 2, 3]
    assert path.read_bytes().count(b"\n") == 3


def test_a_line_that_was_not_finished_is_left_out_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal.append(path, [{"n": 1}])
    with open(path, "ab") as file:
        file.write('{"n": 2, "text": "没写完'.encode())
    assert journal.read_lines(path) == [{"n": 1}]
    journal.append(path, [{"n": 3}])
    assert journal.read_lines(path) == [{"n": 1}, {"n": 3}]


def test_an_unfinished_line_longer_than_a_block_is_cut_off_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n": 1}\n' + b"x" * 200_000)
    journal.append(path, [{"n": 2}])
    assert journal.read_lines(path) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("damaged", [b'{"n": 1\n', b"[1]\n", b"\xff\xfe\xff\n", b'"text"\n'])
def test_a_damaged_line_is_named_and_nothing_is_changed(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n": 1}\n' + damaged + b'{"n": 3}\n')
    before = path.read_bytes()
    with pytest.raises(CaibaoError, match="第2行"):
        journal.read_lines(path)
    assert path.read_bytes() == before


def test_a_writer_that_is_killed_loses_no_line_that_it_had_finished(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    process = writer(path, "a", 100_000)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    rows = journal.read_lines(path)
    assert [row["number"] for row in rows][:50] == told and len(rows) >= 50
    journal.append(path, [{"by": "b", "number": -1}])
    assert journal.read_lines(path)[-1] == {"by": "b", "number": -1}


def test_two_writers_of_one_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    both = [writer(path, name, 100) for name in "ab"]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    rows = journal.read_lines(path)
    for name in "ab":
        assert [row["number"] for row in rows if row["by"] == name] == list(range(100))


def test_a_full_disk_is_one_sentence_and_the_lines_before_stay(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("这里不能挂载 tmpfs")
    try:
        path = disk / "a.jsonl"
        journal.append(path, [{"n": 1}])
        with pytest.raises(CaibaoError, match="磁盘满了") as told:
            journal.append(path, [{"n": 2, "text": "x" * 200_000}])
        assert "\n" not in str(told.value) and str(path) in str(told.value)
        assert journal.read_lines(path) == [{"n": 1}]
        journal.append(path, [{"n": 3}])  # room for this one there is
        assert journal.read_lines(path) == [{"n": 1}, {"n": 3}]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_only_one_process_does_the_same_at_a_time(tmp_path: Path) -> None:
    with journal.alone(tmp_path, "draft"):
        code = f"from pathlib import Path\nfrom agent.labelling import journal\nwith journal.alone(Path({str(tmp_path)!r}), 'draft'): pass"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode and "另一个进程正在" in done.stderr
    with journal.alone(tmp_path, "draft"):
        pass


def test_a_read_only_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CaibaoError, match="不能写入"):
        journal.append(tmp_path / "file" / "a.jsonl", [{"n": 1}])


def test_digests_depend_on_content_alone() -> None:
    assert journal.digest({"a": 1, "b": 2}) == journal.digest({"b": 2, "a": 1}) != journal.digest({"a": 2, "b": 1})
