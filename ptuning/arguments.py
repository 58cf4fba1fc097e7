"""The arguments of ptuning.main, under the names of ChatGLM's ptuning folder; training arguments are transformers' own."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from transformers import Seq2SeqTrainingArguments

from ptuning.errors import PtuningError

STYLES = ("auto", "chatglm", "plain")
_NO_EFFECT = "为兼容官方脚本而接受，不起作用："


@dataclass
class ModelArguments:
    model_name_or_path: str = field(default="RawModels/caibao-mini", metadata={"help": "基座模型文件夹"})
    ptuning_checkpoint: str | None = field(default=None, metadata={"help": "已有的前缀检查点，用来评测或接着训练"})
    pre_seq_len: int = field(default=32, metadata={"help": "前缀长度；带 ptuning_checkpoint 时以检查点为准"})
    prefix_projection: bool = field(default=False, metadata={"help": "前缀经过一个两层MLP再参数化"})
    prefix_init_std: float = field(default=1.0, metadata={"help": "前缀初始值的标准差"})


@dataclass
class DataArguments:
    task_name: str = field(default="text", metadata={"help": "classify、keywords 各有自己的指标，其他看全对率与文本指标"})
    train_file: str | None = field(default=None, metadata={"help": "训练数据（JSON数组或JSON行）"})
    validation_file: str | None = field(default=None, metadata={"help": "验证数据"})
    test_file: str | None = field(default=None, metadata={"help": "测试数据（do_predict）"})
    prompt_column: str = field(default="question_prompt", metadata={"help": "问题所在的字段"})
    response_column: str = field(default="query", metadata={"help": "答案所在的字段"})
    history_column: str | None = field(default=None, metadata={"help": "历史对话 [[问, 答], …] 所在的字段"})
    source_prefix: str = field(default="", metadata={"help": "加在每个问题前面的文字"})
    prompt_style: str = field(default="auto", metadata={"help": "chatglm：[Round 1] 问答格式；plain：原样；auto：由基座决定"})
    max_source_length: int = field(default=128, metadata={"help": "训练时问题最多多少词元"})
    max_target_length: int = field(default=128, metadata={"help": "答案最多多少词元"})
    max_train_samples: int | None = field(default=None, metadata={"help": "只用前N条训练数据"})
    max_eval_samples: int | None = field(default=None, metadata={"help": "只用前N条验证数据"})
    max_predict_samples: int | None = field(default=None, metadata={"help": "只用前N条测试数据"})
    preprocessing_num_workers: int | None = field(default=None, metadata={"help": _NO_EFFECT + "分词只要几秒"})
    overwrite_cache: bool = field(default=False, metadata={"help": _NO_EFFECT + "没有缓存"})


@dataclass
class PtuningArguments(Seq2SeqTrainingArguments):
    """Defaults that suit prefixes: a short warm-up, linear decay, no weight decay, batches of like length."""

    learning_rate: float = field(default=0.2, metadata={"help": "学习率；嵌入的小基座0.2，6B的ChatGLM用2e-2或更小"})
    per_device_train_batch_size: int = field(default=16, metadata={"help": "每步多少条"})
    warmup_steps: float = field(default=20, metadata={"help": "预热步数"})
    logging_steps: float = field(default=20, metadata={"help": "每多少步记一次损失"})
    # None first: HfArgumentParser reads a union by its order
    report_to: None | str | list[str] = field(default="none", metadata={"help": "日志去处，例如 tensorboard"})  # noqa: RUF036
    train_sampling_strategy: str = field(default="group_by_length", metadata={"help": "长度相近的放在一批"})
    overwrite_output_dir: bool = field(default=False, metadata={"help": _NO_EFFECT + "结果总是写进 output_dir"})

    def __post_init__(self) -> None:
        super().__post_init__()
        self.remove_unused_columns = False  # the rows hold what the model takes
        self.prediction_loss_only = True  # predictions come from ptuning.generate
        self.dataloader_pin_memory &= torch.cuda.is_available()
        self.logging_nan_inf_filter = False  # a loss that is no number stops the run


def check(model: ModelArguments, data: DataArguments, training: PtuningArguments) -> None:
    """Contradictions, all in one error.

    Raises:
        PtuningError: names every argument that does not fit.
    """
    wrong = []
    for flag, name in (("do_train", "train_file"), ("do_eval", "validation_file"), ("do_predict", "test_file")):
        if getattr(training, flag) and not getattr(data, name):
            wrong.append(f"--{flag} 需要 --{name}")
    if not (training.do_train or training.do_eval or training.do_predict):
        wrong.append("请给出 --do_train、--do_eval 或 --do_predict")
    elif not training.do_train and not model.ptuning_checkpoint:
        wrong.append("不训练时需要 --ptuning_checkpoint")
    for owner, name in ((model, "pre_seq_len"), (data, "max_source_length"), (data, "max_target_length")):
        if getattr(owner, name) < 1:
            wrong.append(f"--{name} 至少为1，现在是{getattr(owner, name)}")
    if data.prompt_style not in STYLES:
        wrong.append(f"--prompt_style 只能是 {'、'.join(STYLES)}，现在是{data.prompt_style}")
    if data.history_column and data.prompt_style == "plain":
        wrong.append("--history_column 只能与 --prompt_style chatglm 一起用")
    if wrong:
        raise PtuningError("参数不对：" + "；".join(wrong) + "。")
