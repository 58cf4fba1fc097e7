"""Trains, evaluates and predicts with a prefix: the entry point of ChatGLM's ptuning folder.

    python -m ptuning.main --do_train --task_name classify --train_file FinTrain/classify/train.json --pre_seq_len 32 \\
        --output_dir output/prefix/classify
    python -m ptuning.main --do_predict --ptuning_checkpoint output/prefix/classify --task_name classify \\
        --test_file FinTrain/classify/test.json --output_dir output/predict
    python -m ptuning.main arguments.json                      # the same names in a JSON object
    cd ptuning && torchrun --nproc_per_node 2 main.py …        # as the official scripts call it

Writes into output_dir: the prefix checkpoint, checkpoint-N folders, trainer_state.json, train_results.json,
eval_results.json, predict_results.json, all_results.json, generated_predictions.txt (a JSON line
{"labels", "predict"} for each row) and loss.png.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

if not __package__:  # run as a script inside ptuning/: its modules must not be taken for top-level ones
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import torch
from transformers import EarlyStoppingCallback, TrainerCallback, set_seed
from transformers.utils import logging as transformers_logging

from ptuning.answering.generate import Model, generate
from ptuning.answering.sampling import GREEDY, Sampling
from ptuning.base.models import load_base
from ptuning.checkpoints import export_prefix, load_prefix
from ptuning.errors import PtuningError
from ptuning.files import read_json
from ptuning.methods.prefix.model import PrefixConfig, PrefixEncoder, PrefixModel
from ptuning.training import dataset, metrics
from ptuning.training.arguments import DataArguments, ModelArguments, PtuningArguments, check
from ptuning.training.command_line import parse
from ptuning.training.plots import loss_curve
from ptuning.training.trainer import FallingLoss, PrefixTrainer, checkpoint_to_resume


class Session:
    """One call of main: the three arguments, the base and its prefix."""

    def __init__(self, model: ModelArguments, data: DataArguments, training: PtuningArguments) -> None:
        check(model, data, training)
        self.model_args, self.data, self.training = model, data, training
        self.folder = Path(str(training.output_dir))
        set_seed(training.seed)
        self.base = load_base(
            model.model_name_or_path,
            compute_dtype(training),
            str(training.device),
            quantization_bit=model.quantization_bit or 0,
            quantization_scheme=model.quantization_scheme,
        )
        chat = data.prompt_style == "chatglm" or (data.prompt_style == "auto" and self.base.original)
        if data.history_column and not chat:
            raise PtuningError("--history_column 只能用于问答格式，请加 --prompt_style chatglm。")
        self.style = dataset.PromptStyle(chat, data.source_prefix)
        encoder = self._encoder()
        self.prefixed = PrefixModel(self.base.model, encoder) if encoder else None

    def _encoder(self) -> PrefixEncoder | None:
        """A checkpoint's prefix; a new one to train; none where the bare base is to be evaluated."""
        checkpoint, length = self.model_args.ptuning_checkpoint, self.model_args.pre_seq_len
        if checkpoint:
            encoder = load_prefix(checkpoint, self.base)
            if length not in (None, encoder.config.pre_seq_len):
                say(
                    f"提示：前缀长度以检查点 {checkpoint} 的 {encoder.config.pre_seq_len} 为准，--pre_seq_len {length} 不起作用。"
                )
            return encoder
        if length is None:
            return None
        shape = PrefixConfig.for_model(self.base.model, length, self.model_args.prefix_projection)
        return PrefixEncoder(shape, self.model_args.prefix_init_std).to(self.base.model.device)

    def _examples(self, path: str | None, limit: int | None) -> list[dataset.Example]:
        assert path is not None  # `check` has seen to it
        columns = dataset.Columns(self.data.prompt_column, self.data.response_column, self.data.history_column)
        return dataset.read_examples(path, columns)[:limit]

    def _encoded(self, examples: list[dataset.Example], name: str) -> dataset.EncodedRows:
        data = self.data
        limits = (data.max_source_length, data.max_target_length, data.truncation_side, data.history_loss)
        rows = [dataset.encode(self.base.tokenizer, self.style, example, *limits) for example in examples]
        prompts, answers = sum(row.cut_prompt for row in rows), sum(row.cut_answer for row in rows)
        if prompts or answers:
            side = "开头" if data.truncation_side == "left" else "末尾（问题与“答：”可能在内）"
            say(
                f"注意：{name} 有{prompts}个问题超过 --max_source_length {data.max_source_length}（截掉{side}）、"
                f"{answers}个答案超过 --max_target_length {data.max_target_length}（截掉末尾）。"
            )
        return dataset.EncodedRows(rows)

    def _training_rows(self) -> dataset.EncodedRows:
        files = self.data.train_file or []
        parts = [self._examples(file, self.data.max_train_samples) for file in files]
        mixed = dataset.mix(parts, self.data.train_weights or [1.0] * len(parts), self.training.seed)
        return self._encoded(mixed, "、".join(files))

    def _held_out(self) -> tuple[dataset.EncodedRows | None, Any]:
        """Rows for eval_loss, and what scores the model on them by what it writes."""
        if self.training.eval_strategy == "no":
            return None, None
        examples = self._examples(self.data.validation_file, self.data.max_eval_samples)

        def scores() -> dict[str, float]:
            found = metrics.task_scores(self.data.task_name, self._written(examples), [e.response for e in examples])
            return {name: value for name, value in found.items() if isinstance(value, float)}

        return self._encoded(examples, str(self.data.validation_file)), scores

    def train(self) -> None:
        """Trains, and writes checkpoint, results, state and loss curve."""
        rows = self._training_rows()
        held_out, scorer = self._held_out()
        callbacks: list[TrainerCallback] = [] if self.model_args.ptuning_checkpoint else [FallingLoss()]
        if self.training.early_stopping_patience:
            callbacks.append(EarlyStoppingCallback(self.training.early_stopping_patience))
        longest = self.data.max_source_length + self.data.max_target_length + 1
        assert self.prefixed is not None  # `check` has seen to it
        trainer = PrefixTrainer(
            self.prefixed,
            self.base,
            {"task": self.data.task_name, "chat": self.style.chat},
            scorer,
            args=self.training,
            train_dataset=rows,
            eval_dataset=held_out,
            data_collator=dataset.Collator(
                self.base.tokenizer.pad_token_id, longest if self.data.pad_to_max_length else None
            ),
            callbacks=callbacks,
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
            if self.model_args.checkpoint_layout != "caibao":
                export_prefix(self.folder, self.prefixed.prefix_encoder, self.base, self.model_args.checkpoint_layout)
            loss_curve(trainer.state.log_history, self.folder / "loss.png", self.data.task_name)

    def _written(self, examples: list[dataset.Example]) -> list[str]:
        data = self.data
        prompts = [self.style.ids(self.base.tokenizer, example).ids for example in examples]
        sampling = Sampling(True, top_p=data.top_p, temperature=data.temperature) if data.do_sample else GREEDY
        limit = data.val_max_target_length or data.max_target_length
        model: Model = self.prefixed.eval() if self.prefixed else self.base.model
        return generate(model, self.base.tokenizer, prompts, limit, sampling)

    def predict(self, split: str, path: str | None, limit: int | None) -> None:
        """Predictions of a file, their scores in {split}_results.json; those of the test also one by one."""
        if self.training.process_index:  # with several GPUs the first one predicts
            return
        examples = self._examples(path, limit)
        wanted = [example.response for example in examples]
        started = time.monotonic()
        written = self._written(examples)
        seconds = time.monotonic() - started
        steps = math.ceil(len(examples) / self.training.eval_batch_size)
        scores = metrics.task_scores(self.data.task_name, written, wanted) | {
            "samples": len(examples),
            "runtime": round(seconds, 4),
            "samples_per_second": round(len(examples) / seconds, 3),
            "steps_per_second": round(steps / seconds, 3),
        }
        save_results(self.folder, split, {f"{split}_{name}": value for name, value in scores.items()})
        if split == "predict":
            lines = (
                json.dumps({"labels": w, "predict": p}, ensure_ascii=False) + "\n" for w, p in zip(wanted, written)
            )
            write(self.folder / "generated_predictions.txt", "".join(lines))


def compute_dtype(training: PtuningArguments) -> torch.dtype | None:
    """As the arguments say; on CUDA bfloat16 where it can, for it does not overflow; else the loader's own choice."""
    if training.fp16 or training.fp16_full_eval:
        return torch.float16
    bf16 = training.device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if training.bf16 or training.bf16_full_eval or bf16 else None


def say(text: str) -> None:
    print(text, file=sys.stderr)


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


def main(argv: list[str] | None = None) -> int:
    """Exit code 0; 1 with one sentence on standard error for bad input; 130 when interrupted."""
    transformers_logging.set_verbosity_error()
    terminal = sys.stderr.isatty()
    if not terminal:
        transformers_logging.disable_progress_bar()
    try:
        model, data, training, notices = parse(argv)
        training.disable_tqdm = not terminal
        if training.process_index == 0:
            for notice in notices:
                say(notice)
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
    leave_together()
    return 0


def leave_together() -> None:
    """Several processes end at once: one that goes while another still writes would abort in its communication threads."""
    import torch.distributed as distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
