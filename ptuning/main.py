"""Trains, evaluates and predicts with a prefix: the entry point of ChatGLM's ptuning folder.

    python -m ptuning.main --do_train --task_name classify --train_file FinTrain/classify/train.json \\
        --output_dir output/prefix/classify
    python -m ptuning.main --do_predict --ptuning_checkpoint output/prefix/classify --task_name classify \\
        --test_file FinTrain/classify/test.json --output_dir output/predict

Writes into output_dir: the prefix checkpoint, checkpoint-N folders, trainer_state.json, train_results.json,
eval_results.json, predict_results.json, all_results.json, generated_predictions.txt (a JSON line
{"labels", "predict"} for each row) and loss.png.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
from transformers import HfArgumentParser, set_seed
from transformers.utils import logging as transformers_logging

from ptuning import dataset, metrics
from ptuning.arguments import DataArguments, ModelArguments, PtuningArguments, check
from ptuning.errors import PtuningError
from ptuning.files import read_json
from ptuning.generate import generate
from ptuning.models import load_base
from ptuning.plots import loss_curve
from ptuning.prefix import PrefixConfig, PrefixEncoder, PrefixModel, load_prefix
from ptuning.trainer import FallingLoss, PrefixTrainer, checkpoint_to_resume


class Session:
    """One call of main: the three arguments, the base and its prefix."""

    def __init__(self, model: ModelArguments, data: DataArguments, training: PtuningArguments) -> None:
        check(model, data, training)
        self.model_args, self.data, self.training = model, data, training
        self.folder = Path(str(training.output_dir))
        set_seed(training.seed)
        dtype = torch.bfloat16 if training.bf16 else torch.float16 if training.fp16 else None
        self.base = load_base(model.model_name_or_path, dtype, str(training.device))
        chat = data.prompt_style == "chatglm" or (data.prompt_style == "auto" and self.base.original)
        if data.history_column and not chat:
            raise PtuningError("--history_column 只能用于问答格式，请加 --prompt_style chatglm。")
        self.style = dataset.PromptStyle(chat, data.source_prefix)
        self.model = PrefixModel(self.base.model, self._encoder())

    def _encoder(self) -> PrefixEncoder:
        if self.model_args.ptuning_checkpoint:
            return load_prefix(self.model_args.ptuning_checkpoint, self.base)
        shape = PrefixConfig.for_model(self.base.model, self.model_args.pre_seq_len, self.model_args.prefix_projection)
        return PrefixEncoder(shape, self.model_args.prefix_init_std).to(self.base.model.device)

    def _examples(self, path: str | None, limit: int | None) -> list[dataset.Example]:
        assert path is not None  # `check` has seen to it
        columns = dataset.Columns(self.data.prompt_column, self.data.response_column, self.data.history_column)
        return dataset.read_examples(path, columns)[:limit]

    def _encoded(self, path: str | None, limit: int | None) -> dataset.EncodedRows:
        limits = (self.data.max_source_length, self.data.max_target_length)
        rows = [dataset.encode(self.base.tokenizer, self.style, e, *limits) for e in self._examples(path, limit)]
        prompts, answers = sum(row.cut_prompt for row in rows), sum(row.cut_answer for row in rows)
        if prompts or answers:
            print(
                f"注意：{path} 有{prompts}个问题超过 --max_source_length {limits[0]}、"
                f"{answers}个答案超过 --max_target_length {limits[1]}，超出的部分被截掉。",
                file=sys.stderr,
            )
        return dataset.EncodedRows(rows)

    def train(self) -> None:
        """Trains, and writes checkpoint, results, state and loss curve."""
        rows = self._encoded(self.data.train_file, self.data.max_train_samples)
        held_out = None
        if self.training.eval_strategy != "no":
            held_out = self._encoded(self.data.validation_file, self.data.max_eval_samples)
        trainer = PrefixTrainer(
            self.model,
            self.base,
            {"task": self.data.task_name, "chat": self.style.chat},
            args=self.training,
            train_dataset=rows,
            eval_dataset=held_out,
            data_collator=dataset.Collator(self.base.tokenizer.pad_token_id),
            callbacks=[] if self.model_args.ptuning_checkpoint else [FallingLoss()],
        )
        resume = checkpoint_to_resume(self.training.resume_from_checkpoint, self.folder)
        figures = trainer.train(resume_from_checkpoint=resume).metrics | {"train_samples": len(rows)}
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        if resume and losses:  # the trainer divides the losses since resuming by all steps
            figures["train_loss"] = sum(losses) / len(losses)
        trainer.save_model()
        trainer.log_metrics("train", figures)
        trainer.save_metrics("train", figures)
        trainer.save_state()
        if trainer.is_world_process_zero():
            loss_curve(trainer.state.log_history, self.folder / "loss.png", self.data.task_name)

    def predict(self, split: str, path: str | None, limit: int | None) -> None:
        """Greedy predictions of a file, their scores in {split}_results.json; those of the test also one by one."""
        if self.training.process_index:  # with several GPUs the first one predicts
            return
        examples = self._examples(path, limit)
        prompts = [self.style.render(self.base.tokenizer, example) for example in examples]
        wanted = [example.response for example in examples]
        started = time.monotonic()
        batch_size = 8 * self.training.eval_batch_size
        written = generate(self.model.eval(), self.base.tokenizer, prompts, self.data.max_target_length, batch_size)
        seconds = time.monotonic() - started
        scores = metrics.task_scores(self.data.task_name, written, wanted) | {
            "samples": len(examples),
            "runtime": round(seconds, 4),
            "samples_per_second": round(len(examples) / seconds, 3),
        }
        save_results(self.folder, split, {f"{split}_{name}": value for name, value in scores.items()})
        if split == "predict":
            lines = (json.dumps({"labels": w, "predict": p}, ensure_ascii=False) + "\n" for w, p in zip(wanted, written))
            write(self.folder / "generated_predictions.txt", "".join(lines))


def write(path: Path, text: str) -> None:
    """Beside first, then renamed: never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def save_results(folder: Path, split: str, results: dict[str, Any]) -> None:
    """{split}_results.json, and the same keys added to all_results.json; prints the figures."""
    together = folder / "all_results.json"
    known = read_json(together) if together.exists() else {}
    for path, content in ((folder / f"{split}_results.json", results), (together, known | results)):
        write(path, json.dumps(content, ensure_ascii=False, indent=4, sort_keys=True) + "\n")
    for name, value in results.items():
        if isinstance(value, float):
            print(f"  {name} = {value}")


def parse(argv: list[str] | None) -> tuple[ModelArguments, DataArguments, PtuningArguments]:
    """Raises PtuningError for an unknown argument, or for training arguments that contradict each other."""
    parser = HfArgumentParser([ModelArguments, DataArguments, PtuningArguments], allow_abbrev=False)  # type: ignore[list-item]
    try:
        *parsed, unknown = parser.parse_args_into_dataclasses(argv, return_remaining_strings=True)
    except (ValueError, ImportError) as error:
        raise PtuningError(f"参数不对：{error}") from None
    if unknown:
        raise PtuningError(f"不认识的参数：{' '.join(unknown)}，用 --help 查看全部参数。")
    model, data, training = parsed
    return model, data, training


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input; 130 when interrupted."""
    transformers_logging.set_verbosity_error()
    terminal = sys.stderr.isatty()
    if not terminal:
        transformers_logging.disable_progress_bar()
    try:
        model, data, training = parse(argv)
        training.disable_tqdm = not terminal
        session = Session(model, data, training)
        if training.do_train:
            session.train()
        if training.do_eval:
            session.predict("eval", data.validation_file, data.max_eval_samples)
        if training.do_predict:
            session.predict("predict", data.test_file, data.max_predict_samples)
    except PtuningError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已中断；加 --resume_from_checkpoint auto 再运行，会从最后一个完整的检查点继续。", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
