"""One call of ptuning.main with --head classification or token: the base names classes instead of writing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ptuning.base.encoders import is_encoder
from ptuning.base.models import Base
from ptuning.errors import PtuningError
from ptuning.heads import scores
from ptuning.heads.classifier import Classifier, load_base_of_any_kind
from ptuning.heads.encoding import LabelCollator, LabelEncoder, Labelled
from ptuning.heads.model import HeadedModel
from ptuning.heads.task_head import HeadConfig, TaskHead, load_head
from ptuning.methods.adapted import AdaptedModel, is_decoder
from ptuning.methods.method import Tuning
from ptuning.training import dataset, labelled, metrics
from ptuning.training.session import Session, compute_dtype, say


class HeadSession(Session):
    """A Session whose rows have labels."""

    def _load_base(self) -> Base:
        folder, bits = self.model_args.model_name_or_path, self.model_args.quantization_bit or 0
        if bits and is_encoder(folder):
            raise PtuningError("编码器（BERT 一类）不能量化，请去掉 --quantization_bit。")
        scheme = {"quantization_bit": bits, "quantization_scheme": self.model_args.quantization_scheme}
        return load_base_of_any_kind(folder, compute_dtype(self.training), str(self.training.device), **scheme)

    def _tuning(self) -> Tuning:
        """Raises PtuningError where there is neither a checkpoint nor a method: a head of random numbers says nothing."""
        tuning = super()._tuning()
        if tuning is None:
            raise PtuningError(f"--head {self.data.head} 没有训练过就没有输出头，请给出 --ptuning_checkpoint。")
        return tuning

    def _adapted(self, tuning: Tuning) -> AdaptedModel:
        checkpoint = self.model_args.ptuning_checkpoint
        head = load_head(checkpoint) if checkpoint else self._fresh_head()
        if head.config.kind != self.data.head:
            raise PtuningError(
                f"检查点 {checkpoint} 的输出头是 {head.config.kind}，--head 给的是 {self.data.head}，请改成一样的。"
            )
        return HeadedModel(self.base.model, tuning, head)

    def _fresh_head(self) -> TaskHead:
        files = "、".join(self.data.train_file or [])
        labels = labelled.labels_of(self._train, self.data.labels, files)
        pooling = self.data.pooling
        if pooling == "auto":
            pooling = "last" if is_decoder(self.base.model) else "first"
        return TaskHead(HeadConfig(self.data.head, labels, self.base.model.config.hidden_size, pooling))

    @property
    def _headed(self) -> HeadedModel:
        assert isinstance(self.adapted, HeadedModel)
        return self.adapted

    @property
    def _labels(self) -> tuple[str, ...]:
        return self._headed.task_head.config.labels

    @cached_property
    def _train(self) -> list[Labelled]:
        return [row for file in self.data.train_file or [] for row in self._labelled(file, self.data.max_train_samples)]

    def _labelled(self, path: str | None, limit: int | None) -> list[Labelled]:
        assert path is not None  # `check` has seen to it
        columns = labelled.LabelColumns(self.data.prompt_column, self.data.response_column, self.data.second_column)
        return labelled.read_labelled(path, columns, self.data.head)[:limit]

    def _rows(self, rows: list[Labelled], name: str) -> dataset.EncodedRows:
        labelled.require_known(rows, self._labels, name)
        encode = LabelEncoder(self.base, self._labels, self.data.max_source_length)
        encoded = [encode(row) for row in rows]
        cut = sum(row.cut for row in encoded)
        if cut:
            say(f"注意：{name} 有{cut}条超过 --max_source_length {self.data.max_source_length}（截掉末尾）。")
        return dataset.EncodedRows(encoded)

    def _training_rows(self) -> dataset.EncodedRows:
        return self._rows(self._train, "、".join(self.data.train_file or []))

    def _collator(self) -> Any:
        return LabelCollator(self.base.tokenizer.pad_token_id, self.data.head == "token")

    def _meta(self) -> dict[str, Any]:
        return {"task": self.data.task_name, "head": self.data.head}

    def _held_out(self) -> tuple[dataset.EncodedRows | None, Any]:
        if self.training.eval_strategy == "no":
            return None, None
        rows = self._labelled(self.data.validation_file, self.data.max_eval_samples)

        def found() -> dict[str, float]:
            figures = self._scores(self._predicted(rows), rows)
            return {name: value for name, value in figures.items() if isinstance(value, float)}

        return self._rows(rows, str(self.data.validation_file)), found

    def _predicted(self, rows: list[Labelled]) -> list[Any]:
        model, training = self._headed, self._headed.training
        try:
            found = Classifier(model, self.base, self.data.max_source_length).predict(rows)
        finally:
            model.train(training)
        return [prediction.label for prediction in found]

    def _scores(self, predicted: list[Any], rows: list[Labelled]) -> dict[str, Any]:
        if self.data.head == "token":
            return scores.entity_scores(predicted, [row.tags for row in rows])
        wanted = [row.label for row in rows]
        found = metrics.class_scores(predicted, wanted)
        return found | {"macro_f1": scores.macro_f1(predicted, wanted), "majority": scores.majority(wanted)}

    def _judged(self, path: str | None, limit: int | None) -> tuple[Sequence[Any], Sequence[Any], dict[str, Any]]:
        rows = self._labelled(path, limit)
        predicted = self._predicted(rows)
        return predicted, [row.tags or row.label for row in rows], self._scores(predicted, rows)
