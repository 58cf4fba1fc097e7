import json
import math
import shutil
import sys

import pytest
import torch

from agent.prompts import LABEL_WORDS, TASKS
from benchmarks import __main__ as command
from benchmarks import answering, growth, ways
from benchmarks.training import SHAPES
from ptuning.base.models import load_base
from ptuning.base.tokenizers.glm import GlmTokenizer
from ptuning.checkpoints import save_prefix
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder

SMALL = growth.Sizes(2, (1, 3), (1, 3), (20, 40), (("tiny", 1, 3, 1),), (1, 2), 4)


@pytest.fixture(scope="module")
def source(tiny_base_folder, tmp_path_factory):
    """The tiny base with a random prefix for each task."""
    folder = tmp_path_factory.mktemp("benchmarks") / "base"
    shutil.copytree(tiny_base_folder, folder)
    base = load_base(folder)
    torch.manual_seed(4)
    for task, length in zip(TASKS, (3, 9, 5)):
        encoder = PrefixEncoder(PrefixConfig.for_model(base.model, length), 2.0)
        save_prefix(folder / "prefix" / task, encoder, base.identity)
    return ways.Source(folder)


@pytest.fixture
def setup(source):
    return ways.Setup.load(source)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setitem(ways.LIMITS, "keywords", 6)
    monkeypatch.setitem(ways.LIMITS, "nl2sql", 12)
    monkeypatch.setitem(SHAPES, "tiny", (2, 32, 64, 4, 2, 430, True))


@pytest.fixture
def short_roles(monkeypatch):
    """The tiny base reads 512 tokens, and its tokenizer needs three for a character."""
    for task in TASKS:
        monkeypatch.setitem(ways.ROLES, task, ways.ROLES[task][:40])


def written(answers):
    """Without the class, which random weights write to no end and ours chooses."""
    return [{task: answer[task] for task in TASKS[1:]} for answer in answers]


def test_all_ways_end_and_their_figures_are_numbers(source, short_roles):
    results = answering.compare(source, answering.Plan(2, 3, 2, 1, 2, memory=False))
    assert set(results) == set(ways.WAYS)
    for way, found in results.items():
        assert found["questions_per_second"]["lowest"] > 0 and found["latency_p50_s"] <= found["latency_p95_s"]
        ratio = found["ours_is_faster"]
        assert 0 < ratio["lowest"] <= ratio["median"] <= ratio["highest"] < math.inf
        assert found["positions_per_question"] > 30
        assert (found["same_answers"] is None) == (way in answering.ROLE_PROMPTS)
    assert results["ours"]["ours_is_faster"] == {"median": 1, "lowest": 1, "highest": 1}
    assert answering.table(results, "").row_count == len(ways.WAYS)


@pytest.mark.parametrize("way", ["bare", "batched", "peft"])
def test_every_way_writes_what_ours_writes(setup, way):
    texts = answering.questions(5)
    assert written(ways.WAYS[way](setup)(texts)) == written(ways.ours(setup)(texts))


def test_behind_role_prompts_batches_and_engine_write_the_same(setup, short_roles):
    texts = answering.questions(3)
    answering.lengths(setup, texts)
    plain, engine = (ways.WAYS[way](setup)(texts) for way in ("batched_roles", "ours_roles"))
    for text, one, two in zip(texts, plain, engine):
        for task in ("keywords", "nl2sql"):  # a batch writes on to the end of its longest row
            assert len(two[task]) == setup.lengths[text][task] and one[task][: len(two[task])] == two[task]


@pytest.mark.parametrize("way", ["bare", "batched"])
def test_with_the_shipped_prefixes_the_classes_are_the_same_as_well(way):
    setup = ways.Setup.load(ways.Source())
    texts = answering.questions(2)
    answers = ways.ours(setup)(texts)
    assert ways.WAYS[way](setup)(texts) == answers
    assert answering.same(answers, answers, fixed=False) == 1
    assert all(setup.base.tokenizer.decode(answer["classify"]) in LABEL_WORDS.values() for answer in answers)


@pytest.mark.parametrize("way", ["resident", "reloaded"])
def test_behind_a_role_prompt_as_many_tokens_are_written_as_without(setup, way):
    texts = answering.questions(2)
    answering.lengths(setup, texts)
    for text, answer in zip(texts, ways.ours(setup)(texts)):
        assert setup.lengths[text]["nl2sql"] == min(len(answer["nl2sql"]) + 1, 12)
        setup.lengths[text] = {"classify": 3, "keywords": 2, "nl2sql": 5}
    assert [[len(answer[task]) for task in TASKS] for answer in ways.WAYS[way](setup)(texts)] == [[3, 2, 5]] * 2


def test_role_prompts_are_as_long_as_the_tutorials():
    tokenizer = GlmTokenizer.from_pretrained(ways.MINI)
    assert all(300 <= len(tokenizer.encode(role)) <= 400 for role in ways.ROLES.values())


def test_positions_are_those_of_prompts_and_of_written_tokens_that_are_read(setup):
    texts = answering.questions(2)
    read = sum(len(setup.prompt(task, text)) for task in TASKS for text in texts)
    for way in (ways.bare, ways.reloaded):  # the base and two more; one that is loaded in the middle
        role = way is ways.reloaded
        answering.lengths(setup, texts)
        ask = way(setup)
        setup.tally.positions = 0
        answers = ask(texts)
        more = sum(len(setup.prompt(t, text, role)) - len(setup.prompt(t, text)) for t in TASKS for text in texts)
        assert setup.tally.positions == read + more + sum(len(answer[task]) - 1 for answer in answers for task in TASKS)


def test_random_weights_write_answers_of_fixed_length_every_way(source):
    setup = ways.Setup.load(ways.Source(source.folder, "tiny"))
    texts = answering.questions(2)
    wanted = ways.ours(setup)(texts)
    for way in ("resident", "bare", "batched", "peft"):
        answers = ways.WAYS[way](setup)(texts)
        assert [len(answer[task]) for answer in answers for task in TASKS] == [4, 12, 48] * 2
        assert way == "resident" or answering.same(answers, wanted, fixed=True) == 1
    with pytest.raises(ValueError, match="随机权重"):
        ways.reloaded(setup)


def test_a_different_answer_lowers_the_share():
    answer: ways.Answer = {"classify": (1,), "keywords": (2,), "nl2sql": (3,)}
    other: ways.Answer = answer | {"nl2sql": (3, 4)}
    assert answering.same([answer, other], [answer, answer], fixed=False) == pytest.approx(5 / 6)
    assert answering.same([{**answer, "classify": ()}], [answer], fixed=True) == 1


def test_percentiles_are_numpys():
    numpy = pytest.importorskip("numpy")
    values = [0.3, 0.1, 0.25, 0.9, 0.4, 0.11, 0.2]
    assert answering.percentiles(values) == pytest.approx(tuple(numpy.percentile(values, [50, 95])))
    assert answering.percentiles([0.5]) == (0.5, 0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_peak_is_what_a_way_takes_above_a_loaded_base(source, monkeypatch):
    def greedy(setup):
        return lambda texts: [bytearray(64 * 2**20) and {} for _ in texts]

    monkeypatch.setitem(ways.WAYS, "greedy", greedy)
    assert 60 < answering.peak("greedy", source, answering.questions(2)) < 160


def test_growth_tables_have_a_row_for_each_size(setup, monkeypatch):
    monkeypatch.setattr(growth, "copy_bandwidth", lambda device: 1e10)
    sizes = {"slots": 2, "prefixes": 2, "prompts": 2, "shapes": 1, "bandwidth": 2}
    found = {name: growth.measure(name, setup, SMALL) for name in growth.TABLES}
    assert {name: len(rows) for name, rows in found.items()} == sizes
    assert all(growth.table(name, rows).row_count == sizes[name] for name, rows in found.items())
    assert found["prefixes"][0]["relative_to_one"]["median"] == 1
    assert found["shapes"][0]["resident"]["ours_is_faster"]["median"] > 0
    assert json.dumps(found)


def test_the_command_writes_what_it_shows(source, tmp_path, capsys):
    output = tmp_path / "new" / "figures.json"
    options = ["--model", str(source.folder), "--only", "prompts", "--quick", "--output", str(output)]
    assert command.main(options) == 0
    figures = json.loads(output.read_text(encoding="utf-8"))
    assert [row["prompt_tokens"] for row in figures["prompts"]] == [32, 256]
    assert figures["machine"]["threads"] >= 1 and str(output) in capsys.readouterr().out.replace("\n", "")
