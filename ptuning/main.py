"""Trains, evaluates and predicts with a prefix: the entry point of ChatGLM's ptuning folder.

    python -m ptuning.main --do_train --task_name classify --train_file FinTrain/classify/train.json --output_dir output/prefix/classify
    python -m ptuning.main --do_predict --ptuning_checkpoint output/prefix/classify --task_name classify --test_file FinTrain/classify/test.json --output_dir output/predict

Writes into output_dir: the prefix checkpoint, checkpoint-N folders, trainer_state.json, train_results.json, eval_results.json, predict_results.json,
all_results.json, generated_predictions.txt (a JSON line {"labels", "predict"} for each row) and loss.png.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import HfArgumentParser, set_seed
from transformers.utils import logging as transformers_logging

from ptuning import dataset, metrics
from ptuning.arguments import DataArguments, ModelArguments, PtuningArguments, check
from ptuning.errors import PtuningError
from ptuning.generate import generate
from ptuning.models import Base, load_base
from ptuning.plots import loss_curve
from ptuning.prefix import PrefixConfig, PrefixEncoder, PrefixModel, load_prefix
from ptuning.trainer import PrefixTrainer, last_whole_checkpoint


class Session:
    """One call of main: the base with its prefix, and the three arguments."""

    def __init__(self, model: ModelArguments, data: DataArguments, training: PtuningArguments) -> None:
        check(model, data, training)
        self.model_args, self.data, self.training = model, data, training
        set_seed(training.seed)
        dtype = torch.bfloat16 if training.bf16 else torch.float16 if training.fp16 else None
        self.base: Base = load_base(model.model_name_or_path, dtype, str(training.device))
        self.chat = data.prompt_style == "chatglm" or (data.prompt_style == "auto" and self.base.original)
        self.model = PrefixModel(self.base.model, self._encoder())

    def _encoder(self) -> PrefixEncoder:
        if self.model_args.ptuning_checkpoint:
            return load_prefix(self.model_args.ptuning_checkpoint, self.base)
        config = PrefixConfig.for_model(self.base.model, self.model_args.pre_seq_len, self.model_args.prefix_projection)
        return PrefixEncoder(config, self.model_args.prefix_init_std).to(self.base.model.device)

    def examples(self, path: str | None, limit: int | None) -> list[dataset.Example]:
        assert path is not None  # `check` has seen to it
        found = dataset.read_examples(path, self.data.prompt_column, self.data.response_column)[:limit]
        prompts, answers = dataset.count_cut(self.base.tokenizer, found, self.data.max_source_length, self.data.max_target_length, self.chat)
        if prompts or answers:
            print(f"注意：{path} 有{prompts}个问题超过 --max_source_length {self.data.max_source_length}、{answers}个答案超过 --max_target_length {self.data.max_target_length}，超出部分被截断。", file=sys.stderr)
        return found

    def rows(self, examples: list[dataset.Example]) -> dataset.PromptDataset:
        limits = (self.data.max_source_length, self.data.max_target_length)
        return dataset.PromptDataset([dataset.encode(self.base.tokenizer, e, *limits, self.chat) for e in examples])

    def train(self) -> None:
        examples = self.examples(self.data.train_file, self.data.max_train_samples)
        trainer = PrefixTrainer(self.model, self.base, {"task": self.data.task_name, "chat": self.chat}, args=self.training, train_dataset=self.rows(examples),
                                data_collator=dataset.Collator(self.base.tokenizer.pad_token_id))
        resume: Any = self.training.resume_from_checkpoint
        if resume in ("True", "true", "auto"):
            resume = last_whole_checkpoint(str(self.training.output_dir))
        result = trainer.train(resume_from_checkpoint=resume or None)
        trainer.save_model()
        trainer.log_metrics("train", result.metrics)
        trainer.save_metrics("train", result.metrics | {"train_samples": len(examples)})
        trainer.save_state()
        if trainer.is_world_process_zero():
            loss_curve(trainer.state.log_history, Path(str(self.training.output_dir)) / "loss.png", self.data.task_name)

    def predict(self, split: str, path: str | None, limit: int | None) -> None:
        """Greedy predictions of a file, their scores in {split}_results.json; those of the test also one by one."""
        examples = self.examples(path, limit)
        prompts = [self.base.tokenizer.build_prompt(e.prompt) if self.chat else e.prompt for e in examples]
        self.model.eval()
        written = generate(self.model, self.base.tokenizer, prompts, self.data.max_target_length, self.training.per_device_eval_batch_size * 8)
        scores = metrics.task_scores(self.data.task_name, written, [e.response for e in examples]) | {"samples": len(examples)}
        folder = Path(str(self.training.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        save_results(folder, split, {f"{split}_{name}": value for name, value in scores.items()})
        if split == "predict":
            lines = [json.dumps({"labels": e.response, "predict": w}, ensure_ascii=False) for e, w in zip(examples, written)]
            (folder / "generated_predictions.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def save_results(folder: Path, split: str, results: dict[str, Any]) -> None:
    """{split}_results.json, and the same keys added to all_results.json."""
    together = folder / "all_results.json"
    known = json.loads(together.read_text(encoding="utf-8")) if together.exists() else {}
    for path, content in ((folder / f"{split}_results.json", results), (together, known | results)):
        path.write_text(json.dumps(content, ensure_ascii=False, indent=4, sort_keys=True) + "\n", encoding="utf-8")
    for name, value in results.items():
        if isinstance(value, float):
            print(f"  {name} = {value}")


def main(argv: list[str] | None = None) -> int:
    transformers_logging.set_verbosity_warning()
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()
    parser = HfArgumentParser([ModelArguments, DataArguments, PtuningArguments])  # type: ignore[arg-type]
    model, data, training = parser.parse_args_into_dataclasses(argv)
    training.disable_tqdm = not sys.stderr.isatty()
    try:
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
        print("已中断；带 --resume_from_checkpoint auto 再运行会从最后一个检查点继续。", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
