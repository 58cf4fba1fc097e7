"""Three tasks with labels, of our own: entities in questions and paraphrases of questions out of data/wordings, and the
sentiment of sentences about companies.

data/labelled/{entities,paraphrase,sentiment}/{train,validation,test}.jsonl. No wording stands in two splits, also not with
other names in it.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

from agent.figures.said import nouns
from data.generator import lexicon

WORDINGS = Path(__file__).resolve().parents[1] / "wordings"
SENTENCES = Path(__file__).with_name("sentiment.json")
SIZES = {"train": 1500, "validation": 300, "test": 500}
_SLOT = re.compile(r"\[([CYMPAXKSN])\d\]")
_SPOKEN = re.compile("(?!注册地址@)(?<![\u4e00-\u9fff])[\u4e00-\u9fff]+@")  # a column under its own name
TAGS = {"C": "COMPANY", "Y": "YEAR", "M": "FIGURE", "P": "PLACE", "A": "AMOUNT", "X": "PERCENT"}
SAME, OTHER = "同义", "不同义"
Row = dict[str, Any]


def split_of(text: str) -> str:
    """The split of a wording, by its text alone: a tenth for validation, a fifth for the test."""
    place = int(md5(text.encode()).hexdigest(), 16) % 10
    return {0: "validation", 1: "test", 2: "test"}.get(place, "train")


def wordings() -> list[tuple[str, str]]:
    """(text, statement) of every wording that stands alone, over slots that TAGS or numbers can fill."""
    found = {}
    for path in sorted(WORDINGS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            alone = "text" in row and "sql" in row and not row.get("before")
            if alone and "S1" not in row["text"] and not re.search(r"[\[\]]", _SLOT.sub("", row["text"])):
                found[row["text"]] = row["sql"]
    return list(found.items())


class Names:
    """What fills the slots of one question; a slot that comes twice is filled alike."""

    def __init__(self, rng: random.Random, figures: list[str]) -> None:
        self._rng, self._figures, self._known = rng, figures, dict[str, str]()
        self._before = rng.randint(2014, 2018)  # the year before the first

    def of(self, slot: str, kind: str) -> str:
        if slot not in self._known:
            self._known[slot] = self._new(kind, int(slot[2]))
        return self._known[slot]

    def _new(self, kind: str, number: int) -> str:
        rng = self._rng
        if kind == "C":
            name = lexicon.company(rng)
            return rng.choice((name.short, name.short, name.full))
        if kind == "Y":
            year = self._before + number
            return rng.choice((f"{year}年", f"{year}年", f"{year}年度", f"{year % 100}年"))
        if kind == "P":
            return rng.choice(lexicon.city(rng))
        if kind == "A":
            return f"{rng.choice((1, 2, 5, 8, 10, 30, 500))}{rng.choice(('亿', '亿元', '万元', '万', '千万'))}"
        if kind == "X":
            return f"{rng.choice((3, 5, 8, 10, 15, 20, 40))}%"
        return rng.choice(self._figures) if kind == "M" else str(rng.randint(2, 9))


def parts(text: str, names: Names) -> Iterator[tuple[str, str]]:
    """(piece of the filled text, its slot's kind or nothing)"""
    at = 0
    for match in _SLOT.finditer(text):
        yield text[at : match.start()], ""
        filled, at = names.of(match[0], match[1]), match.end()
        if match[1] == "Y" and text[at : at + 1] == "年":  # the wording says it
            filled = re.sub("年度?$", "", filled)
        yield filled, match[1]
    yield text[at:], ""


def entities(rng: random.Random, split: str, size: int) -> Iterator[Row]:
    """A character a token, IOB2 tags; of wordings in which every figure is a slot, so that none goes without its tag."""
    plain = [text for text, sql in wordings() if not _SPOKEN.search(sql) and _SLOT.search(text)]
    texts = [text for text in plain if split_of(text) == split]
    figures = sorted(nouns())
    for text in rng.sample(texts, min(size, len(texts))):
        tokens, tags = [], []
        for piece, kind in parts(text, Names(rng, figures)):
            piece, tag = piece.replace(" ", "").replace("\n", ""), TAGS.get(kind)
            tokens += list(piece)
            tags += [f"{'I' if n else 'B'}-{tag}" if tag else "O" for n in range(len(piece))]
        yield {"tokens": tokens, "tags": tags}


def paraphrases(rng: random.Random, split: str, size: int) -> Iterator[Row]:
    """Half with the same statement and the same names; the other half with the same names and another statement, one that
    shares most of its letters."""
    groups: dict[str, list[str]] = {}
    for text, sql in wordings():
        if split_of(text) == split:
            groups.setdefault(sql, []).append(text)
    several = sorted(sql for sql, texts in groups.items() if len(texts) > 1)
    statements, figures = sorted(groups), sorted(nouns())
    for number in range(size):
        sql = rng.choice(several)
        first, second = rng.sample(groups[sql], 2)
        if number % 2:
            near = sorted(
                (s for s in rng.sample(statements, min(60, len(statements))) if s != sql), key=lambda s: _apart(s, sql)
            )
            second = rng.choice(groups[near[0]])
        names = Names(rng, figures)
        one, two = ("".join(piece for piece, _ in parts(text, names)) for text in (first, second))
        if one != two:
            yield {"sentence1": one, "sentence2": two, "label": OTHER if number % 2 else SAME}


def _apart(one: str, two: str) -> int:
    """In how many words two statements differ."""
    return len(set(re.findall(r"\w+", one)) ^ set(re.findall(r"\w+", two)))


def sentiments(rng: random.Random, split: str, size: int) -> Iterator[Row]:
    """Frames of sentiment.json with a company, a figure, a year and numbers; a third each, and no frame in two splits."""
    frames: dict[str, list[str]] = json.loads(SENTENCES.read_text(encoding="utf-8"))
    figures = ["营业收入", "净利润", "订单", "毛利率", "出货量", "现金流", "海外收入", "市场份额"]
    for number in range(size):
        label = sorted(frames)[number % len(frames)]
        own = [
            frame
            for n, frame in enumerate(frames[label])
            if {0: "validation", 1: "test", 2: "test"}.get(n % 10, "train") == split
        ]
        frame = rng.choice(own)
        values = {
            "公司": lexicon.company(rng).short,
            "指标": rng.choice(figures),
            "年": f"{rng.randint(2016, 2023)}年",
            "数": str(rng.randint(2, 60)),
            "人": lexicon.person(rng),
        }
        yield {"sentence": frame.format(**values), "label": label}


MAKERS = {"entities": entities, "paraphrase": paraphrases, "sentiment": sentiments}


def write(folder: Path, seed: int = 7) -> dict[str, int]:
    """Writes {task}/{split}.jsonl; returns how many rows each holds."""
    counts = {}
    for task, make in MAKERS.items():
        for split, size in SIZES.items():
            rows = _different(make(random.Random(f"{seed} {task} {split}"), split, size))
            path = folder / task / f"{split}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            counts[f"{task}/{split}"] = len(rows)
    return counts


def _different(rows: Iterable[Row]) -> list[Row]:
    """Each row once."""
    return list({json.dumps(row, ensure_ascii=False): row for row in rows}.values())
