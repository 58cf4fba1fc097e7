"""One frozen base, many prefixes, one batch.

A prefix is keys and values, so rows with different prefixes (or none) share every pass. What rows of one prefix begin
with is computed once. Rows that have ended leave at once and waiting ones take their slots (continuous batching, Yu et
al. 2022). Choices among given answers are read off one pass, without generating. A constraint's forced tokens are read
in one pass together, those before the first choice with the prompt.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ptuning.answering.attention import grouped
from ptuning.answering.choices import Tree
from ptuning.answering.recorded import RecordedPasses
from ptuning.answering.requests import Request, Result
from ptuning.answering.slots import Segment, SlotPool, additive, padded
from ptuning.answering.writing import PASS_TOKENS, Row, Writing
from ptuning.base.loading import free_memory
from ptuning.methods.prefix.model import PrefixConfig, PrefixEncoder

MAX_SLOTS = 128  # rows in one pass; more gained nothing on a CPU
MIN_HEAD = 8  # tokens from which a shared beginning is worth a pass of its own
KEPT_HEADS = 32
COUNTS_COLUMNS = frozenset({"gpt_neo"})  # their local attention goes by columns: one row a pass, and no tree of choices
KEPT_ANSWERS = 2_000


class Engine:
    """Answers requests on one base. Prefixes may be added at any time."""

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
        self.base, self.ends, self.pad = base, frozenset(end_tokens), pad
        self.recorded = RecordedPasses(self.read) if graphs else None
        self._memory, self._kept_answers = memory, kept_answers
        # A CPU multiplies matrices faster in bfloat16, but not the small ones of attention.
        single = base.device.type == "cpu" and base.config._attn_implementation == "sdpa"
        self._dtype = torch.float32 if single else base.dtype  # of keys and values
        self._prefixes: dict[str | None, Segment] = {None: self._bare()}
        self._heads: OrderedDict[tuple[str | None, tuple[int, ...]], Segment] = OrderedDict()
        self._answers: dict[Any, Result] = {}
        self._pool: SlotPool | None = None

    def _bare(self) -> Segment:
        c = PrefixConfig.for_model(self.base, 1)
        shape = (c.num_layers, 2, c.num_kv_heads, 0, c.head_dim)
        return Segment(torch.zeros(shape, dtype=self._dtype, device=self.base.device), 0)

    def add_prefix(self, name: str, encoder: PrefixEncoder) -> None:
        """A prefix under a name; one that has it already is replaced."""
        with torch.inference_mode():
            keys_values = encoder.key_values().to(self.base.device, self._dtype)
        self._prefixes[name] = Segment(keys_values, encoder.config.text_start)
        for known in [head for head in self._heads if head[0] == name]:
            del self._heads[known]
        self._answers.clear()

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
            self._pool = None
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
        if row.begin(self.ends):
            yield result
            return
        shared, self._pool = self._pool, None  # another call may come between two tokens
        writing = Writing(self, [row], 1)
        self._pool = shared
        for _ in writing.passes():
            yield result

    def _fault(self, request: Request) -> str | None:
        if not len(request.prompt):
            return "问题没有任何词元，请给出非空的问题。"
        if request.prefix not in self._prefixes:
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
        start = self._prefixes[request.prefix].place
        return self.base.config.max_position_embeddings - start - len(request.prompt)

    def _run(self, requests: Sequence[Request], results: Sequence[Result], seeds: Sequence[int], slots: int) -> None:
        self._learn_heads(requests)
        rows = [self._row(request, result, seed) for request, result, seed in zip(requests, results, seeds)]
        for choices in {row.request.choices for row in rows} - {()}:
            self._choose([row for row in rows if row.request.choices == choices], choices, slots)
        writing = [row for row in rows if not (row.request.choices or row.begin(self.ends))]
        if writing:
            for _ in Writing(self, sorted(writing, key=lambda row: -len(row.pending)), slots).passes():
                pass

    def _row(self, request: Request, result: Result, seed: int) -> Row:
        head, segment = self._head(request)
        matcher = request.constraint.matcher() if request.constraint else None
        rest = list(request.prompt[len(head) :])
        most = min(request.max_new_tokens, self._room(request))
        return Row(request, result, segment, rest, most, request.sampling.draws(seed), matcher)

    # -- shared beginnings --------------------------------------------------------------------------------------------

    def _head(self, request: Request) -> tuple[tuple[int, ...], Segment]:
        """The longest known beginning of the prompt, at least one token left over; and its keys and values."""
        best: tuple[int, ...] = ()
        for name, head in self._heads:
            if name == request.prefix and len(best) < len(head) < len(request.prompt):
                best = head if tuple(request.prompt[: len(head)]) == head else best
        if not best:
            return (), self._prefixes[request.prefix]
        self._heads.move_to_end((request.prefix, best))
        return best, self._heads[request.prefix, best]

    def _learn_heads(self, requests: Sequence[Request]) -> None:
        """What all prompts of a prefix begin with; where they share a beginning, first and last in order share it."""
        groups: dict[str | None, list[list[int]]] = {}
        for request in requests:
            groups.setdefault(request.prefix, []).append(list(request.prompt))
        for name, prompts in groups.items():
            if len(prompts) > 1:
                self.remember(name, shared_beginning(prompts)[: min(map(len, prompts)) - 1])

    @torch.inference_mode()
    def remember(self, prefix: str | None, head: Sequence[int]) -> None:
        """Reads a beginning that prompts of this prefix will share, so that they need not."""
        head = tuple(head)
        if len(head) < MIN_HEAD or (prefix, head) in self._heads:
            return
        known, start = self._head(Request([*head, self.pad], prefix))
        if known == head:
            return
        rest = torch.tensor([head[len(known) :]], device=self.base.device)
        filled, place = torch.tensor([[start.length], [start.place]], device=rest.device)
        width = start.length + rest.shape[1]
        pool = SlotPool(start.keys_values, 1, width + 1)
        pool.begin(0, start)
        self.read(pool, rest, filled, place, width)
        self._heads[prefix, head] = pool.segment(0, width, start.place + rest.shape[1])
        while len(self._heads) > KEPT_HEADS:
            self._heads.popitem(last=False)

    # -- passes -------------------------------------------------------------------------------------------------------

    def pool(self, rows: Sequence[Row], more: int, slots: int) -> tuple[SlotPool, int]:
        """Room for the largest row and `more` columns; and how many rows memory allows, at most `slots`."""
        like = self._prefixes[None].keys_values
        capacity = max(row.filled for row in rows) + max(len(row.pending) for row in rows) + more + 1
        layers, _, heads, _, width = like.shape
        a_row = layers * 2 * heads * width * like.element_size() * capacity
        memory = self._memory if self._memory is not None else free_memory(like.device) // 4
        wanted = max(1, min(slots, len(rows), memory // a_row))
        if self._pool is None or self._pool.slots < wanted or self._pool.capacity < capacity:
            self._pool = None  # first: both would not fit
            self._pool = SlotPool(like, wanted, capacity)
        return self._pool, wanted

    def read(
        self, pool: SlotPool, ids: Tensor, filled: Tensor, place: Tensor, width: int, first: int = 0
    ) -> Tensor:
        """Last hidden states of tokens [rows, tokens] that go into slots first, first + 1, … behind the columns `filled`
        [rows], their first at position `place` [rows]; columns from `width` on are not read."""
        among = torch.arange(ids.shape[1], device=ids.device)
        behind = filled[:, None] + among
        pool.window(first, first + len(ids), behind.clamp(max=pool.capacity - 1), width)
        allowed = torch.arange(width, device=ids.device) <= behind[:, :, None]
        return self.hidden(pool, ids, place[:, None] + among, allowed)

    def hidden(self, pool: SlotPool, ids: Tensor, places: Tensor, allowed: Tensor) -> Tensor:
        """Last hidden states [rows, tokens, hidden]; allowed: which columns each token sees, [rows, tokens, columns]."""
        mask = additive(allowed, self._dtype)
        decoder = self.base.get_decoder()
        with grouped(self.base):
            read = decoder(
                input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=pool, use_cache=True
            )
        return read.last_hidden_state

    def logits(self, hidden: Tensor) -> Tensor:
        return self.base.get_output_embeddings()(hidden).float()

    def _choose(self, rows: Sequence[Row], choices: tuple[tuple[int, ...], ...], slots: int) -> None:
        """Scores the choices after every row, one pass a group."""
        tree = Tree(choices, self.base.device)
        rows = sorted(rows, key=lambda row: -len(row.pending))
        pool, slots = self.pool(rows, tree.size, slots)
        for group in _groups(rows, slots):
            for slot, row in enumerate(group):
                pool.begin(slot, row.segment)
            tail, lengths = padded([row.pending for row in group], self.pad, self.base.device)
            filled = torch.tensor([row.filled for row in group], device=tail.device)
            place = torch.tensor([row.place for row in group], device=tail.device)
            longest = tail.shape[1]
            ids = torch.cat((tail, tree.ids.expand(len(group), -1)), 1)
            among = torch.arange(ids.shape[1], device=tail.device)
            places = place[:, None] + torch.cat(
                (among[:longest].expand(len(group), -1), lengths[:, None] + tree.depth), 1
            )
            columns = filled[:, None] + among
            width = int(columns.max()) + 1
            pool.window(0, len(group), columns, width)
            hidden = self.hidden(pool, ids, places, tree.allowed(filled, lengths, longest, width))
            last = hidden[torch.arange(len(group)), lengths - 1]
            after = torch.cat((last[:, None], hidden[:, longest:]), 1)
            found = tree.scores(self.logits(after).log_softmax(-1))
            for row, scores in zip(group, found.tolist()):
                row.result.scores = scores


def shared_beginning(prompts: Sequence[list[int]]) -> list[int]:
    """What all prompts begin with: as much as the first and the last in order do."""
    first, last = min(prompts), max(prompts)
    same = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
    return first[:same]


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


def _groups(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """Batches of at most `size` rows and PASS_TOKENS tokens; rows come longest first."""
    at = 0
    while at < len(rows):
        count = max(1, min(size, PASS_TOKENS // len(rows[at].pending)))
        yield rows[at : at + count]
        at += count
