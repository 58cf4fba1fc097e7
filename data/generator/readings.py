"""Rows for the reader of statements: our wordings, varied, as {"text", "symbols"}; one file a pass, so that no pass is like another.

data/wordings holds texts with slots and their statements. Here years are numbered as agent.understanding numbers them, figures get a kind, words that
name a column become slots (mostly), names are exchanged for what no table holds (then the statement is NONE), conditions and
units are added, courtesies and typing habits too. A twelfth of the wordings is held out, by its text.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from agent.figures.said import FILE as SAID
from agent.statements.symbols import symbols_of, vocabulary
from agent.understanding.explained import KnownPairs
from data.generator import ROOT
from data.generator.template_statements import template_wordings
from data.generator.variations import Sayings, Variations, jsonl
from data.generator.wordings import WORDINGS, Wording, held_out, numbered, wordings

FINTRAIN = ROOT / "FinTrain" / "nl2sql" / "train.json"
PASSES, SEED = 8, 7
TEMPLATES = 2000  # of FinTrain's questions over many companies that a pass takes in besides the wordings
# What the marks of the reader's tokenizer begin like.
_BEGINNINGS = {
    "C": "公司",
    "Y": "2020年",
    "P": "杭州",
    "A": "5亿",
    "X": "20%",
    "K": "5",
    "S": "688",
    "N": "2",
}
_FIGURES = {"m": "营业收入", "h": "员工人数", "r": "毛利率", "s": "每股收益"}


def marks() -> dict[str, str]:
    """Further tokens of the reader → the text that each begins like."""
    found = {f"[{kind}{n}]": text for kind, text in _BEGINNINGS.items() for n in range(1, 7)}
    found |= {f"[M{n}{kind}]": text for n in range(1, 8) for kind, text in _FIGURES.items()}
    return found | {"[SEP]": "。"}


def rows(wordings: Sequence[Wording], seed: int, sayings: Sayings) -> Iterator[dict]:
    """One pass: every wording once, and a ninth as many sayings."""
    rng = random.Random(f"{SEED} {seed}")
    vary, known = Variations(rng, sayings), frozenset(vocabulary())
    made = [vary.row(wording) for wording in wordings] + [vary.saying() for _ in range(len(wordings) // 9)]
    for text, sql in made:
        symbols = symbols_of(sql)
        if known.issuperset(symbols):
            yield {"text": text, "symbols": symbols}


def write_readings(folder: Path, passes: int = PASSES) -> int:
    """Writes the folder that `python -m ptuning.reader --rows` takes, and pairs.txt; returns the number of wordings."""
    folder.mkdir(parents=True, exist_ok=True)
    sayings, every = Sayings(), list(wordings())
    kept = [wording for wording in every if held_out(wording.text)]
    taught = [wording for wording in every if not held_out(wording.text)]
    templates = [numbered(Wording(text, sql, source="FinTrain")) for text, sql in template_wordings(FINTRAIN)]
    for number in range(passes):
        some = random.Random(f"{SEED} templates {number}").sample(templates, TEMPLATES)
        _write(folder / f"train-{number:02}.jsonl", rows([*taught, *some], number, sayings))
    _write(folder / "heldout.jsonl", list(rows(kept, -1, sayings))[: len(kept)])
    (folder / "symbols.json").write_text(json.dumps(vocabulary(), ensure_ascii=False), encoding="utf-8")
    (folder / "marks.json").write_text(json.dumps(marks(), ensure_ascii=False), encoding="utf-8")
    known_pairs(every).save(folder / "pairs.txt")
    return len(every)


def known_pairs(every: Iterable[Wording]) -> KnownPairs:
    """What has been read: our wordings, sayings, and the questions of FinTrain, whose names are surrogates."""
    asked = (row["question"] for row in json.loads(FINTRAIN.read_text(encoding="utf-8")))
    asides = (row["aside"] for row in jsonl(WORDINGS / "asides.jsonl"))
    return KnownPairs.of([*(w.text for w in every), *(row["said"] for row in jsonl(SAID)), *asides, *asked])


def _write(path: Path, found: Iterable[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")
