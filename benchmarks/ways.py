"""The ways to answer questions that benchmarks.answering compares, on the same weights.

A question is three calls of the model: its class, its key words, its SQL. Ways:

reloaded   the tutorial's loop: one question after the other, before each call the base is loaded with the call's prefix
resident   the same, with three models that stay in memory
bare       the same, without the tutorial's long role prompts
batched    transformers' generate over left-padded batches, one prefix a batch
peft       PEFT's adapters, switched between tasks, generate over the same batches
ours       ptuning.answering.engine: all questions and all tasks in one run, the class read off one pass
batched_roles, ours_roles    the same two with the tutorial's role prompts before every question

All decode greedily. The role prompts are not what the shipped prefixes were trained on, so answers behind them are not
compared, and end where the answer to the bare prompt does: no way is charged for rambling.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from agent.model import MAX_NEW_TOKENS
from agent.prompts import LABEL_WORDS, TASKS, render
from benchmarks.training import MINI, random_glm
from ptuning.answering.engine import KEPT_ANSWERS, Engine
from ptuning.answering.requests import Request, Result
from ptuning.base.models import Base, load_base
from ptuning.checkpoints import export_prefix, load_prefix
from ptuning.methods.adapted import positions
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.prefix.model import PrefixModel

Answer = dict[str, tuple[int, ...]]  # task → the tokens written
Ask = Callable[[Sequence[str]], list[Answer]]

BATCH = 32
PREFIX_LENGTH = 32  # of random prefixes; the shipped ones have as many
LIMITS = {"classify": 8, **MAX_NEW_TOKENS}
FIXED = {"classify": 4, "keywords": 12, "nl2sql": 48}  # random weights know no end
ROLES = {
    "classify": (
        "你是一名资深的财务分析师，在证券研究所工作多年，熟悉上市公司年度报告的结构、常用的会计科目以及监管机构对信息披露的要求。"
        "你的任务是阅读用户提出的问题，判断它属于下面六个类别中的哪一个，并且只写出类别的名称。"
        "第一类是公司基本信息，例如法定代表人、注册地址、办公地址、电子信箱、证券代码和证券简称；"
        "第二类是员工人数，例如职工总数、技术人员数、硕士及以上学历的人数；"
        "第三类是财务数据，凡是能够直接在资产负债表、利润表或者现金流量表里查到的金额都属于这一类；"
        "第四类是计算指标，需要用一个或者几个公式才能得到，例如增长率、毛利率、资产负债率、流动比率；"
        "第五类是统计查询，涉及许多公司的筛选、排序、计数、求和或者平均；"
        "第六类是开放问题，需要阅读年报的文字部分，或者解释一个财务概念。"
        "请仔细阅读问题，不要被公司名称里的字眼误导；如果一个问题同时符合几个类别，请选择最具体的那一个。"
        "不要解释理由，不要输出多余的标点符号，不要重复问题，只输出类别的名称。"
        "举例来说，问某家公司的注册地址属于第一类，问某家公司的净利润属于第三类，问净利润最高的几家公司属于第五类。"
        "下面是用户的问题："
    ),
    "keywords": (
        "你是一位擅长信息抽取的助手，服务于一个面向投资者的年报问答系统。用户会用自然语言提出与上市公司年度报告有关的问题，"
        "你需要从问题里找出所有表示查询对象的关键词，以便系统到数据表里定位对应的字段。"
        "关键词一般是财务科目，例如营业收入、净利润、研发费用、应收账款、货币资金、负债合计；"
        "也可能是由科目计算出来的指标，例如净利润增长率、营业成本率、速动比率；"
        "还可能是公司的登记信息，例如法定代表人、注册地址、公司网址，或者人员构成，例如销售人员数、博士人数。"
        "请注意以下几点：第一，关键词必须是问题原文里出现过的文字，不要自行改写、翻译或者补充；"
        "第二，公司的名称、年份、地点以及具体的金额不是关键词，请不要写出来；"
        "第三，有多个关键词的时候，按照它们在问题里出现的先后顺序排列，中间用英文逗号隔开；"
        "第四，如果一个较长的名称里包含着另一个较短的名称，只写较长的那一个；"
        "第五，同一个关键词出现几次也只写一次。除了关键词以外，不要输出任何解释、前缀或者标点符号。"
        "举例来说，问某公司的营业收入和净利润各是多少，就输出营业收入,净利润。下面是用户的问题："
    ),
    "nl2sql": (
        "你是一名精通数据库的工程师，负责把投资者的问题翻译成可以执行的SQL语句。数据库里只有一张表，名称是company_table，"
        "每一行是一家上市公司在一个年份的年报数据。表里的字段有：公司全称、年份、证券代码、证券简称、法定代表人、注册地址、"
        "办公地址、公司网址、电子信箱、职工总人数、技术人员数、营业收入、营业成本、营业利润、净利润、研发费用、销售费用、"
        "管理费用、财务费用、货币资金、应收账款、存货、固定资产、资产总计、负债合计、股东权益合计、经营活动产生的现金流量净额等。"
        "请遵守下面的规则：第一，只能写一条SELECT语句，不允许修改数据，也不允许访问其他的表；"
        "第二，字段名称必须与上面列出的完全一致，不要编造不存在的字段；第三，金额的单位是元，问题里的万元和亿元要换算成元；"
        "第四，地点用LIKE匹配注册地址，年份用等号；第五，问最高或者最低的时候用ORDER BY和LIMIT，问有几家的时候用COUNT；"
        "第六，求和用SUM，求平均用AVG。只输出SQL语句，不要输出解释，不要使用代码块，语句的末尾不要加分号。"
        "如果问题里没有说明要查询哪个字段，就查询公司全称。下面是用户的问题："
    ),
}


class Tally:
    """Counts the positions that go through bases, padding included."""

    def __init__(self) -> None:
        self.positions = 0

    def watch(self, model: PreTrainedModel) -> None:
        model.get_input_embeddings().register_forward_pre_hook(self._add)

    def _add(self, module: torch.nn.Module, arguments: tuple[Any, ...]) -> None:
        self.positions += arguments[0].numel()


@dataclass(frozen=True)
class Source:
    """Where base and prefixes come from: a folder with prefix/TASK in it, or random weights of a named shape."""

    folder: Path = MINI
    shape: str | None = None
    device: str = "cpu"
    dtype: str = "float32"

    def base(self) -> Base:
        """The base, loaded anew; a random one reads with the tokenizer of the folder."""
        base = load_base(self.folder, getattr(torch, self.dtype), self.device)
        if self.shape is None:
            return base
        model = random_glm(self.shape, getattr(torch, self.dtype), self.device)
        model.generation_config.eos_token_id = None
        return replace(base, model=model)

    def prefix(self, task: str, base: Base) -> PrefixEncoder:
        """The task's prefix; a random one is the same each time."""
        if self.shape is None:
            return load_prefix(self.folder / "prefix" / task, base)
        torch.manual_seed(TASKS.index(task))
        return PrefixEncoder(PrefixConfig.for_model(base.model, PREFIX_LENGTH)).to(base.model.device)


@dataclass(frozen=True)
class Setup:
    """A loaded source. lengths: text → task → how many tokens to write behind a role prompt, the end token included."""

    source: Source
    base: Base
    encoders: dict[str, PrefixEncoder]
    tally: Tally
    lengths: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def load(cls, source: Source) -> Setup:
        base, tally = source.base(), Tally()
        tally.watch(base.model)
        return cls(source, base, {task: source.prefix(task, base) for task in TASKS}, tally)

    @property
    def fixed(self) -> bool:
        """Every answer has the same length."""
        return self.source.shape is not None

    @property
    def limits(self) -> dict[str, int]:
        return FIXED if self.fixed else LIMITS

    def prompt(self, task: str, text: str, role: bool = False) -> list[int]:
        """Token ids of the task's prompt for a question, behind the role prompt or without it."""
        prompt = (ROLES[task] if role else "") + render(task, text)
        tokenizer = self.base.tokenizer
        return tokenizer.encode_chat(prompt).ids if self.base.original else tokenizer.encode(prompt)

    def another(self, task: str) -> PrefixModel:
        """A second copy of the base in memory, with the task's prefix."""
        base = self.source.base()
        self.tally.watch(base.model)
        return PrefixModel(base.model, self.source.prefix(task, base))


@torch.inference_mode()
def generate(
    model: Any, rows: Sequence[Sequence[int]], most: int, least: int = 0, prefix: PrefixModel | None = None
) -> list[tuple[int, ...]]:
    """transformers' generate, greedy, over left-padded rows: `least` to `most` tokens each, without the end token.

    prefix: its keys and values are the past of all rows; None where the model puts them there itself (PEFT).
    """
    longest, config = max(map(len, rows)), model.generation_config
    pad = config.pad_token_id
    ids = torch.tensor([[*[pad] * (longest - len(row)), *row] for row in rows], device=model.device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=model.device)
    past: dict[str, Any] = {}
    if prefix:
        full = torch.cat((mask.new_ones(len(rows), prefix.pre_seq_len), mask), 1)
        where = prefix.text_start + positions(mask)
        past = {"past_key_values": prefix.cache(len(rows)), "position_ids": where, "attention_mask": full}
    limits = {"max_new_tokens": most, "min_new_tokens": least, "do_sample": False}
    written = model.generate(**{"input_ids": ids, "attention_mask": mask, **past, **limits})[:, longest:].tolist()
    end = config.eos_token_id
    return [tuple(row[: row.index(end)] if end in row else row) for row in written]


def _one_by_one(setup: Setup, model_of: Callable[[str], PrefixModel], role: bool) -> Ask:
    """The tutorial's loop; model_of: the model with a task's prefix."""

    def call(task: str, text: str) -> tuple[int, ...]:
        model = model_of(task)
        most, least = setup.limits[task], 0
        if role and not setup.fixed:
            most = least = setup.lengths[text][task]
        return generate(model.base_model, [setup.prompt(task, text, role)], most, least, model)[0]

    return lambda texts: [{task: call(task, text) for task in TASKS} for text in texts]


def reloaded(setup: Setup) -> Ask:
    """Raises: ValueError where weights are random, and in no file."""
    if setup.fixed:
        raise ValueError("随机权重没有文件可以重新加载，reloaded 只能用在模型文件夹上。")
    return _one_by_one(setup, setup.another, role=True)


def _three_models(setup: Setup, role: bool) -> Ask:
    first, *others = TASKS
    models = {first: PrefixModel(setup.base.model, setup.encoders[first])} | {t: setup.another(t) for t in others}
    return _one_by_one(setup, models.__getitem__, role)


def resident(setup: Setup) -> Ask:
    return _three_models(setup, role=True)


def bare(setup: Setup) -> Ask:
    return _three_models(setup, role=False)


Write = Callable[[str, Sequence[Sequence[int]], int], list[tuple[int, ...]]]  # task, prompts, at most so many tokens


def _in_batches(setup: Setup, write: Write, role: bool = False) -> Ask:
    """Task by task, in batches of BATCH questions in their order."""

    def most(task: str, texts: Sequence[str]) -> int:
        known = role and not setup.fixed
        return max(setup.lengths[text][task] for text in texts) if known else setup.limits[task]

    def ask(texts: Sequence[str]) -> list[Answer]:
        answers: list[Answer] = [{} for _ in texts]
        for task in TASKS:
            for at in range(0, len(texts), BATCH):
                batch = texts[at : at + BATCH]
                written = write(task, [setup.prompt(task, text, role) for text in batch], most(task, batch))
                for answer, ids in zip(answers[at:], written):
                    answer[task] = ids
        return answers

    return ask


def _plain(setup: Setup, role: bool = False) -> Ask:
    models = {task: PrefixModel(setup.base.model, encoder) for task, encoder in setup.encoders.items()}

    def write(task: str, rows: Sequence[Sequence[int]], most: int) -> list[tuple[int, ...]]:
        return generate(setup.base.model, rows, most, most if role else 0, models[task])

    return _in_batches(setup, write, role)


def batched(setup: Setup) -> Ask:
    return _plain(setup)


def batched_roles(setup: Setup) -> Ask:
    """A batch writes as long as its longest bare answer is; generate computes rows that have ended to the end anyway."""
    return _plain(setup, role=True)


def peft(setup: Setup) -> Ask:
    """The prefixes turned to where PEFT's text starts; the scores are the same up to rounding."""
    from peft import PeftModel

    model: Any = None
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        for task, encoder in setup.encoders.items():
            adapter = f"{folder}/{task}"
            export_prefix(adapter, encoder, setup.base, "peft")
            if model is None:
                model = PeftModel.from_pretrained(setup.base.model, adapter, adapter_name=task).eval()
            else:
                model.load_adapter(adapter, task)
    model.generation_config = setup.base.model.generation_config

    def write(task: str, rows: Sequence[Sequence[int]], most: int) -> list[tuple[int, ...]]:
        model.set_adapter(task)
        return generate(model, rows, most)

    return _in_batches(setup, write)


def new_engine(setup: Setup, endless: bool = False, keep: bool = False) -> Engine:
    """An engine on the base with a prefix for each task; endless: every answer is as long as it may be; keep: it remembers
    answers for later calls, as it does unless told not to."""
    tokenizer = setup.base.tokenizer
    ends: frozenset[int] = frozenset() if endless else tokenizer.end_token_ids
    engine = Engine(setup.base.model, ends, tokenizer.pad_token_id, kept_answers=KEPT_ANSWERS if keep else 0)
    for task, encoder in setup.encoders.items():
        engine.add_prefix(task, encoder)
    return engine


def request(setup: Setup, task: str, text: str, role: bool = False) -> Request:
    """One call: a class is chosen, the rest is written."""
    encode = setup.base.tokenizer.encode
    words = tuple(tuple(encode(word, add_special_tokens=False)) for word in LABEL_WORDS.values())
    limits = setup.lengths[text] if role and not setup.fixed else setup.limits
    return Request(setup.prompt(task, text, role), task, limits[task], words if task == "classify" else ())


def answer_of(request: Request, result: Result) -> tuple[int, ...]:
    """The tokens of the best choice, or those written. Raises: ValueError for an error."""
    if result.error:
        raise ValueError(result.error)
    return max(zip(result.scores, request.choices))[1] if request.choices else tuple(result.ids)


def requests(setup: Setup, texts: Sequence[str], role: bool = False) -> list[Request]:
    """Three of each question."""
    return [request(setup, task, text, role) for text in texts for task in TASKS]


def ours(setup: Setup, role: bool = False) -> Ask:
    engine = new_engine(setup, endless=role or setup.fixed)

    def ask(texts: Sequence[str]) -> list[Answer]:
        asked = requests(setup, texts, role)
        answers: list[Answer] = [{} for _ in texts]
        for number, (one, result) in enumerate(zip(asked, engine.run(asked))):
            answers[number // len(TASKS)][str(one.prefix)] = answer_of(one, result)
        return answers

    return ask


def ours_roles(setup: Setup) -> Ask:
    return ours(setup, role=True)


WAYS: dict[str, Callable[[Setup], Ask]] = {
    "reloaded": reloaded,
    "resident": resident,
    "bare": bare,
    "batched": batched,
    "peft": peft,
    "ours": ours,
    "batched_roles": batched_roles,
    "ours_roles": ours_roles,
}
