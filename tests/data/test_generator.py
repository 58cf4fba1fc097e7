"""The generator's rows are what the agent renders, its splits share no wording, its accounts add up."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from agent import prompts
from agent.figures import schema
from agent.model import ROOT
from agent.reading.entities import Linker
from agent.table.sql_guard import check
from data.generator import corpus, families, lexicon, render, samples, table, tasks
from data.generator.slots import World


@pytest.fixture(scope="module")
def table_rows() -> list[table.Row]:
    return table.rows(companies=60)


def test_every_family_is_of_one_file_and_has_wordings_of_its_own() -> None:
    named = [name for file in families.FILES for name in file.FAMILIES]
    assert len(named) == len(set(named)) and set(named) == set(families.FAMILIES)
    assert all(len(set(family.wordings)) == len(family.wordings) > 3 for family in families.FAMILIES.values())


def test_every_wording_fills_exactly_the_slots_of_its_family() -> None:
    rng = random.Random(5)
    for family, templates in samples.wordings().items():
        for number in range(len(templates)):
            question = samples.make(rng, family, number, World(), typos=0).entities.text
            assert "{" not in question and "|" not in question, (family, templates[number])


def test_no_wording_is_in_two_splits() -> None:
    for family in samples.wordings():
        chosen = [set(parts.get(family, ())) for parts in samples.splits().values()]
        assert sum(map(len, chosen)) == len(set.union(*chosen)) == len(samples.wordings()[family])


def test_the_test_split_holds_whole_families_that_training_never_saw() -> None:
    unseen = set(samples.splits()["test"]) - set(samples.splits()["train"])
    assert unseen == samples.TEST_ONLY and unseen


def test_the_corpus_uses_training_wordings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[tuple[str, int]] = set()
    original = samples.make

    def recording(rng: random.Random, family: str, template: int, *rest: object, **named: object) -> samples.Sample:
        used.add((family, template))
        return original(rng, family, template, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(samples, "make", recording)
    monkeypatch.setattr(corpus, "make", recording)
    list(corpus.documents(1, 3000))
    assert used and all(number in samples.splits()["train"].get(family, ()) for family, number in used)


def test_the_corpus_never_shows_a_task_prompt() -> None:
    tails = [prompts.render(task, "") for task in prompts.TASKS]
    assert not any(doc["context"].endswith(tail) for doc in corpus.documents(2, 3000) for tail in tails)


@pytest.mark.parametrize("task", prompts.TASKS)
@pytest.mark.parametrize("split", samples.SPLITS)
def test_shipped_rows_hold_the_prompt_that_the_agent_renders(task: str, split: str) -> None:
    rows = json.loads((ROOT / "FinTrain" / task / f"{split}.json").read_text(encoding="utf-8"))
    more = (task, split) == ("nl2sql", "train")
    assert len(rows) == (tasks.SQL_ROWS if more else tasks.SIZES[split])
    assert all(row["question_prompt"] == prompts.render(task, row["question"]) for row in rows)
    assert {"id", "question_prompt", "question", "query"} <= set(rows[0])


@pytest.mark.parametrize("task", prompts.TASKS)
def test_no_question_is_in_two_splits(task: str) -> None:
    seen: set[str] = set()
    for split in samples.SPLITS:
        questions = {
            row["question"]
            for row in json.loads((ROOT / "FinTrain" / task / f"{split}.json").read_text(encoding="utf-8"))
        }
        assert not questions & seen
        seen |= questions


def test_no_held_out_question_stands_in_the_corpus() -> None:
    seen = corpus.questions(size=30_000)
    for task in prompts.TASKS:
        for split in ("validation", "test"):
            rows = json.loads((ROOT / "FinTrain" / task / f"{split}.json").read_text(encoding="utf-8"))
            assert not [row["question"] for row in rows if corpus.bare(row["question"]) in seen]


def test_the_same_seed_writes_the_same_rows() -> None:
    assert (
        tasks.rows("classify", "validation", 3)
        == tasks.rows("classify", "validation", 3)
        != tasks.rows("classify", "validation", 4)
    )


def test_every_generated_statement_passes_the_guard() -> None:
    rng = random.Random(9)
    structured = [family for family in samples.wordings() if family not in samples.OPEN]
    for family in structured:
        for number in range(0, len(samples.wordings()[family]), 5):
            sample = samples.make(rng, family, number, World())
            assert sample.masked and sample.sql
            check(sample.sql, {*sample.masked.columns, *schema.columns()})


def test_the_linker_finds_what_the_generator_put_into_a_question() -> None:
    rng = random.Random(3)
    names = [lexicon.company(rng) for _ in range(150)]
    world = World(companies=names)
    linker = Linker([(n.full, n.short, "") for n in names])
    agreed = total = 0
    for sample, _ in zip(
        samples.stream(rng, "test", world, [f for f in samples.wordings() if f not in samples.OPEN]), range(400)
    ):
        found = linker.link(sample.question, 2021)
        for kind in ("year", "place", "amount", "top", "kth"):
            total += 1
            agreed += [m.value for m in found.of(kind)] == [m.value for m in sample.entities.of(kind)]  # type: ignore[arg-type]
    assert agreed / total > 0.99


def test_slots_and_alternatives_are_settled() -> None:
    pieces = render.fill(
        render.choose(random.Random(1), "(请|)看{year}的{field}"),
        {"year": [render.Piece("2020年", "year", (2020,))], "field": [render.Piece("净利", "column", "净利润")]},
    )
    entities, columns = render.locate(pieces)
    assert entities.text.endswith("看2020年的净利") and entities.years == (2020,)
    assert columns[0].column == "净利润" and entities.text[columns[0].start : columns[0].end] == "净利"


def test_assets_are_liabilities_and_equity(table_rows: list[table.Row]) -> None:
    def value(row: table.Row, name: str) -> int | None:
        return row[name]  # type: ignore[return-value]

    checked = 0
    for row in table_rows:
        for total, parts in (
            ("资产总计", ("流动资产合计", "非流动资产合计")),
            ("资产总计", ("负债合计", "所有者权益合计")),
            ("负债合计", ("流动负债合计", "非流动负债合计")),
            ("期末现金及现金等价物余额", ("期初现金及现金等价物余额", "现金及现金等价物净增加额")),
        ):
            numbers = [value(row, name) for name in (total, *parts)]
            if None not in numbers:
                checked += 1
                assert numbers[0] == sum(numbers[1:]), (row["公司全称"], total)  # type: ignore[arg-type]
    assert checked > 500


def test_profit_before_tax_less_tax_is_net_profit(table_rows: list[table.Row]) -> None:
    rows = [row for row in table_rows if row["利润总额"] is not None and row["所得税费用"] is not None]
    assert rows and all(row["利润总额"] - row["所得税费用"] == row["净利润"] for row in rows)  # type: ignore[operator]


def test_cash_at_the_end_is_cash_at_the_next_beginning(table_rows: list[table.Row]) -> None:
    by_key = {(row["公司全称"], row["年份"]): row for row in table_rows}
    pairs = [(row, by_key.get((row["公司全称"], int(str(row["年份"])) + 1))) for row in table_rows]
    both = [(a["期末现金及现金等价物余额"], b["期初现金及现金等价物余额"]) for a, b in pairs if b]
    assert all(a == b for a, b in both if a is not None and b is not None) and len(both) > 80


def test_the_shipped_table_is_what_the_recipe_writes(tmp_path: Path) -> None:
    table.write(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == (ROOT / "data" / "company_table.csv").read_bytes()


def test_sample_names_are_marked_as_fictional() -> None:
    text = (ROOT / "data" / "company_table.csv").read_text(encoding="utf-8")
    assert ".example" in text.splitlines()[1]
