import shutil

import pytest
from transformers import AutoTokenizer

from ptuning.base.tokenizers.fast import fast_tokenizer
from ptuning.base.tokenizers.glm_folder import glm_tokenizer
from tests.ptuning.base.tokenizers.test_glm4 import TOKENS, write_ranks

HISTORY = [("2020年净利润？", "龘元 "), ("营业收入", "5 亿")]
TEXTS = [
    "净利润 1\n\n龘",
    "philosophy ２０㈱",
    "  a  b ",
    "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND x",
    "",
]


def chat_of(tokenizer, turns):
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns)]
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)


@pytest.fixture(scope="module", params=["caibao", "chatglm3", "glm-4"])
def tokenizer(request, tmp_path_factory, tiny_tokenizer):
    """Own: NFKC, whole pieces, no blank in front; ChatGLM3: roles; GLM-4: byte-level."""
    if request.param == "caibao":
        return tiny_tokenizer
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "glm-4":
        return glm_tokenizer(write_ranks(folder, TOKENS))
    shutil.copy(request.getfixturevalue("shared_dir") / "oracle" / "chatglm2-tiny" / "tokenizer.model", folder)
    (folder / "tokenizer_config.json").write_text('{"additional_special_tokens": ["<|user|>"]}')
    return glm_tokenizer(folder)


TOOL = {"name": "f", "parameters": {"净": 1}}
SYSTEM = {"role": "system", "content": "答 短", "tools": [TOOL]}
CALLED = {"role": "assistant", "metadata": "f", "content": "{}"}


@pytest.fixture(scope="module")
def fast(tokenizer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fast")
    fast_tokenizer(tokenizer).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def test_every_tokenizer_keeps_its_ids(tokenizer, fast):
    for text in TEXTS:
        assert fast.encode(text) == tokenizer.encode(text)
        assert fast.decode(tokenizer.encode(text), skip_special_tokens=True) == tokenizer.decode(tokenizer.encode(text))
    assert len(fast) == tokenizer.vocab_size
    assert (fast.eos_token_id, fast.pad_token_id) == (tokenizer.eos_token_id, tokenizer.pad_token_id)


def test_every_chat_keeps_its_ids(tokenizer, fast):
    for history in ([], HISTORY):
        turns = [text for turn in history for text in turn] + ["负债合计 是多少"]
        assert chat_of(fast, turns) == tokenizer.encode_chat("负债合计 是多少", history).ids


def test_system_and_tools_keep_their_ids_where_the_format_has_them(tokenizer, fast):
    system, asked = {"role": "system", "content": "答 短"}, {"role": "user", "content": "净"}
    chats = [[system], [system, asked, {"role": "assistant", "content": "利"}]] * tokenizer.has_system
    if tokenizer.has_system:
        chats += [[SYSTEM], [SYSTEM, asked, CALLED, {"role": "observation", "content": "1"}, {"role": "assistant", "content": "利"}]]
    for history in chats:
        ids = fast.apply_chat_template(
            [*history, {"role": "user", "content": "润 1"}], add_generation_prompt=True, return_dict=False
        )
        assert ids == tokenizer.encode_chat("润 1", history).ids
