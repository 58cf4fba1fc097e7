"""Adding files: each whole or not at all, none takes the others along."""

from __future__ import annotations

import time
import zlib
from pathlib import Path

import pytest

from agent.reports import ingest
from agent.reports.ingest import Added, Limits, add
from agent.reports.store import About, Store
from tests.agent.reports import made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "reports.sqlite3", writing=True)


_LIMITS = Limits(jobs=2)


def added(store: Store, *paths: Path, limits: Limits = _LIMITS) -> tuple[Added, dict[str, About | str]]:
    told: dict[str, About | str] = {}
    done = add(paths, store, limits, lambda path, what: told.update({path.name: what}))
    return done, told


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_bad_files_get_a_sentence_each_and_the_others_go_on(store: Store, tmp_path: Path) -> None:
    good = made.pdf(tmp_path / "good.pdf", made.annual())
    content = good.read_bytes()
    bad = [
        write(tmp_path / "empty.pdf", b""),
        write(tmp_path / "cut.pdf", content[: len(content) // 2]),
        write(tmp_path / "picture.pdf", b"\x89PNG\r\n\x1a\n" + b"\x00" * 99),
        write(tmp_path / "words.txt", ("只是一段话。" * 100).encode()),
        tmp_path / "none.pdf",
    ]
    done, told = added(store, *bad[:3], good, *bad[3:])
    assert [about.file for about in done.reports] == ["good.pdf"]
    assert len(done.bad) == len(bad)
    for path in bad:
        said = told[path.name]
        assert isinstance(said, str) and path.name in said and "\n" not in said
    assert len(store.documents()) == 1


def test_figures_and_words_are_both_stored(store: Store, tmp_path: Path) -> None:
    added(store, made.pdf(tmp_path / "a.pdf", made.annual()))
    (number, about), *_ = store.documents()
    assert about.company == "云杉机械股份有限公司"
    assert any(cell.item == "货币资金" and cell.value == "1200.5" for cell in store.cells(number))
    assert store.connection.execute("SELECT COUNT(*) FROM passages WHERE document = ?", (number,)).fetchone()[0]


def test_the_same_file_again_is_known(store: Store, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", made.annual())
    added(store, path)
    done, told = added(store, path)
    assert done.known == [path] and not done.reports
    assert "已在" in str(told["a.pdf"])


def test_a_company_s_report_of_one_year_replaces_the_one_before(store: Store, tmp_path: Path) -> None:
    added(store, made.pdf(tmp_path / "a.pdf", made.annual()))
    added(store, made.html(tmp_path / "b.html", made.annual()))
    assert [about.file for _, about in store.documents()] == ["b.html"]
    counted = store.connection.execute("SELECT COUNT(DISTINCT document) FROM cells").fetchone()[0]
    assert counted == 1


def test_a_file_that_takes_too_long_is_given_up(store: Store, tmp_path: Path) -> None:
    path = made.pdf(tmp_path / "a.pdf", made.annual())
    begin = time.monotonic()
    done, _ = added(store, path, limits=Limits(seconds=0))
    assert time.monotonic() - begin < 60
    assert not done.reports and not store.documents()
    assert "没有加入" in done.bad[0]


def test_a_bomb_of_nested_objects(store: Store, tmp_path: Path) -> None:
    """A page tree that is its own child, and a content stream that grows a thousandfold."""
    stream = zlib.compress(b"q 1 0 0 1 0 0 cm " * 2_000_000, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 100000>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n" % len(stream) + stream + b"\nendstream",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj" % number + content + b"endobj\n"
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    end = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n" % len(body) + b"%%EOF"
    path = write(tmp_path / "bomb.pdf", body + table + end)
    done, _ = added(store, path, limits=Limits(seconds=60))
    assert len(done.bad) == 1 and "bomb.pdf" in done.bad[0]
    assert not store.documents()


def test_nothing_is_written_where_the_words_cannot_be(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no words")

    monkeypatch.setattr(ingest.index, "put", broken)
    with pytest.raises(RuntimeError):
        added(store, made.pdf(tmp_path / "a.pdf", made.annual()))
    assert not store.documents()
