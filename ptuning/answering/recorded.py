"""Short passes in a few fixed shapes, on CUDA recorded once as graphs and replayed.

A pass that writes a token launches hundreds of small kernels, and a GPU waits for the CPU between them; a graph launches them
together (CUDA Graphs; pytorch.org/blog/accelerating-pytorch-with-cuda-graphs). Rows, tokens and columns are rounded up to a
shape; what is added writes into the pool's last column, which nobody reads. Off unless asked for: no GPU was at hand to
measure it. On a CPU the same passes run without being recorded, which only serves to test them.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ptuning.answering.slots import SlotPool

ROWS, TOKENS = (1, 2, 4, 8, 16, 32, 64, 128), (1, 2, 4, 8)
COLUMNS = 128  # columns are rounded up to a multiple
WORTH = 4  # the use of a shape from which it is recorded: that takes as long as some passes
CLOSE = 0.05  # how far a recorded pass may be from the same one unrecorded (states are normalised: their mean square is about 1)

Read = Callable[[SlotPool, Tensor, Tensor, Tensor, int], Tensor]
Shape = tuple[int, int, int]


@dataclass
class _Recorded:
    """ids [rows, tokens], filled [rows], position [rows]: where a pass finds what it reads; hidden: where it leaves the states."""

    ids: Tensor
    filled: Tensor
    position: Tensor
    hidden: Tensor
    replay: Callable[[], object]


class RecordedPasses:
    """Reads short passes over one pool, always into the slots from the first on."""

    def __init__(self, read: Read) -> None:
        """read: a pass that is not recorded: (pool, ids, filled, position, width) → hidden states [rows, tokens, hidden]."""
        self._read = read
        self._pool: SlotPool | None = None
        self._uses: Counter[Shape] = Counter()
        self._made: dict[Shape, _Recorded] = {}
        self._failed = False

    def read(self, pool: SlotPool, ids: Tensor, filled: Tensor, position: Tensor, width: int) -> Tensor | None:
        """Hidden states [rows, tokens, hidden] until the next pass; None for a pass that is too long, or rare, to be recorded."""
        if pool is not self._pool:
            self._pool, self._made = pool, {}
            self._uses.clear()
        shape = shape_of(pool, len(ids), ids.shape[1], width)
        if shape is None or self._failed:
            return None
        self._uses[shape] += 1
        if self._uses[shape] < WORTH:
            return None
        made = self._made.get(shape) or self._record(pool, shape, ids.device)
        if made is None:
            return None
        self._made[shape] = made
        self._put(made, pool, ids, filled, position)
        made.replay()
        return made.hidden[: ids.shape[0], : ids.shape[1]]

    def _put(self, made: _Recorded, pool: SlotPool, ids: Tensor, filled: Tensor, position: Tensor) -> None:
        rows, tokens = ids.shape
        made.ids.zero_()[:rows, :tokens] = ids
        made.filled.fill_(pool.capacity - 1)[:rows] = filled
        made.position.zero_()[:rows] = position

    def _record(self, pool: SlotPool, shape: Shape, device: torch.device) -> _Recorded | None:
        """None, and never again, where recording fails or gives other states."""
        rows, tokens, width = shape
        ids = torch.zeros(rows, tokens, dtype=torch.long, device=device)
        filled, position = torch.full_like(ids[:, 0], pool.capacity - 1), torch.zeros_like(ids[:, 0])

        def run() -> Tensor:
            return self._read(pool, ids, filled, position, width)

        try:
            if device.type == "cuda":
                hidden, replay = _graph(run)
            else:
                hidden = run()
                replay = lambda: hidden.copy_(run())  # noqa: E731
            replay()
            same = torch.allclose(hidden, run(), rtol=CLOSE, atol=CLOSE)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            same, reason = False, str(error).partition("\n")[0]
        else:
            reason = "结果与逐个启动时不同"
        if not same:
            self._failed = True
            warnings.warn(f"无法录制 CUDA 图（{reason}），改为逐个启动。", stacklevel=2)
            return None
        return _Recorded(ids, filled, position, hidden, replay)


def shape_of(pool: SlotPool, rows: int, tokens: int, width: int) -> Shape | None:
    """The smallest recorded shape that holds a pass; None where there is none."""
    held = next((n for n in ROWS if n >= rows), None), next((n for n in TOKENS if n >= tokens), None)
    if held[0] is None or held[1] is None:
        return None
    return min(held[0], pool.slots), held[1], min(-(-width // COLUMNS) * COLUMNS, pool.capacity)


def _graph(run: Callable[[], Tensor]) -> tuple[Tensor, Callable[[], object]]:
    """The graph of a pass: what it writes to, and what runs it. The first runs, which choose algorithms, are not recorded."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(2):
            run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        hidden = run()
    return hidden, graph.replay
