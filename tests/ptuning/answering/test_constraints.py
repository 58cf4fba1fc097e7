"""Against brute force over small languages, with tokenizers of every kind: SentencePiece with and without its blank, BPE on bytes."""

import random

import pytest
import torch

from ptuning.answering.constraints import Grammar, opening
from ptuning.answering.engine import Engine
from ptuning.answering.passes import Passes
from ptuning.answering.requests import Request
from ptuning.answering.sampling import Sampling
from ptuning.base.models import load_base
from ptuning.base.tokenizers.glm import GlmTokenizer
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from ptuning.errors import PtuningError
from tests.ptuning.base.tokenizers.test_glm4 import TOKENS, write_ranks

LARK = 'start: "select " COLUMN (" = " /[1-9][0-9]/)?\nCOLUMN: "净利润" | "净利润率" | "利润"\n'
LANGUAGE = {
    f"select {column}{test}"
    for column in ("净利润", "净利润率", "利润")
    for test in ("", *(f" = {number}" for number in range(10, 100)))
}


@pytest.fixture(scope="module", params=["without a blank", "with a blank", "bytes"])
def tokenizer(request, tiny_tokenizer, tmp_path_factory):
    if request.param == "without a blank":
        return tiny_tokenizer
    if request.param == "bytes":
        return glm_tokenizer(write_ranks(tmp_path_factory.mktemp("glm-4"), TOKENS))
    return GlmTokenizer(request.getfixturevalue("shared_dir") / "oracle" / "chatglm2-tiny" / "tokenizer.model")


def grammar(tokenizer, text=LARK, more=0):
    return Grammar(text, tokenizer, tokenizer.vocab_size + more)


def texts(tokenizer, written):
    """The sentences that may still come, in bytes, without what is written."""
    blank = opening(tokenizer).encode()
    wholes = [blank + sentence.encode() for sentence in LANGUAGE]
    return [whole[len(written) :] for whole in wholes if whole.startswith(written)]


def test_allowed_are_the_tokens_that_begin_what_may_still_come(tokenizer):
    matcher, written, rng = grammar(tokenizer).matcher(), b"", random.Random(3)
    held = {token: tokenizer.id_to_bytes(token) for token in range(tokenizer.vocab_size)}
    for _ in range(30):
        rest = texts(tokenizer, written)
        starts = {whole[:n] for whole in rest for n in range(1, len(whole) + 1)}
        wanted = {token for token, text in held.items() if text in starts}
        wanted |= tokenizer.end_token_ids if b"" in rest else set()
        found = matcher.allowed().nonzero().flatten().tolist()
        assert set(found) == wanted
        token = rng.choice(sorted(wanted))
        if token in tokenizer.end_token_ids:
            break
        matcher.accept(token)
        written += held[token]
    assert b"" in texts(tokenizer, written)


def test_forced_tokens_are_those_the_tokenizer_writes(tokenizer):
    forced = 0
    for sentence in sorted(LANGUAGE):
        ids = [*tokenizer.encode(sentence, add_special_tokens=False), tokenizer.eos_token_id]
        matcher = grammar(tokenizer).matcher()
        at = 0
        while at < len(ids):
            more = matcher.forced()
            assert more == ids[at : at + len(more)]
            at, forced = at + len(more), forced + len(more)
            if at < len(ids):
                assert matcher.allowed()[ids[at]]
                if ids[at] != tokenizer.eos_token_id:
                    matcher.accept(ids[at])
                at += 1
    assert forced > len(LANGUAGE), "at least the end of the longest ones"


def test_a_token_is_not_forced_where_a_longer_one_may_stand(tmp_path):
    tokenizer = glm_tokenizer(write_ranks(tmp_path, TOKENS))  # it has SELE and SELECT
    either = grammar(tokenizer, 'start: "SELE" ("CT" | "N")').matcher()
    assert either.forced() == []
    assert {tokenizer.id_to_piece(token) for token in either.allowed().nonzero().flatten()} >= {"SELE", "SELECT"}
    assert grammar(tokenizer, 'start: "SELE" ("N" | "X")').matcher().forced() == tokenizer("SELE")


def test_the_end_is_forced_where_nothing_else_is_left(tokenizer):
    matcher = grammar(tokenizer, 'start: "净利润"').matcher()
    ids = tokenizer.encode("净利润", add_special_tokens=False)
    assert matcher.forced() == [*ids, tokenizer.eos_token_id]
    assert set(matcher.allowed().nonzero().flatten().tolist()) == tokenizer.end_token_ids


def test_every_walk_ends_with_a_sentence_of_the_grammar_also_from_within_a_character(tokenizer):
    rng, whole, within = random.Random(2), tokenizer.end_token_ids, 0
    for _ in range(60):
        matcher, ids = grammar(tokenizer).matcher(), []
        while not ids or ids[-1] not in whole:
            ids += matcher.forced()
            if ids and ids[-1] in whole:
                break
            ids.append(rng.choice(matcher.allowed().nonzero().flatten().tolist()))
            within += len(tokenizer.id_to_bytes(ids[-1])) == 1 and tokenizer.id_to_bytes(ids[-1]) >= b"\xc0"
            if ids[-1] not in whole:
                matcher.accept(ids[-1])
        assert tokenizer.decode(ids[:-1]) in LANGUAGE
    assert within > 10


def test_rows_of_the_model_behind_the_tokenizer_are_never_allowed(tokenizer):
    narrow, wide = grammar(tokenizer).matcher().allowed(), grammar(tokenizer, more=59).matcher().allowed()
    assert wide.shape == (tokenizer.vocab_size + 59,) and wide.dtype == torch.bool
    assert torch.equal(wide[:-59], narrow) and not wide[-59:].any()


def test_special_tokens_are_never_text(tokenizer):
    allowed = grammar(tokenizer, "start: /(.|\\n)*/").matcher().allowed()
    assert {token for token in tokenizer.special_token_ids if allowed[token]} <= tokenizer.end_token_ids
    assert allowed.sum() > 150


def test_answers_of_one_grammar_do_not_disturb_each_other(tiny_tokenizer):
    one = grammar(tiny_tokenizer)
    before = one.matcher().allowed()
    walked = one.matcher()
    walked.accept(int(walked.allowed().nonzero()[0]))
    assert torch.equal(one.matcher().allowed(), before)
    assert one == grammar(tiny_tokenizer) and hash(one) == hash(grammar(tiny_tokenizer))
    assert one != grammar(tiny_tokenizer, 'start: "a"')


def test_what_is_no_grammar_is_refused(tiny_tokenizer):
    with pytest.raises(PtuningError, match="语法有误"):
        grammar(tiny_tokenizer, 'start: "a')
    with pytest.raises(PtuningError, match="没有出路"):
        grammar(tiny_tokenizer, r"start: /[^\s\S]/")


def test_a_dead_end_and_a_token_out_of_turn_are_errors(tiny_tokenizer):
    a, b = (tiny_tokenizer(letter)[0] for letter in "ab")
    matcher = grammar(tiny_tokenizer, r'start: "a" ("b" /[^\s\S]/ | "c")').matcher()
    matcher.accept(a)
    matcher.accept(b)
    with pytest.raises(PtuningError, match="没有出路"):
        matcher.forced()
    with pytest.raises(PtuningError, match=f"不允许词元{b}"):
        grammar(tiny_tokenizer).matcher().accept(b)


@pytest.mark.parametrize(
    "sampling", [Sampling(), Sampling(do_sample=True, seed=5, temperature=3.0)], ids=["greedy", "sampled"]
)
def test_the_engine_writes_sentences_of_the_grammar_in_fewer_passes_than_tokens(
    tiny_base_folder, sampling, monkeypatch
):
    base = load_base(tiny_base_folder)
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    passes = []
    hidden = Passes.hidden
    monkeypatch.setattr(Passes, "hidden", lambda self, *rest: (passes.append(1), hidden(self, *rest))[1])
    constraint = Grammar(LARK, base.tokenizer, base.model.config.vocab_size)
    prompts = [base.tokenizer.encode(f"{year}年净利润是多少？") for year in range(2010, 2022)]
    results = engine.run([Request(prompt, None, 60, constraint=constraint, sampling=sampling) for prompt in prompts])
    assert all(result.ended for result in results)
    assert {base.tokenizer.decode(result.ids) for result in results} <= LANGUAGE
    assert len(passes) <= max(len(result.ids) for result in results)
