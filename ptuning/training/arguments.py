"""The arguments of ptuning.main, under the names of ChatGLM's ptuning folder; training arguments are transformers' own.

A field made by `_inert` is taken so that the official scripts run, changes nothing, and is said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import torch
from transformers import Seq2SeqTrainingArguments

from ptuning.base.quantization.integers import BITS
from ptuning.base.quantization.models import SCHEMES
from ptuning.errors import PtuningError
from ptuning.heads.task_head import KINDS, POOLINGS
from ptuning.methods.method import Method, Options
from ptuning.methods.registry import METHODS
from ptuning.methods.saving import layouts

METHOD_NAMES = {"qlora": "lora"}  # names for a method on another base
QLORA = {"quantization_bit": 4, "quantization_scheme": "nf4"}
STYLES = ("auto", "chatglm", "plain")
_INERT = "为兼容官方脚本而接受，不起作用："


def _inert(reason: str, default: Any = None) -> Any:
    return field(default=default, metadata={"help": _INERT + reason})  # argparse takes all of the metadata


def names() -> list[str]:
    """What --method may be."""
    return [*(method.name for method in METHODS if method.name), *METHOD_NAMES]


@dataclass
class ModelArguments:
    model_name_or_path: str = field(default="RawModels/caibao-mini", metadata={"help": "基座模型文件夹"})
    ptuning_checkpoint: str | None = field(default=None, metadata={"help": "已有的前缀检查点，用来评测或接着训练"})
    quantization_bit: int | None = field(default=None, metadata={"help": "把冻结的基座量化成8位或4位；前缀仍是float32"})
    quantization_scheme: str = field(default="int", metadata={"help": "int：ChatGLM的逐行对称量化；nf4：bitsandbytes"})
    checkpoint_layout: str = field(
        default="caibao", metadata={"help": "最后写出的前缀：caibao；original（官方ptuning的pytorch_model.bin）；peft"}
    )
    config_name: str | None = _inert("配置总是读基座文件夹里的")
    tokenizer_name: str | None = _inert("分词器总是读基座文件夹里的")
    cache_dir: str | None = _inert("基座是本地文件夹")
    use_fast_tokenizer: bool = _inert("分词器只有一种", True)
    model_revision: str = _inert("基座是本地文件夹", "main")
    use_auth_token: bool = _inert("不访问网络上的模型库", False)
    resize_position_embeddings: bool | None = _inert("旋转位置编码没有长度限制")
    method: str | None = field(
        default=None,
        metadata={"help": f"微调方法：{'、'.join(names())}；只给某种方法自己的参数（如 --pre_seq_len）也行"},
    )
    rate_given: bool = field(default=True, init=False)  # whether the command line says the learning rate
    methods: tuple[Options, ...] = field(default=(), init=False)  # of METHODS, in their order; `parse` fills it

    def asked(self) -> list[tuple[Method, Options]]:
        """The methods that the command line asks to train anew."""
        wanted = METHOD_NAMES.get(self.method or "", self.method)
        pairs = zip(METHODS, self.methods)
        return [(method, options) for method, options in pairs if options.given or (wanted and method.name == wanted)]


@dataclass
class DataArguments:
    task_name: str = field(
        default="text", metadata={"help": "classify、keywords 各有自己的指标，其他看全对率与文本指标"}
    )
    train_file: list[str] | None = field(
        default=None, metadata={"help": "训练数据（JSON数组、JSON行或csv），可以给几个"}
    )
    train_weights: list[float] | None = field(
        default=None, metadata={"help": "几个训练文件各占几份：2是每条两遍，0.5是随机一半；默认都是1"}
    )
    validation_file: str | None = field(default=None, metadata={"help": "验证数据"})
    test_file: str | None = field(default=None, metadata={"help": "测试数据（do_predict）"})
    prompt_column: str = field(default="question_prompt", metadata={"help": "问题所在的字段"})
    response_column: str = field(default="query", metadata={"help": "答案所在的字段"})
    head: str = field(
        default="lm",
        metadata={"help": "lm：写出答案；classification：给整段文字一个类别；token：给每个词一个标签（BIO）"},
    )
    labels: list[str] | None = field(
        default=None, metadata={"help": "输出头的全部类别；默认是训练数据里有的（response_column）"}
    )
    second_column: str | None = field(
        default=None, metadata={"help": "句对的第二句所在的字段（--head classification）"}
    )
    pooling: str = field(
        default="auto",
        metadata={"help": "用什么代表整段文字：last 最后一个词元、first 第一个、mean 平均；auto 由基座决定"},
    )
    template: str | None = field(
        default=None, metadata={"help": "模板文件：带空的句子与每个标签的答案词；标签由答案词的概率得出"}
    )
    shots: int = field(default=0, metadata={"help": "模板：每个问题前放几个最相似的训练例子"})
    calibrate: bool = field(default=False, metadata={"help": "模板：减去模型对没有内容的句子的偏好"})
    history_column: str | None = field(default=None, metadata={"help": "历史对话 [[问, 答], …] 所在的字段"})
    history_loss: bool = field(default=False, metadata={"help": "历史里每一轮的回答也计入损失"})
    source_prefix: str = field(default="", metadata={"help": "加在每个问题前面的文字"})
    prompt_style: str = field(
        default="auto", metadata={"help": "chatglm：基座的问答格式；plain：原样；auto：由基座决定"}
    )
    max_source_length: int = field(default=1024, metadata={"help": "训练时问题最多多少词元"})
    max_target_length: int = field(default=128, metadata={"help": "答案最多多少词元"})
    val_max_target_length: int | None = field(
        default=None, metadata={"help": "评测时最多写多少词元；默认同 max_target_length"}
    )
    truncation_side: str = field(
        default="left", metadata={"help": "问题太长时从哪头截：left 保住末尾的问题和“答：”；right 同官方脚本"}
    )
    pad_to_max_length: bool = field(default=False, metadata={"help": "每条都补齐到最大长度（官方的做法，慢）"})
    max_train_samples: int | None = field(default=None, metadata={"help": "只用前N条训练数据"})
    max_eval_samples: int | None = field(default=None, metadata={"help": "只用前N条验证数据"})
    max_predict_samples: int | None = field(default=None, metadata={"help": "只用前N条测试数据"})
    do_sample: bool = field(default=False, metadata={"help": "评测时采样（默认贪心）"})
    top_p: float = field(default=0.7, metadata={"help": "采样的核概率"})
    temperature: float = field(default=0.95, metadata={"help": "采样的温度"})
    lang: str | None = _inert("与语言无关")
    dataset_name: str | None = _inert("数据只从文件读，请用 --train_file")
    dataset_config_name: str | None = _inert("数据只从文件读，请用 --train_file")
    preprocessing_num_workers: int | None = _inert("分词只要几秒")
    overwrite_cache: bool = _inert("没有缓存", False)
    num_beams: int | None = _inert("评测用贪心或采样")
    ignore_pad_token_for_loss: bool = _inert("填充从不计入损失", True)
    forced_bos_token: str | None = _inert("ChatGLM没有这个词元")


@dataclass
class PtuningArguments(Seq2SeqTrainingArguments):
    """Defaults that suit prefixes: a short warm-up, linear decay, no weight decay, batches of like length."""

    learning_rate: float = field(default=0.2, metadata={"help": "学习率；嵌入的小基座0.2，6B的ChatGLM用2e-2或更小"})
    per_device_train_batch_size: int = field(default=16, metadata={"help": "每步多少条"})
    warmup_steps: float = field(default=20, metadata={"help": "预热步数；小于1是占总步数的比例"})
    logging_steps: float = field(default=20, metadata={"help": "每多少步记一次损失"})
    # None first: HfArgumentParser reads a union by its order
    report_to: None | str | list[str] = field(default="none", metadata={"help": "日志去处，例如 tensorboard"})  # noqa: RUF036
    train_sampling_strategy: str = field(default="group_by_length", metadata={"help": "长度相近的放在一批"})
    early_stopping_patience: int | None = field(
        default=None,
        metadata={"help": "验证指标连续几次没有变好就停；需要 --eval_strategy 与 --load_best_model_at_end"},
    )
    find_lr: bool = field(
        default=False, metadata={"help": "不训练，只试逐步增大的学习率，说出该用哪个（do_train 的数据与方法）"}
    )
    overwrite_output_dir: bool = _inert("结果总是写进 output_dir", False)
    predict_with_generate: bool = _inert("预测总是逐词元生成", False)
    generation_max_length: int | None = _inert("长度由 --val_max_target_length 决定")
    generation_num_beams: int | None = _inert("评测用贪心或采样")
    sortish_sampler: bool = _inert("见 --train_sampling_strategy", False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.do_train |= self.find_lr
        self.remove_unused_columns = False  # the rows hold what the model takes
        self.prediction_loss_only = True  # predictions come from ptuning.answering.generate
        self.dataloader_pin_memory &= torch.cuda.is_available()
        self.logging_nan_inf_filter = False  # a loss that is no number stops the run


def inert_arguments() -> dict[str, str]:
    """Name → why it changes nothing, of every inert argument."""
    owners = (ModelArguments, DataArguments, PtuningArguments)
    helps = {f.name: f.metadata.get("help", "") for owner in owners for f in fields(owner)}
    return {name: text.removeprefix(_INERT) for name, text in helps.items() if text.startswith(_INERT)}


def check_arguments(model: ModelArguments, data: DataArguments, training: PtuningArguments) -> None:
    """Contradictions, all in one error.

    Raises:
        PtuningError: names every argument that does not fit.
    """
    wrong = [*_wrong_work(model, data, training), *_wrong_values(model, data)]
    if training.early_stopping_patience and not training.load_best_model_at_end:
        wrong.append("--early_stopping_patience 需要 --load_best_model_at_end 和 --eval_strategy")
    if data.history_column and data.prompt_style == "plain":
        wrong.append("--history_column 只能与 --prompt_style chatglm 一起用")
    if data.history_loss and not data.history_column:
        wrong.append("--history_loss 需要 --history_column")
    if data.train_weights and len(data.train_weights) != len(data.train_file or []):
        wrong.append(f"--train_weights 有{len(data.train_weights)}个，--train_file 有{len(data.train_file or [])}个")
    if wrong:
        raise PtuningError("参数不对：" + "；".join(wrong) + "。")


def _wrong_work(model: ModelArguments, data: DataArguments, training: PtuningArguments) -> list[str]:
    """What there is to do, and whether the files and the prefix for it are named."""
    wrong = []
    for flag, name in (("do_train", "train_file"), ("do_eval", "validation_file"), ("do_predict", "test_file")):
        if getattr(training, flag) and not getattr(data, name):
            wrong.append(f"--{flag} 需要 --{name}")
    if not (training.do_train or training.do_eval or training.do_predict):
        wrong.append("请给出 --do_train、--do_eval 或 --do_predict")
    elif not model.ptuning_checkpoint:
        asked = model.asked()
        given = [method for method, _ in asked]
        if training.do_train and not given:
            wrong.append(
                "；或".join(method.needs for method in METHODS if method.needs) + f"；或 --method {'、'.join(names())}"
            )
        if training.do_train and len(given) > 1:
            wrong.append(f"一次只能训练一种：{'、'.join(method.title for method in given)}")
        if not training.do_train:
            wrong += [
                method.random or f"--method {method.name} 需要 --do_train 或 --ptuning_checkpoint" for method in given
            ]
    return wrong


def _wrong_values(model: ModelArguments, data: DataArguments) -> list[str]:
    wrong = [phrase for options in model.methods for phrase in options.wrong()]
    lengths: dict[str, int | None] = {"val_max_target_length": data.val_max_target_length}
    lengths |= {"max_source_length": data.max_source_length, "max_target_length": data.max_target_length}
    for name, value in lengths.items():
        if value is not None and value < 1:
            wrong.append(f"--{name} 至少为1，现在是{value}")
    choices = {
        "prompt_style": (data.prompt_style, STYLES),
        "truncation_side": (data.truncation_side, ("left", "right")),
    }
    choices |= {"head": (data.head, ("lm", *KINDS)), "pooling": (data.pooling, ("auto", *POOLINGS))}
    choices |= {"checkpoint_layout": (model.checkpoint_layout, layouts())}
    choices |= {"quantization_scheme": (model.quantization_scheme, SCHEMES)}
    for name, (chosen, allowed) in choices.items():
        if chosen not in allowed:
            wrong.append(f"--{name} 只能是 {'、'.join(allowed)}，现在是{chosen}")
    if data.template and data.head != "lm":
        wrong.append("--template 只能与 --head lm 一起用")
    if data.shots < 0 or (data.shots and not (data.template and data.train_file)):
        wrong.append("--shots 不小于0，并需要 --template 和 --train_file")
    if model.method == "head" and data.head == "lm":
        wrong.append("--method head 需要 --head classification 或 token")
    if model.method is not None and model.method not in names():
        wrong.append(f"--method 只能是 {'、'.join(names())}，现在是{model.method}")
    if (model.quantization_bit or 0) not in (0, *BITS):
        wrong.append(f"--quantization_bit 只能是 4 或 8（或 0：不量化），现在是{model.quantization_bit}")
    if any(weight <= 0 for weight in data.train_weights or ()):
        wrong.append(f"--train_weights 都要大于0，现在是{data.train_weights}")
    if data.do_sample and not (0 < data.top_p <= 1 and data.temperature > 0):
        wrong.append(f"--top_p 在0到1之间、--temperature 大于0，现在是{data.top_p}和{data.temperature}")
    return wrong
