"""One frozen base, many prefixes, one batch.

A prefix is keys and values, so rows with different prefixes (or none) share every pass. What rows of one prefix begin
with is computed once. Rows that have ended leave at once and waiting ones take their slots (continuous batching, Yu et
al. 2022). Choices among given answers are read off one pass, without generating. A constraint's forced tokens are read
in one pass together.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from ptuning.prefix import PrefixConfig, PrefixEncoder
from ptuning.sampling import Sampling
from ptuning.slots import Segment, SlotPool, additive, padded

MAX_SLOTS = 256  # rows in one pass; more gain nothing on any machine that was measured
PASS_TOKENS = 16_384  # prompt tokens read in one pass
MIN_HEAD = 8  # tokens from which a shared beginning is worth a pass of its own
KEPT_HEADS = 32


class Matcher(Protocol):
    """What a constraint allows of one answer, token by token."""

    def allowed(self) -> Tensor:
        """Which tokens may come next: bool, [vocabulary]."""

    def accept(self, token: int) -> None: ...

    def forced(self) -> list[int]:
        """Tokens that must come next, accepted already; empty where there is a choice."""


class Constraint(Protocol):
    def matcher(self) -> Matcher: ...


@dataclass(frozen=True)
class Request:
    """What to do with one prompt: write after it, or (choices) only score given answers.

    prompt: token ids, the special head included. prefix: a name that the engine knows; None: the bare base.
    """

    prompt: Sequence[int]
    prefix: str | None = None
    max_new_tokens: int = 64
    choices: tuple[tuple[int, ...], ...] = ()
    constraint: Constraint | None = None
    sampling: Sampling = Sampling()


@dataclass
class Result:
    """ids: what was written, without the end token; scores: log-probability of each choice, over all its tokens;
    logprob: of what was written, end token included; ended: False where max_new_tokens cut it off."""

    ids: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    logprob: float = 0.0
    ended: bool = False
    error: str | None = None


@dataclass
class _Row:
    """A request in a slot. pending: tokens not read yet; filled: columns of the slot in use; place: next position id."""

    request: Request
    result: Result
    draws: torch.Generator | None
    pending: list[int]
    filled: int
    place: int
    matcher: Matcher | None

    def take(self, token: int, logprob: float, ends: Collection[int]) -> bool:
        """Notes the chosen token and what it forces; True when the answer is finished."""
        self.result.logprob += logprob
        if token in ends:
            self.result.ended = True
            return True
        self.pending = [token]
        if self.matcher:
            self.matcher.accept(token)
            self.pending += self.matcher.forced()
        for token in self.pending:
            if token in ends:
                self.result.ended = True
                return True
            self.result.ids.append(token)
            if len(self.result.ids) == self.request.max_new_tokens:
                return True
        return False


class Engine:
    """Answers requests on one base. `prefixes` may grow while it runs."""

    def __init__(
        self, base: PreTrainedModel, end_tokens: Collection[int], pad: int, memory: int | None = None
    ) -> None:
        """memory: bytes for keys and values; a quarter of what is free unless given."""
        self.base, self.ends, self.pad, self._memory = base, frozenset(end_tokens), pad, memory
        self._prefixes: dict[str | None, Segment] = {None: self._bare()}
        self._heads: OrderedDict[tuple[str | None, tuple[int, ...]], Segment] = OrderedDict()

    def _bare(self) -> Segment:
        c = PrefixConfig.for_model(self.base, 1)
        shape = (c.num_layers, 2, c.num_kv_heads, 0, c.head_dim)
        return Segment(torch.zeros(shape, dtype=self.base.dtype, device=self.base.device), 0)

    def add_prefix(self, name: str, encoder: PrefixEncoder) -> None:
        """A prefix under a name; one that has it already is replaced."""
        with torch.inference_mode():
            keys_values = encoder.key_values().to(self.base.device, self.base.dtype)
        self._prefixes[name] = Segment(keys_values, encoder.config.text_start)
        for known in [head for head in self._heads if head[0] == name]:
            del self._heads[known]

    @torch.inference_mode()
    def run(self, requests: Sequence[Request]) -> list[Result]:
        """The results, in the order of the requests. A request that cannot be answered has an `error`; the others go on."""
        results = [Result(error=self._fault(request)) for request in requests]
        sound = [i for i, result in enumerate(results) if result.error is None]
        slots = MAX_SLOTS
        while sound:
            try:
                self._run([requests[i] for i in sound], [results[i] for i in sound], sound, slots)
                break
            except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU's allocator raises it bare
                if not re.search("out of memory|can't allocate memory|not enough memory", str(error)) or slots == 1:
                    raise
            slots = max(1, slots // 2)
            sound = [i for i in sound if not (results[i].ended or results[i].scores)]
            for i in sound:
                results[i].ids, results[i].logprob = [], 0.0
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        return results

    @torch.inference_mode()
    def stream(self, request: Request) -> Iterator[Result]:
        """One request's result, the same object each time a token was added to it."""
        result = Result(error=self._fault(request))
        if result.error is None:
            for _ in _Writing(self, [self._row(request, result, 0)], 1).passes():
                yield result
        else:
            yield result

    def _fault(self, request: Request) -> str | None:
        if not len(request.prompt):
            return "问题没有任何词元，请给出非空的问题。"
        if request.prefix not in self._prefixes:
            return f"没有名为“{request.prefix}”的前缀，请先载入它。"
        if request.max_new_tokens < 1:
            return f"max_new_tokens 至少为1，现在是{request.max_new_tokens}。"
        limit = self.base.config.max_position_embeddings
        if len(request.prompt) > limit:
            return f"问题有{len(request.prompt)}个词元，多于基座的上限{limit}，请缩短。"
        return None

    def _run(self, requests: Sequence[Request], results: Sequence[Result], seeds: Sequence[int], slots: int) -> None:
        self._learn_heads(requests)
        rows = [self._row(request, result, seed) for request, result, seed in zip(requests, results, seeds)]
        for choices in {row.request.choices for row in rows} - {()}:
            self._choose([row for row in rows if row.request.choices == choices], choices, slots)
        writing = [row for row in rows if not row.request.choices]
        if writing:
            for _ in _Writing(self, sorted(writing, key=lambda row: -len(row.pending)), slots).passes():
                pass

    def _row(self, request: Request, result: Result, seed: int) -> _Row:
        head, segment = self._head(request)
        matcher = request.constraint.matcher() if request.constraint else None
        rest = list(request.prompt[len(head) :])
        row = _Row(request, result, request.sampling.draws(seed), rest, segment.length, segment.place, matcher)
        return row

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
        groups: dict[str | None, list[tuple[int, ...]]] = {}
        for request in requests:
            groups.setdefault(request.prefix, []).append(tuple(request.prompt))
        for name, prompts in groups.items():
            if len(prompts) > 1:
                first, last = min(prompts), max(prompts)
                same = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
                self.remember(name, first[: min(same, min(map(len, prompts)) - 1)])

    @torch.inference_mode()
    def remember(self, prefix: str | None, head: Sequence[int]) -> None:
        """Reads a beginning that prompts of this prefix will share, so that they need not."""
        head = tuple(head)
        if len(head) < MIN_HEAD or (prefix, head) in self._heads:
            return
        known, start = self._head(Request([*head, self.pad], prefix))
        if known == head:
            return
        cache = DynamicCache()
        for layer, (keys, values) in enumerate(start.keys_values):
            cache.update(keys[None], values[None], layer)
        rest = torch.tensor([head[len(known) :]], device=self.base.device)
        where = start.place + torch.arange(rest.shape[1], device=rest.device)[None]
        self.base.get_decoder()(input_ids=rest, position_ids=where, past_key_values=cache, use_cache=True)
        layers = [torch.stack((layer.keys[0], layer.values[0])) for layer in cache.layers]
        self._heads[prefix, head] = Segment(torch.stack(layers), start.place + rest.shape[1])
        while len(self._heads) > KEPT_HEADS:
            self._heads.popitem(last=False)

    # -- passes -------------------------------------------------------------------------------------------------------

    def pool(self, rows: Sequence[_Row], more: int, slots: int) -> SlotPool:
        """Room for the largest row and `more` columns, and as many rows as memory allows."""
        like = self._prefixes[None].keys_values
        capacity = max(row.filled for row in rows) + max(len(row.pending) for row in rows) + more + 1
        layers, _, heads, _, width = like.shape
        a_row = layers * 2 * heads * width * like.element_size() * capacity
        memory = self._memory if self._memory is not None else free_memory(like.device) // 4
        return SlotPool(like, max(1, min(slots, len(rows), memory // a_row)), capacity)

    def hidden(self, pool: SlotPool, ids: Tensor, places: Tensor, allowed: Tensor) -> Tensor:
        """Last hidden states [rows, tokens, hidden]; allowed: which columns each token sees, [rows, tokens, columns]."""
        mask = additive(allowed, self.base.dtype)
        decoder = self.base.get_decoder()
        return decoder(
            input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=pool, use_cache=True
        ).last_hidden_state

    def logits(self, hidden: Tensor) -> Tensor:
        return self.base.get_output_embeddings()(hidden).float()

    def begin(self, pool: SlotPool, first: int, rows: Sequence[_Row]) -> None:
        """Rows enter slots from `first` on: their segments are copied there."""
        for slot, row in enumerate(rows, first):
            pool.begin(slot, self._head(row.request)[1])

    def _choose(self, rows: Sequence[_Row], choices: tuple[tuple[int, ...], ...], slots: int) -> None:
        """Scores the choices after every row in one pass: their tokens stand side by side behind the prompt, and each sees
        the prompt and its own choice only (a tree, as in speculative decoding)."""
        tree = _Tree(choices, self.base.device)
        rows = sorted(rows, key=lambda row: -len(row.pending))
        pool = self.pool(rows, tree.size, slots)
        for group in _groups(rows, pool.slots):
            self.begin(pool, 0, group)
            tail, lengths = padded([row.pending for row in group], self.pad, self.base.device)
            filled = torch.tensor([row.filled for row in group], device=tail.device)
            place = torch.tensor([row.place for row in group], device=tail.device)
            longest = tail.shape[1]
            ids = torch.cat((tail, tree.ids.expand(len(group), -1)), 1)
            among = torch.arange(ids.shape[1], device=tail.device)
            places = place[:, None] + torch.cat((among[:longest].expand(len(group), -1), lengths[:, None] + tree.depth), 1)
            columns = filled[:, None] + among
            width = int(columns.max()) + 1
            pool.window(0, len(group), columns, width)
            hidden = self.hidden(pool, ids, places, tree.allowed(filled, lengths, longest, width))
            last = hidden[torch.arange(len(group)), lengths - 1]
            after = torch.cat((last[:, None], hidden[:, longest:]), 1)
            found = tree.scores(self.logits(after).log_softmax(-1))
            for row, scores in zip(group, found.tolist()):
                row.result.scores = scores


class _Tree:
    """Choices side by side: all their tokens but the last of each, which nothing follows."""

    def __init__(self, choices: Sequence[Sequence[int]], device: torch.device) -> None:
        self.choices = choices
        inner = [(number, depth) for number, choice in enumerate(choices) for depth in range(len(choice) - 1)]
        self.size = len(inner)
        self.ids = torch.tensor([[choices[n][d] for n, d in inner]], dtype=torch.long, device=device)
        self.depth = torch.tensor([[d for _, d in inner]], dtype=torch.long, device=device)
        sees = [[a == c and b >= d for c, d in inner] for a, b in inner]
        self._sees = torch.tensor(sees, dtype=torch.bool, device=device).view(self.size, self.size)
        at = {place: i + 1 for i, place in enumerate(inner)}  # 0 is the end of the prompt
        asked = [(n, at[n, d - 1] if d else 0, choices[n][d]) for n, c in enumerate(choices) for d in range(len(c))]
        self._asked = torch.tensor(asked, device=device).unbind(1)

    def allowed(self, filled: Tensor, lengths: Tensor, longest: int, width: int) -> Tensor:
        """Which columns the prompt's and the tree's tokens see, [rows, longest + size, width]."""
        new = torch.arange(width, device=filled.device) - filled[:, None]  # columns counted from the first new token
        prompt = new[:, None] <= torch.arange(longest, device=filled.device)[None, :, None]
        before = (new < lengths[:, None])[:, None].expand(-1, self.size, -1)
        if not self.size:
            return prompt
        inside = (new - longest).clamp(0, self.size - 1)
        own = self._sees[:, inside].permute(1, 0, 2) & ((new >= longest) & (new < longest + self.size))[:, None]
        return torch.cat((prompt, before | own), 1)

    def scores(self, logprobs: Tensor) -> Tensor:
        """Sum over each choice's tokens. Shape: [rows, 1 + size, vocabulary] → [rows, choices]."""
        number, after, token = self._asked
        found = logprobs[:, after, token]
        return found.new_zeros(len(found), len(self.choices)).index_add_(1, number, found)


class _Writing:
    """Rows that write. The active ones are always in slots 0, 1, …: a pass reads one slice of the pool."""

    def __init__(self, engine: Engine, rows: Sequence[_Row], slots: int) -> None:
        self.engine, self.waiting = engine, deque(rows)
        self.active: list[_Row] = []
        self.pool = engine.pool(rows, max(row.request.max_new_tokens for row in rows), slots)

    def passes(self) -> Iterator[None]:
        """Goes on by a pass each time, to the end of the last row."""
        while self.waiting or self.active:
            if self.waiting and len(self.active) <= self.pool.slots * 3 // 4:
                self._admit()
            else:
                self._pass(0, self.active)
            yield

    def _admit(self) -> None:
        """Waiting rows into the free slots, as many as one pass reads."""
        first = len(self.active)
        joining: list[_Row] = []
        while self.waiting and first + len(joining) < self.pool.slots:
            longest = max(len(row.pending) for row in (*joining, self.waiting[0]))
            if joining and longest * (len(joining) + 1) > PASS_TOKENS:
                break
            joining.append(self.waiting.popleft())
        self.engine.begin(self.pool, first, joining)
        self.active += joining
        self._pass(first, joining)

    def _pass(self, first: int, rows: Sequence[_Row]) -> None:
        """Reads the pending tokens of rows in slots first, first + 1, …; each then has its next token, or leaves."""
        engine = self.engine
        ids, lengths = padded([row.pending for row in rows], engine.pad, engine.base.device)
        filled = torch.tensor([row.filled for row in rows], device=ids.device)
        place = torch.tensor([row.place for row in rows], device=ids.device)
        among = torch.arange(ids.shape[1], device=ids.device)
        columns = (filled[:, None] + among).clamp(max=self.pool.capacity - 1)
        width = max(row.filled + len(row.pending) for row in rows)
        self.pool.window(first, first + len(rows), columns, width)
        allowed = torch.arange(width, device=ids.device) <= (filled[:, None] + among)[:, :, None]
        hidden = engine.hidden(self.pool, ids, place[:, None] + among, allowed)
        logits = engine.logits(hidden[torch.arange(len(rows)), lengths - 1])
        for row in rows:
            row.filled += len(row.pending)
            row.place += len(row.pending)
        finished = [
            slot
            for slot, (row, (token, logprob)) in enumerate(zip(rows, _chosen(rows, logits)), first)
            if row.take(token, logprob, engine.ends)
        ]
        for slot in reversed(finished):
            self._leave(slot)

    def _leave(self, slot: int) -> None:
        """The last active row takes the slot of one that has ended."""
        last = self.active.pop()
        if slot < len(self.active):
            self.pool.move(len(self.active), slot, last.filled)
            self.active[slot] = last


def _chosen(rows: Sequence[_Row], logits: Tensor) -> Iterator[tuple[int, float]]:
    """(token, its log-probability) for each row."""
    for at, row in enumerate(rows):
        if row.matcher:
            logits[at].masked_fill_(~row.matcher.allowed(), -torch.inf)
    tokens = torch.empty(len(rows), dtype=torch.long, device=logits.device)
    for sampling in {row.request.sampling for row in rows}:
        alike = [at for at, row in enumerate(rows) if row.request.sampling == sampling]
        tokens[alike] = sampling.choose(logits[alike], [rows[at].draws for at in alike])
    logprobs = logits.log_softmax(-1).gather(1, tokens[:, None])[:, 0]
    yield from zip(tokens.tolist(), logprobs.tolist())


def _groups(rows: Sequence[_Row], size: int) -> Iterator[Sequence[_Row]]:
    """Batches of at most `size` rows and PASS_TOKENS tokens; rows come longest first."""
    at = 0
    while at < len(rows):
        count = max(1, min(size, PASS_TOKENS // len(rows[at].pending)))
        yield rows[at : at + count]
        at += count


def free_memory(device: torch.device) -> int:
    """Bytes that a device has left."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    return psutil.virtual_memory().available
