"""The seam to the language model, with the model that ships."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent import prompts
from agent.errors import CaibaoError
from agent.model import DEFAULT_BASE, DEFAULT_READER, ROOT, LoadingModel, PrefixTunedGlm, StatementReader, find_prefixes
from agent.writing.grammar import select_grammar

SHIPPED = DEFAULT_BASE / "prefix"


@pytest.fixture(scope="module")
def model() -> PrefixTunedGlm:
    return PrefixTunedGlm(DEFAULT_BASE, SHIPPED)


def test_the_shipped_prefixes_answer_all_three_tasks(model: PrefixTunedGlm) -> None:
    question = "2020年净利润大于100元的公司有几家?"
    scores = model.choose("classify", [question], tuple(prompts.LABEL_WORDS.values()))[0]
    assert scores.index(max(scores)) == prompts.LABELS.index("E")
    assert model.write("keywords", [question]) == ["净利润"]
    masked = "2020年货币资金大于100元的公司有几家?"  # it reads questions in which the column has been replaced
    assert (
        model.write("nl2sql", [masked] * 2)
        == ["SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100"] * 2
    )


def test_candidates_are_different_statements_of_the_grammar_in_order_with_what_write_gives_among_them(
    model: PrefixTunedGlm,
) -> None:
    text = "2020年货币资金大于100元的公司有几家?"
    grammar = select_grammar(["公司全称", "年份", "货币资金"], [], [], [100], [2020])
    greedy = model.write("nl2sql", [text], [grammar])[0]
    (alone,), several = (model.candidates("nl2sql", [text], [grammar], n)[0] for n in (1, 5))
    assert alone.text == greedy and alone.written_by == "model" and alone.margin > 0 > alone.logprob
    assert alone in several and 2 <= len(several) <= 5 and len({c.text for c in several}) == len(several)
    assert [c.logprob for c in several] == sorted((c.logprob for c in several), reverse=True)
    assert sum(math.exp(c.logprob) for c in several) <= 1.001
    assert all(c.text.startswith("SELECT ") and " WHERE " in c.text for c in several)


def test_a_question_that_no_base_can_read_is_one_sentence(model: PrefixTunedGlm) -> None:
    with pytest.raises(CaibaoError, match="词元"):
        model.write("keywords", ["净" * 20_000])
    with pytest.raises(CaibaoError, match="词元"):
        model.candidates("nl2sql", ["净" * 20_000], n=3)


def test_a_model_that_is_still_loading_answers_when_it_is_there(model: PrefixTunedGlm) -> None:
    there = threading.Event()

    def load() -> PrefixTunedGlm:
        there.wait(10)
        return model

    loading, answers = LoadingModel(load), []
    asking = threading.Thread(target=lambda: answers.extend(loading.write("keywords", ["2020年净利润是多少"])))
    asking.start()
    asking.join(0.05)
    assert not answers
    there.set()
    asking.join(10)
    assert answers == ["净利润"]
    assert loading.candidates("keywords", ["2020年净利润是多少"])[0][0].text == "净利润"


def test_the_reader_can_be_loaded_while_the_model_is_loading() -> None:
    """In a fresh interpreter: what is imported already cannot be imported by two threads at once."""
    program = """
import time
from agent.model import LoadingModel, PrefixTunedGlm, StatementReader
loading = LoadingModel(PrefixTunedGlm)
time.sleep(0.3)  # the other thread is at its imports
StatementReader()
print(*loading.write("keywords", ["2020年净利润是多少"]))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("净利润\n", 0), done.stderr


def test_what_goes_wrong_while_loading_is_told_to_the_one_who_asks(tmp_path: Path) -> None:
    loading = LoadingModel(lambda: PrefixTunedGlm(DEFAULT_BASE, tmp_path))
    for _ in range(2):
        with pytest.raises(CaibaoError, match="没有找到"):
            loading.choose("classify", ["甲"], ["乙"])


def test_prefixes_are_found_where_they_are_said_to_be(tmp_path: Path) -> None:
    assert find_prefixes(DEFAULT_BASE, SHIPPED) == SHIPPED
    with pytest.raises(CaibaoError, match=tmp_path.name):
        find_prefixes(DEFAULT_BASE, tmp_path)


def test_prefixes_that_train_sh_made_for_another_base_give_way_to_those_that_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.model.TRAINED", tmp_path)
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    assert find_prefixes(DEFAULT_BASE) == tmp_path
    for file in tmp_path.glob("*/prefix_config.json"):
        file.write_text(file.read_text(encoding="utf-8").replace("caibao-mini", "chatglm2-6b"), encoding="utf-8")
    assert find_prefixes(DEFAULT_BASE) == SHIPPED
    assert (
        find_prefixes(tmp_path / "chatglm2-6b") == find_prefixes(tmp_path / "third") == tmp_path
    )  # then loading says why


@pytest.mark.skipif(not DEFAULT_READER.exists(), reason="the reader is not here")
def test_the_shipped_reader_reads_a_figure_of_a_company_over_no_slots_but_its_own() -> None:
    reader = StatementReader()
    (found,) = reader.statements(["[C1][Y1]年[M1m]多少"], [frozenset({"C1", "M1", "@Y1", "@Y0"})])
    assert found[0].text == "SELECT M1@Y1 WHERE 公司=C1" and found[0].logprob <= found[0].lowest <= 0
    assert not [each for each in found if "C2" in each.text or "Y2" in each.text] and reader.statements([], []) == []


def test_a_folder_that_holds_no_reader_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CaibaoError, match="不是阅读模型的文件夹"):
        StatementReader(tmp_path)
