"""What the original code of ChatGLM3 and GLM-4 computes (the oracle folders beside the checkout): nothing of it is copied here."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

import ptuning
from ptuning.base.tokenizers.glm import ChatGlm3Tokenizer
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from ptuning.base.tokenizers.messages import messages_of
from ptuning.training.dataset import PromptStyle, encode
from ptuning.training.examples import Columns, example_of
from tests.ptuning.base.families.test_chatglm import greedy

CASES = [  # folder, name of the numbers, prefix (None: the folder alone; False: the base without what it holds)
    ("chatglm3-tiny", "plain", None),
    ("chatglm3-tiny", "prefix", "checkpoint_prefix"),
    ("chatglm3-tiny", "prefix_projection", "checkpoint_prefix_projection"),
    ("chatglm3-finetuned", "finetuned", None),
    ("chatglm3-finetuned", "finetuned", "."),
    ("chatglm3-finetuned", "base", False),
    ("chatglm3-int4", "plain", None),
    ("glm4-tiny", "plain", None),
    ("glm4-tiny", "peft", "checkpoint_peft"),
]
TOKENS = ["chatglm3-tiny", "glm4-tokens"]
THIRD = ["chatglm3-tiny", "chatglm3-finetuned", "chatglm3-int4"]


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture(scope="module")
def oracle(shared_dir):
    folder = shared_dir / "oracle"
    if not (folder / "chatglm3-tiny").is_dir():
        pytest.skip(f"{folder} 里没有 ChatGLM3 和 GLM-4 的对照数据")
    return folder


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}")
def case(request, oracle):
    """(model, wanted numbers, their name)"""
    name, kind, prefix = request.param
    tuned = ptuning.load(oracle / name, oracle / name / prefix if prefix else None)
    if prefix is False:
        tuned.use_prefix(None)
    return tuned, load_file(oracle / name / "expected.safetensors"), kind


@pytest.mark.parametrize("number", range(3))
def test_logits_equal_those_of_the_original_code(case, number):
    tuned, expected, kind = case
    ids = expected[f"input_{number}"]
    with torch.inference_mode():
        logits = tuned.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -3:, expected["columns"]]
    torch.testing.assert_close(logits, expected[f"logits_{kind}_{number}"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("number", range(3))
def test_greedy_tokens_equal_those_of_the_original_code(case, number):
    tuned, expected, kind = case
    wanted = expected[f"greedy_{kind}_{number}"].tolist()
    rows, read = expected[f"input_{number}"], []
    for _ in wanted:  # the whole text anew for each: no cache of ours
        with torch.inference_mode():
            logits = tuned.model(input_ids=rows, attention_mask=torch.ones_like(rows)).logits[:, -1:]
        rows = torch.cat((rows, logits.argmax(-1)), 1)
        read.append(rows[0, -1].item())
    assert read == wanted
    if tuned.prefixes == []:
        assert greedy(tuned.base, None, expected[f"input_{number}"], len(wanted)) == wanted


@pytest.mark.parametrize("name", TOKENS)
def test_ids_of_texts_equal_those_of_the_original_code(oracle, name):
    tokenizer = glm_tokenizer(oracle / name)
    rows = lines(oracle / name / "tokens.jsonl")
    assert len(rows) > 200
    for row in rows:
        assert tokenizer.encode(row["text"], add_special_tokens=False) == row["ids"]
        assert tokenizer.decode(row["ids"]) == row["decoded"]


@pytest.mark.parametrize("name", [*TOKENS, "glm4-tiny"])
def test_ids_of_chats_equal_those_of_the_original_code(oracle, name):
    tokenizer = glm_tokenizer(oracle / name)
    rows = lines(oracle / name / "chats.jsonl")
    assert len(rows) >= 10
    for row in rows:
        history, role = row.get("messages", row.get("history")), row.get("role", "user")
        assert tokenizer.encode_chat(row["query"], history, role).ids == row["ids"]
        objects = [{"role": m.role, "content": m.content} for m in messages_of(history)]
        if "history" in row:
            assert tokenizer.encode_chat(row["query"], objects).ids == row["ids"]


def test_responses_of_chats_equal_those_of_the_original_code(oracle):
    tuned = ptuning.load(oracle / "chatglm3-tiny")
    for row in lines(oracle / "chatglm3-tiny" / "chats.jsonl"):
        if "response" in row:
            said, _ = tuned.chat(None, row["query"], row["history"], max_new_tokens=10, do_sample=False)
            assert said == row["response"]


@pytest.mark.parametrize("name", TOKENS)
def test_training_ids_and_labels_equal_those_of_the_original_code(oracle, name):
    tokenizer = glm_tokenizer(oracle / name)
    for row in lines(oracle / name / "training.jsonl"):
        example = example_of(row, Columns("content", "summary"), "")
        found = encode(tokenizer, PromptStyle(chat=True), example, 512, 512)
        assert (found.input_ids, found.labels) == (row["input_ids"], row["labels"])


@pytest.mark.parametrize("name", THIRD)
def test_chatglm3_without_its_code_is_not_taken_for_chatglm2(oracle, name, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(oracle / name, folder, ignore=shutil.ignore_patterns("*.py"))
    assert isinstance(glm_tokenizer(folder, sure=True), ChatGlm3Tokenizer)
