"""One frozen base, many prefixes, one batch.

A prefix is keys and values, so rows with different prefixes (or none) share every pass; so do rows to whose layers another
method adds something. What rows of one prefix begin
with is computed once. Rows that have ended leave at once and waiting ones take their slots (continuous batching, Yu et
al. 2022). Choices among given answers are read off one pass, without generating. A constraint's forced tokens are read
in one pass together, those before the first choice with the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from transformers import PreTrainedModel

from ptuning.answering import choices
from ptuning.answering.beginnings import Beginnings, shared_beginning
from ptuning.answering.passes import Passes
from ptuning.answering.requests import Request, Result
from ptuning.answering.rows import Row
from ptuning.answering.slots import Segment
from ptuning.answering.writing import Writing
from ptuning.errors import PtuningError
from ptuning.methods.method import Tuning

MAX_SLOTS = 128  # rows in one pass; more gained nothing on a CPU
COUNTS_COLUMNS = frozenset({"gpt_neo"})  # their local attention goes by columns: one row a pass, and no tree of choices
KEPT_ANSWERS = 2_000


class Engine:
    """Answers requests on one base. Prefixes, and what other methods train, may be added at any time."""

    def __init__(
        self,
        base: PreTrainedModel,
        end_tokens: Collection[int],
        pad: int,
        memory: int | None = None,
        kept_answers: int = KEPT_ANSWERS,
        graphs: bool = False,
    ) -> None:
        """memory: bytes for keys and values; a quarter of what is free unless given. kept_answers: greedy answers of
        earlier calls that are given again; 0 for none. graphs: short passes are recorded as CUDA graphs."""
        self.base, self.ends = base, frozenset(end_tokens)
        self.passes = Passes(base, pad, memory, graphs)
        self._kept_answers = kept_answers
        self._tunings: dict[str | None, Segment] = {None: self.passes.bare}
        self._beginnings = Beginnings(self.passes)
        self._answers: dict[Any, Result] = {}

    def add(self, name: str, tuning: Tuning) -> None:
        """What a method trained, under a name; one that has it already is replaced.

        Raises:
            PtuningError: it is a model of its own (full tuning), which shares no pass with the base.
        """
        if tuning.model(self.base) is not self.base:
            raise PtuningError(f"“{name}”是全量微调的，不能与别的共用基座，请把它写成 merged 格式再单独装载。")
        self._tunings[name] = self.passes.segment(tuning)
        self._beginnings.forget(name)
        self._answers.clear()

    add_prefix = add  # its name from when there was one method

    def run(self, requests: Sequence[Request]) -> list[Result]:
        """The results, in the order of the requests. A request that cannot be answered has an `error`; the others go on.

        Requests that are alike are answered once, and not again in later calls, unless they are sampled.
        """
        keys = [number if request.sampling.do_sample else _key(request) for number, request in enumerate(requests)]
        found = {key: self._answers[key] for key in keys if key in self._answers}
        fresh = {key: request for key, request in zip(keys, requests) if key not in found}
        seeds = [key if isinstance(key, int) else 0 for key in fresh]
        found.update(zip(fresh, self._answer(list(fresh.values()), seeds)))
        for key in fresh:
            if not isinstance(key, int) and found[key].error is None:
                self._answers[key] = found[key]
        while len(self._answers) > self._kept_answers:
            del self._answers[next(iter(self._answers))]
        return [replace(r, ids=list(r.ids), decisions=list(r.decisions)) for r in (found[key] for key in keys)]

    @torch.inference_mode()
    def _answer(self, requests: Sequence[Request], seeds: Sequence[int]) -> list[Result]:
        """Out of memory halves the rows that share a pass; those that had ended are not asked again."""
        results = [Result(error=self._fault(request)) for request in requests]
        open_ones = [i for i, result in enumerate(results) if result.error is None]
        slots = 1 if self.base.config.model_type in COUNTS_COLUMNS else MAX_SLOTS
        while open_ones:
            try:
                self._run(
                    [requests[i] for i in open_ones],
                    [results[i] for i in open_ones],
                    [seeds[i] for i in open_ones],
                    slots,
                )
                break
            except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU's allocator raises it bare
                if not re.search("out of memory|can't allocate memory|not enough memory", str(error)) or slots == 1:
                    raise
            slots = max(1, slots // 2)
            self.passes.free_pool()
            open_ones = [i for i in open_ones if not (results[i].ended or results[i].scores)]
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        return results

    @torch.inference_mode()
    def stream(self, request: Request) -> Iterator[Result]:
        """One request's result, the same object each time a token was added to it."""
        result = Result(error=self._fault(request))
        if result.error:
            yield result
            return
        row = self._row(request, result, 0)
        if row.begin():
            yield result
            return
        pool = self.passes.pool_of_its_own(row, row.most)  # another call may come between two tokens
        for _ in Writing(self.passes, [row], pool, 1).passes():
            yield result

    def _fault(self, request: Request) -> str | None:
        if not len(request.prompt):
            return "问题没有任何词元，请给出非空的问题。"
        if request.prefix not in self._tunings:
            return f"没有名为“{request.prefix}”的前缀，请先载入它。"
        if request.max_new_tokens < 1:
            return f"max_new_tokens 至少为1，现在是{request.max_new_tokens}。"
        if self.ends & set(request.begun):
            return "答案的开头（begun）里有结束词元，请去掉它。"
        if request.choices and self.base.config.model_type in COUNTS_COLUMNS:
            return f"{self.base.config.model_type} 的局部注意力按列计数，不能一次给几个答案打分，请换一个基座。"
        if self._room(request) < 1:
            limit = self.base.config.max_position_embeddings
            return f"问题有{len(request.prompt)}个词元，基座连同答案最多读{limit}个，请缩短。"
        return None

    def _room(self, request: Request) -> int:
        """Positions that are left for the answer."""
        start = self._tunings[request.prefix].position
        return self.base.config.max_position_embeddings - start - len(request.prompt)

    def _run(self, requests: Sequence[Request], results: Sequence[Result], seeds: Sequence[int], slots: int) -> None:
        self._learn_beginnings(requests)
        rows = [self._row(request, result, seed) for request, result, seed in zip(requests, results, seeds)]
        for given in {row.request.choices for row in rows} - {()}:
            choices.score(self.passes, [row for row in rows if row.request.choices == given], given, slots)
        writing = [row for row in rows if not (row.request.choices or row.begin())]
        if writing:
            writing.sort(key=lambda row: -len(row.pending))
            pool, slots = self.passes.pool(writing, max(row.most for row in writing), slots)
            for _ in Writing(self.passes, writing, pool, slots).passes():
                pass

    def _row(self, request: Request, result: Result, seed: int) -> Row:
        read, segment = self._beginnings.longest(request, self._tunings[request.prefix])
        matcher = request.constraint.matcher() if request.constraint else None
        rest = list(request.prompt[len(read) :])
        most = min(request.max_new_tokens, self._room(request))
        return Row(request, result, segment, rest, most, request.sampling.draws(seed), matcher, self.ends)

    def _learn_beginnings(self, requests: Sequence[Request]) -> None:
        """What all prompts of a prefix begin with; where they share a beginning, first and last in order share it."""
        groups: dict[str | None, list[list[int]]] = {}
        for request in requests:
            groups.setdefault(request.prefix, []).append(list(request.prompt))
        for name, prompts in groups.items():
            if len(prompts) > 1:
                self.remember(name, shared_beginning(prompts)[: min(map(len, prompts)) - 1])

    def remember(self, prefix: str | None, beginning: Sequence[int]) -> None:
        """Reads a beginning that prompts of this prefix will share, so that they need not."""
        self._beginnings.remember(prefix, beginning, self._tunings[prefix])


def _key(request: Request) -> tuple[Any, ...]:
    """What decides a greedy answer."""
    return (
        request.prefix,
        tuple(request.prompt),
        request.max_new_tokens,
        request.choices,
        request.constraint,
        request.begun,
    )
