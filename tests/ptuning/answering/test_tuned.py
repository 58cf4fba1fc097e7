import subprocess
import sys

import pytest
import torch

import ptuning
from ptuning.answering.generate import generate
from ptuning.answering.sampling import Sampling
from ptuning.answering.tuned import _longer
from ptuning.base.models import load_base
from ptuning.checkpoints import export_prefix, save_prefix
from ptuning.errors import PtuningError
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel
from ptuning.training.dataset import Collator, EncodedRows, Example, PromptStyle, encode

GENERAL = ["你好，请介绍一下你自己。", "1加1等于几？", "请写一首关于春天的诗。"]


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


@pytest.fixture(scope="module")
def folders(base, tmp_path_factory):
    """Two prefixes of the tiny base, the second in PEFT's layout; large, so that they change what a random base writes."""
    place = tmp_path_factory.mktemp("prefixes")
    torch.manual_seed(4)
    first, second = (PrefixEncoder(PrefixConfig.for_model(base.model, length), 30.0) for length in (3, 5))
    save_prefix(place / "classify", first, base.identity)
    export_prefix(place / "nl2sql", second, base, "peft")
    return {"classify": place / "classify", "nl2sql": place / "nl2sql"}


@pytest.fixture
def tuned(tiny_base_folder, folders):
    return ptuning.load(tiny_base_folder, folders)


@torch.inference_mode()
def logits_of(model, tokenizer):
    return [model(**{k: torch.tensor([v]) for k, v in inputs(tokenizer, text).items()}).logits for text in GENERAL]


def inputs(tokenizer, text):
    ids = tokenizer.encode(text)
    return {"input_ids": ids, "attention_mask": [1] * len(ids)}


def test_import_ptuning_costs_no_torch():
    code = "import sys, ptuning; assert 'load' in ptuning.__all__; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="lode"):
        ptuning.lode  # noqa: B018


def test_one_folder_is_named_like_it_and_in_use(tiny_base_folder, folders, base):
    tuned = ptuning.load(tiny_base_folder, folders["classify"])
    assert tuned.prefixes == ["classify"]
    assert tuned.model.tuning.config.pre_seq_len == 3
    prefixed = PrefixModel(base.model, tuned.model.tuning)
    assert tuned.generate_text(GENERAL, 6) == generate(prefixed, base.tokenizer, GENERAL, 6)


def test_a_dtype_is_that_of_the_base(tiny_base_folder):
    assert ptuning.load(tiny_base_folder, dtype=torch.bfloat16).base.model.dtype == torch.bfloat16


def test_each_name_answers_with_its_own_prefix_over_one_base(tuned):
    assert tuned.prefixes == ["classify", "nl2sql"]
    answers = {}
    for name in [*tuned.prefixes, None, *tuned.prefixes, None]:
        tuned.use_prefix(name)
        assert answers.setdefault(name, tuned.generate_text(GENERAL, 6)) == tuned.generate_text(GENERAL, 6)
    assert len(set(map(tuple, answers.values()))) == 3


def test_an_unknown_prefix_is_refused_naming_those_there_are(tuned, tiny_base_folder):
    with pytest.raises(PtuningError, match=r"keywords.*classify、nl2sql"):
        tuned.use_prefix("keywords")
    with pytest.raises(PtuningError, match="没有"):
        ptuning.load(tiny_base_folder).use_prefix("classify")


def test_a_prefix_added_under_a_name_in_use_answers_at_once(tuned, folders):
    tuned.use_prefix("nl2sql")
    wanted = tuned.generate_text(GENERAL, 6)
    tuned.use_prefix("classify")
    tuned.add_prefix("classify", folders["nl2sql"])
    assert tuned.generate_text(GENERAL, 6) == wanted
    assert tuned.prefixes == ["classify", "nl2sql"]


def test_a_chat_answers_in_the_bases_format_and_adds_a_round(tuned):
    history = [("甲公司", "乙")]
    response, longer = tuned.chat(None, "多少", history, max_new_tokens=6, do_sample=False)
    prompt = tuned.tokenizer.build_prompt("多少", history)
    assert [response] == [text.strip() for text in tuned.generate_text([prompt], 6)]
    assert longer == [("甲公司", "乙"), ("多少", response)]
    assert history == [("甲公司", "乙")]


def test_a_history_of_objects_is_the_one_of_pairs_and_comes_back_as_objects(tuned):
    pairs = [("甲公司", "乙")]
    objects = [{"role": "user", "content": "甲公司"}, {"role": "assistant", "content": "乙"}]
    said, longer = tuned.chat(None, "多少", objects, max_new_tokens=6, do_sample=False)
    assert said == tuned.chat(None, "多少", pairs, max_new_tokens=6, do_sample=False)[0]
    assert longer[:2] == objects and longer[2] == {"role": "user", "content": "多少"}
    assert longer[3] == {"role": "assistant", "metadata": "", "content": said}
    again = tuned.chat(None, "那去年", longer, max_new_tokens=6, do_sample=False)[0]
    assert again == tuned.chat(None, "那去年", [*pairs, ("多少", said)], max_new_tokens=6, do_sample=False)[0]
    assert len(objects) == 2
    *_, last = tuned.stream_chat(None, "多少", objects, max_new_tokens=6, do_sample=False)
    assert last == (said, longer)


def test_what_a_model_writes_before_the_line_break_is_the_tool_that_it_calls():
    offered = [{"role": "system", "content": "", "tools": [{"name": "查表"}]}]
    assert _longer(offered, "问", "user", "查表\n{}\n")[-1] == {"role": "assistant", "metadata": "查表", "content": "{}"}
    assert _longer(offered, "问", "user", "\n答\n二")[-1] == {"role": "assistant", "metadata": "", "content": "答\n二"}
    assert _longer([], "问", "user", "一\n二") == [("问", "一\n二")]
    assert _longer([("甲", "乙")], "3", "observation", "一")[0] == {"role": "user", "content": "甲", "metadata": "", "tools": None}


@pytest.mark.parametrize(
    "history", ["甲", [["甲"]], [{"role": "user"}], [["甲", "乙"], {"role": "user", "content": "x"}], [{"role": "user", "content": "甲"}]]
)
def test_a_history_of_another_shape_is_refused(tuned, history):
    with pytest.raises(PtuningError, match="history"):
        tuned.chat(None, "多少", history)


def test_a_chat_samples_with_chatglms_defaults(tuned):
    torch.manual_seed(5)
    response, _ = tuned.chat(tuned.tokenizer, "多少", max_new_tokens=12)
    torch.manual_seed(5)
    prompt = tuned.tokenizer.build_prompt("多少")
    wanted = tuned.generate_text([prompt], 12, sampling=Sampling(True, top_p=0.8, temperature=0.8))
    assert [response] == [text.strip() for text in wanted]


def test_a_streamed_chat_ends_where_chat_does(tuned):
    rounds = list(tuned.stream_chat(None, "多少", max_new_tokens=8, seed=6))
    assert rounds[-1] == tuned.chat(None, "多少", max_new_tokens=8, seed=6)
    assert all(history == [("多少", response)] for response, history in rounds)
    assert len(rounds) > 1


def test_prompt_and_response_share_max_length(tuned):
    prompt = len(tuned.tokenizer.encode(tuned.tokenizer.build_prompt("多少")))
    for length in (prompt + 1, prompt + 4):
        *_, (response, _) = tuned.stream_chat(None, "多少", max_length=length, do_sample=False)
        written = tuned.generate_text([tuned.tokenizer.build_prompt("多少")], length - prompt)
        assert [response] == [text.strip() for text in written]
    with pytest.raises(PtuningError, match=f"{prompt}个词元.*max_length={prompt}"):
        tuned.chat(None, "多少", max_length=prompt)


def test_no_chat_is_longer_than_the_positions_of_the_base(tuned):
    with pytest.raises(PtuningError, match="512"):
        tuned.chat(None, "多少" * 600)


def test_beams_are_refused(tuned):
    with pytest.raises(PtuningError, match="num_beams"):
        tuned.chat(None, "多少", None, 8192, 4)


def test_the_base_forgets_nothing(tiny_base_folder, folders):
    """Bit for bit: before prefixes are loaded, with them loaded but not in use, after they answered, and after training."""
    tuned = ptuning.load(tiny_base_folder)
    tokenizer = tuned.tokenizer
    before, texts = logits_of(tuned.base.model, tokenizer), tuned.generate_text(GENERAL, 8)

    def unchanged():
        tuned.use_prefix(None)
        same = all(map(torch.equal, logits_of(tuned.base.model, tokenizer), before))
        return same and tuned.generate_text(GENERAL, 8) == texts

    for name, folder in folders.items():
        tuned.add_prefix(name, folder)
    assert unchanged()
    tuned.use_prefix("classify")
    assert tuned.generate_text(GENERAL, 8) != texts
    assert unchanged()
    prefixed = PrefixModel(tuned.base.model, PrefixEncoder(PrefixConfig.for_model(tuned.base.model, 4)))
    train(prefixed, tokenizer)
    assert unchanged()


def train(model, tokenizer, steps=5):
    """Some steps that change the prefix, with the layers run again for their gradients."""
    rows = EncodedRows([encode(tokenizer, PromptStyle(False), Example(text, "C"), 64, 8) for text in GENERAL])
    batch = Collator(tokenizer.pad_token_id)([rows[i] for i in range(len(rows))])
    model.gradient_checkpointing_enable()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.1)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
