"""One call of ptuning.main: training, evaluation and prediction with the base and what trains on it."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, TrainerCallback, set_seed

from ptuning.answering.generate import Model, generate
from ptuning.answering.sampling import GREEDY, Sampling
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.files import read_json, require_folder, write_text
from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.method import Tuning
from ptuning.methods.registry import METHODS
from ptuning.methods.saving import OWN, export, within
from ptuning.methods.saving import load as load_tuning
from ptuning.training import dataset, metrics
from ptuning.training.arguments import DataArguments, ModelArguments, PtuningArguments, check_arguments
from ptuning.training.examples import Columns, Example, read_examples
from ptuning.training.plots import loss_curve
from ptuning.training.resuming import checkpoint_to_resume
from ptuning.training.trainer import FallingLoss, TuningTrainer


class Session:
    """One call of main: the three arguments, the base and what trains on it."""

    def __init__(self, model: ModelArguments, data: DataArguments, training: PtuningArguments) -> None:
        check_arguments(model, data, training)
        require_folder(Path(str(training.output_dir)), "--output_dir")
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
        self.trained = model.ptuning_checkpoint or within(self.base)  # where the prefix that the run begins with is
        tuning = self._tuning()
        self.adapted = AdaptedModel(self.base.model, tuning) if tuning is not None else None

    def _tuning(self) -> Tuning | None:
        """A checkpoint's, or the one within the base's folder; a new one to train; none where the bare base is to be evaluated."""
        checkpoint = self.trained
        if not checkpoint:
            fresh = [options.fresh(self.base.model) for options in self.model_args.asked()]
            return fresh[0].to(self.base.model.device) if fresh else None
        trained = load_tuning(checkpoint, self.base)
        for method, options in zip(METHODS, self.model_args.methods):
            said = options.differs(trained, str(checkpoint)) if isinstance(trained, method.tuning) else None
            if said:
                say(said)
        return trained

    def _examples(self, path: str | None, limit: int | None) -> list[Example]:
        assert path is not None  # `check` has seen to it
        data = self.data
        columns = Columns.of_task(data.task_name, data.prompt_column, data.response_column, data.history_column)
        return read_examples(path, columns, say)[:limit]

    def _encoded(self, examples: list[Example], name: str) -> dataset.EncodedRows:
        data = self.data
        systems = sum(example.has_system for example in examples)
        if systems and not self.base.tokenizer.has_system:
            say(f"注意：{name} 有{systems}条带 system，这个基座的问答格式没有它，已写在第一个问题的开头。")
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
        callbacks: list[TrainerCallback] = [] if self.trained else [FallingLoss()]
        if self.training.early_stopping_patience:
            callbacks.append(EarlyStoppingCallback(self.training.early_stopping_patience))
        longest = self.data.max_source_length + self.data.max_target_length + 1
        assert self.adapted is not None  # `check` has seen to it
        trainer = TuningTrainer(
            self.adapted,
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
            if self.model_args.checkpoint_layout != OWN:
                export(self.folder, self.adapted.tuning, self.base, self.model_args.checkpoint_layout)
            loss_curve(trainer.state.log_history, self.folder / "loss.png", self.data.task_name)

    def _written(self, examples: list[Example]) -> list[str]:
        data = self.data
        prompts = [self.style.ids(self.base.tokenizer, example).ids for example in examples]
        sampling = Sampling(True, top_p=data.top_p, temperature=data.temperature) if data.do_sample else GREEDY
        limit = data.val_max_target_length or data.max_target_length
        model: Model = self.adapted.eval() if self.adapted else self.base.model
        return [self.style.shown(text) for text in generate(model, self.base.tokenizer, prompts, limit, sampling)]

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
            write_text(self.folder / "generated_predictions.txt", "".join(lines))


def compute_dtype(training: PtuningArguments) -> torch.dtype | None:
    """As the arguments say; on CUDA bfloat16 where it can, for it does not overflow; else the loader's own choice."""
    if training.fp16 or training.fp16_full_eval:
        return torch.float16
    bf16 = training.device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if training.bf16 or training.bf16_full_eval or bf16 else None


def say(text: str) -> None:
    print(text, file=sys.stderr)


def save_results(folder: Path, split: str, results: dict[str, Any]) -> None:
    """{split}_results.json, and the same keys added to all_results.json; prints the figures."""
    together = folder / "all_results.json"
    known = read_json(together) if together.exists() else {}
    for path, content in ((folder / f"{split}_results.json", results), (together, known | results)):
        write_text(path, json.dumps(content, ensure_ascii=False, indent=4, sort_keys=True) + "\n")
    for name, value in results.items():
        if isinstance(value, float):
            print(f"  {name} = {value}")
