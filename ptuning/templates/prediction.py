"""Labels of rows by how likely their words are in the gap: zero-shot, with demonstrations, or by a tuned model; no text is written,
so every row gets a label."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rank_bm25 import BM25Okapi

from ptuning.answering.generate import Model, score_choices
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.templates.template import Template, TemplateFile

NO_CONTENT = ("无", "N/A", "……")  # texts that say nothing, for calibration
LabelRow = tuple[str, Mapping[str, Any]]  # where it is, fields


class Demonstrations:
    """Answered rows, of which those nearest to a question stand before it (BM25 over pairs of characters)."""

    def __init__(self, rows: Sequence[tuple[Mapping[str, Any], str]], fields: Sequence[str]) -> None:
        """rows: (fields, label)."""
        self._rows, self._fields = rows, fields
        self._index = BM25Okapi([self._pairs(row) for row, _ in rows])

    def _pairs(self, row: Mapping[str, Any]) -> list[str]:
        text = " ".join(str(row.get(name, "")) for name in self._fields).lower()
        return [text[i : i + 2] for i in range(len(text) - 1)] or [text]

    def nearest(self, row: Mapping[str, Any], count: int) -> list[tuple[Mapping[str, Any], str]]:
        """The nearest last; the row itself is none of them."""
        scores = self._index.get_scores(self._pairs(row))
        order = sorted(range(len(self._rows)), key=lambda i: (-scores[i], i))
        own = self._pairs(row)
        found = [self._rows[i] for i in order if self._pairs(self._rows[i][0]) != own][:count]
        return found[::-1]


class Predictor:
    """A model, templates and the words of each label."""

    def __init__(
        self,
        model: Model,
        tokenizer: Tokenizer,
        file: TemplateFile,
        demonstrations: Demonstrations | None = None,
        shots: int = 0,
        calibrate: bool = False,
    ) -> None:
        """shots: demonstrations before each question. calibrate: what the model says of texts without content is taken off
        (Zhao et al. 2021, arXiv 2102.09690)."""
        self._model, self._tokenizer, self._file = model, tokenizer, file
        self._demonstrations, self._shots, self._calibrate = demonstrations, shots, calibrate

    def predict(self, rows: Sequence[LabelRow]) -> list[tuple[str, dict[str, float]]]:
        """(label, probability of each label) of every row; several templates vote by the mean of their log-probabilities."""
        each = [self._of_template(template, rows) for template in self._file.templates]
        found = []
        for votes in zip(*each):
            mean = {label: sum(vote[label] for vote in votes) / len(votes) for label in votes[0]}
            chances = {label: math.exp(value) for label, value in _normalised(mean).items()}
            found.append((max(chances, key=lambda label: chances[label]), chances))
        return found

    def _of_template(self, template: Template, rows: Sequence[LabelRow]) -> list[dict[str, float]]:
        empty: list[LabelRow] = []
        if self._calibrate:
            empty = [("", dict.fromkeys(template.fields, text)) for text in NO_CONTENT]
        scores = [_normalised(each) for each in self._scores(template, [*rows, *empty])]
        if not empty:
            return scores
        nothing = scores[len(rows) :]
        bias = {label: math.log(sum(math.exp(n[label]) for n in nothing) / len(nothing)) for label in nothing[0]}
        return [_normalised({label: each[label] - bias[label] for label in each}) for each in scores[: len(rows)]]

    def _scores(self, template: Template, rows: Sequence[LabelRow]) -> list[dict[str, float]]:
        """Of each label: log of the mean probability of its words (with what follows the gap)."""
        words = [(label, word) for label, group in self._file.verbalizer.words.items() for word in group]
        filled = [template.fill(row, where) for where, row in rows]
        prompts = [self._shown(template, row) + each.prompt for (_, row), each in zip(rows, filled)]
        groups: dict[tuple[str, ...], list[int]] = {}
        for at, each in enumerate(filled):
            groups.setdefault(tuple(each.answer(word) for _, word in words), []).append(at)
        found: list[dict[str, float]] = [{}] * len(rows)
        for answers, among in groups.items():
            scored = score_choices(self._model, self._tokenizer, [prompts[at] for at in among], answers)
            for at, values in zip(among, scored):
                found[at] = self._by_label(words, values)
        return found

    def _by_label(self, words: Sequence[tuple[str, str]], values: Sequence[float]) -> dict[str, float]:
        of: dict[str, list[float]] = {}
        for (label, _), value in zip(words, values):
            of.setdefault(label, []).append(value)
        return {label: _log_sum(group) - math.log(len(group)) for label, group in of.items()}

    def _shown(self, template: Template, row: Mapping[str, Any]) -> str:
        """Demonstrations, a line each."""
        if not (self._demonstrations and self._shots):
            return ""
        text = ""
        for shown, label in self._demonstrations.nearest(row, self._shots):
            filled = template.fill(shown, "")
            text += filled.prompt + filled.answer(self._file.verbalizer.words[label][0]) + "\n"
        return text


def _log_sum(values: Sequence[float]) -> float:
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values))


def _normalised(values: Mapping[str, float]) -> dict[str, float]:
    total = _log_sum(list(values.values()))
    return {label: value - total for label, value in values.items()}
