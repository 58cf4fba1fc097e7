"""Writes everything that is generated: python -m data.generator {all|table|tasks|questions|corpus|readings} [--seed N]

table      data/company_table.csv, fictional companies 2019-2021
tasks      FinTrain/{classify,keywords,nl2sql}/{train,validation,test}.json
questions  data/test_questions.json and data/test_answers.jsonl (gold)
corpus     output/corpus, the text for python -m ptuning.pretrain (not part of all: it is large)
readings   output/readings, wordings and their statements for python -m ptuning.reader (not part of all either)
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from data.generator import ROOT, corpus, table, tasks


def _questions(out: Path, seed: int) -> int:
    """Imports the table into a database of its own and asks about that."""
    from agent.table.database import Database
    from agent.table.importer import import_table
    from data.generator import questions

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/sample.sqlite3"
        import_table(out / "data" / "company_table.csv", url)
        return questions.write(out / "data", Database(url), seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("all", "table", "tasks", "questions", "corpus", "readings"))
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--documents", type=int, default=corpus.DOCUMENTS, help="corpus: 文档数")
    parser.add_argument("--output", type=Path, default=ROOT, help="写到哪个文件夹(默认为项目)")
    options = parser.parse_args()
    out: Path = options.output
    (out / "data").mkdir(parents=True, exist_ok=True)
    if options.what in ("all", "table"):
        print("company_table.csv:", table.write(out / "data" / "company_table.csv", options.seed), "行")
    if options.what in ("all", "tasks"):
        print("FinTrain:", tasks.write(out / "FinTrain", options.seed))
    if options.what in ("all", "questions"):
        print("test_questions.json:", _questions(out, options.seed), "题")
    if options.what == "corpus":
        corpus.write(out / "output" / "corpus", options.documents, seed=options.seed)
        print("语料写到", out / "output" / "corpus")
    if options.what == "readings":
        from data.generator import readings

        print("readings:", readings.write_readings(out / "output" / "readings"), "句")


if __name__ == "__main__":
    main()
