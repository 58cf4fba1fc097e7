"""One call of ptuning.main with --template: rows are put as texts with a gap, and labels are read off the gap's words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ptuning.errors import PtuningError
from ptuning.heads import scores
from ptuning.methods.method import Tuning
from ptuning.templates.prediction import Demonstrations, LabelRow, Predictor
from ptuning.templates.template import TemplateFile, read_template
from ptuning.training import dataset, metrics
from ptuning.training.examples import Example
from ptuning.training.readers import read_rows
from ptuning.training.session import Session

SOFT_OPTIONS = {"prompt": "prompt_tokens", "ptuning": "ptuning_tokens"}  # the methods whose inputs {soft:N} are


class TemplateSession(Session):
    """A Session whose prompts and answers a template makes. With several templates each row is trained on in all of them."""

    @cached_property
    def _file(self) -> TemplateFile:
        return read_template(str(self.data.template))

    def _tuning(self) -> Tuning | None:
        soft = self._file.soft
        if soft and not self.model_args.ptuning_checkpoint:
            names = {method.name: options for method, options in self.model_args.asked()}
            known = [name for name in names if name in SOFT_OPTIONS]
            if not known:
                raise PtuningError(
                    f"模板 {self.data.template} 有 {{soft:{soft}}}，请用 --method prompt 或 ptuning 训练它们。"
                )
            option = SOFT_OPTIONS[known[0]]
            given = getattr(names[known[0]], option)
            if given not in (None, soft):
                raise PtuningError(f"--{option} {given} 与模板的 {{soft:{soft}}} 不一样，请改成一样的。")
            setattr(names[known[0]], option, soft)
        return super()._tuning()

    def _labelled(self, path: str | None, limit: int | None) -> list[tuple[str, dict[str, Any], str]]:
        """(where, fields, label) of the rows; every label has words."""
        found = []
        column = self.data.response_column
        for where, row in read_rows(Path(str(path)))[:limit]:
            place = f"数据文件 {path} {where}"
            if not isinstance(row, dict) or not isinstance(row.get(column), str):
                raise PtuningError(f"{place}没有文字的字段“{column}”，请用 --response_column 指定标签所在的字段。")
            self._file.verbalizer.first(row[column], place)
            found.append((place, row, row[column]))
        if not found:
            raise PtuningError(f"数据文件 {path} 里没有数据，请检查文件。")
        return found

    def _examples(self, path: str | None, limit: int | None) -> list[Example]:
        made = []
        for where, row, label in self._labelled(path, limit):
            for template in self._file.templates:
                filled = template.fill(row, where)
                made.append(Example(filled.prompt, filled.answer(self._file.verbalizer.first(label, where))))
        return made

    @cached_property
    def _demonstrations(self) -> Demonstrations | None:
        if not self.data.shots:
            return None
        rows = [row for file in self.data.train_file or [] for row in self._labelled(file, self.data.max_train_samples)]
        return Demonstrations([(row, label) for _, row, label in rows], self._file.templates[0].fields)

    def _predicted(self, rows: Sequence[LabelRow]) -> list[str]:
        model: Any = self.adapted.eval() if self.adapted else self.base.model
        predictor = Predictor(
            model, self.base.tokenizer, self._file, self._demonstrations, self.data.shots, self.data.calibrate
        )
        return [label for label, _ in predictor.predict(rows)]

    def _scores(self, predicted: Sequence[str], wanted: Sequence[str]) -> dict[str, Any]:
        figures = metrics.class_scores(predicted, wanted)
        return figures | {"macro_f1": scores.macro_f1(predicted, wanted), "majority": scores.majority(wanted)}

    def _held_out(self) -> tuple[dataset.EncodedRows | None, Any]:
        if self.training.eval_strategy == "no":
            return None, None
        file, limit = self.data.validation_file, self.data.max_eval_samples
        rows = self._labelled(file, limit)

        def found() -> dict[str, float]:
            figures = self._scores(self._predicted([row[:2] for row in rows]), [row[2] for row in rows])
            return {name: value for name, value in figures.items() if isinstance(value, float)}

        return self._encoded(self._examples(file, limit), str(file)), found

    def _judged(self, path: str | None, limit: int | None) -> tuple[Sequence[Any], Sequence[Any], dict[str, Any]]:
        rows = self._labelled(path, limit)
        predicted, wanted = self._predicted([row[:2] for row in rows]), [row[2] for row in rows]
        return predicted, wanted, self._scores(predicted, wanted)
