"""Pre-training on texts and then on answers: what is learnt, that nothing is cut, and what is refused."""

import json
import sys

import pytest
import torch

from ptuning import pretrain
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.training.own_text import OVERLAP, answered, packed, read_texts

SENTENCE = "春天的时候，河边的柳树先绿了。老人坐在桥头，看着水慢慢地流过去。"


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["pretrain", *map(str, arguments)])
    pretrain.main()


SMALL = ("--hidden_size", 32, "--layers", 1, "--vocab_size", 340, "--max_length", 16, "--tokens_per_step", 128, "--save_steps", 5, "--device", "cpu", "--bf16", "no")


def test_every_token_is_a_label_once_and_documents_end():
    windows = packed([[5, 6, 7], [8, 9]], end=2, length=2)
    assert [token for ids, start in windows for token in ids[start:]] == [6, 7, 2, 8, 9, 2]
    assert [ids[0] for ids, _ in windows] == [5, 7, 8]


def test_a_long_answer_becomes_windows_that_hold_each_token_once(tiny_tokenizer):
    pair = ("净利润是多少？", "营业收入和研发费用分别是多少元？" * 10)
    windows = answered(tiny_tokenizer, pair, 48, 7, split=True)
    prompt = tiny_tokenizer.encode(pair[0])
    answer = [*tiny_tokenizer.encode(pair[1], add_special_tokens=False), tiny_tokenizer.eos_token_id]
    assert len(windows) > 1 and [token for ids, start in windows for token in ids[start:]] == answer
    assert all(ids[: len(prompt)] == prompt and len(ids) <= 48 for ids, _ in windows)
    first = len(windows[0][0]) - len(prompt)
    assert windows[1][1] == len(prompt) + min(OVERLAP, first), "it repeats what was said last"
    with pytest.raises(PtuningError, match="第7条有.*--long_answers windows"):
        answered(tiny_tokenizer, pair, 48, 7, split=False)


def test_texts_are_learnt_and_then_answers(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(SENTENCE * 60, encoding="utf-8")
    run(monkeypatch, "--text", tmp_path / "a.txt", "--output", tmp_path / "base", "--max_steps", 20, *SMALL)
    log = [json.loads(line) for line in (tmp_path / "base" / "pretrain_log.jsonl").read_text().splitlines()]
    held = [entry["held_out_loss"] for entry in log if "held_out_loss" in entry]
    assert held[-1] < held[0]
    report = (tmp_path / "base" / "report.md").read_text(encoding="utf-8")
    assert "困惑度" in report and (tmp_path / "base" / "loss.png").stat().st_size > 1000
    before = load_base(tmp_path / "base")
    rows = [{"question": f"{'河桥水'[i % 3]}在哪里？", "answer": "河边。"} for i in range(40)]
    (tmp_path / "qa.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    run(monkeypatch, "--sft", tmp_path / "qa.jsonl", "--begin", tmp_path / "base", "--output", tmp_path / "chat", "--max_steps", 30, *SMALL)
    report = (tmp_path / "chat" / "report.md").read_text(encoding="utf-8")
    assert "ROUGE-L" in report and "| 之前 | 之后 |" in report and "最长的回答" in report
    after = load_base(tmp_path / "chat")
    assert any(not torch.equal(a, b) for a, b in zip(before.model.state_dict().values(), after.model.state_dict().values()))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("a.jsonl", '{"txt": "a"}', "没有文字的字段“text”"), ("a.txt", " \n", "没有文字"), ("none.txt", None, "不存在")],
)
def test_texts_that_are_none_are_refused(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(PtuningError, match=words):
        read_texts([str(tmp_path / name)])


def test_answers_need_a_model_and_rows(tmp_path, monkeypatch):
    (tmp_path / "qa.jsonl").write_text('{"question": "a", "answer": "b"}', encoding="utf-8")
    with pytest.raises(SystemExit, match="--begin"):
        run(monkeypatch, "--sft", tmp_path / "qa.jsonl", "--output", tmp_path / "x", *SMALL)
    (tmp_path / "a.txt").write_text("很短的文字。", encoding="utf-8")
    with pytest.raises(SystemExit, match="文字太少"):
        run(monkeypatch, "--text", tmp_path / "a.txt", "--output", tmp_path / "y", "--max_steps", 1, *SMALL)
