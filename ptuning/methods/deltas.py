"""Adds to the outputs of layers during a pass; the base itself stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from ptuning.methods.method import Delta


@contextmanager
def added(decoder: nn.Module, parts: Sequence[tuple[Mapping[str, Delta], Tensor | None]]) -> Iterator[None]:
    """Within it, the layers that each part names add to the rows of the batch that the part lists ([rows],
    indices); None: to all."""
    handles = [
        decoder.get_submodule(name).register_forward_hook(_hook(delta, rows))
        for deltas, rows in parts
        for name, delta in deltas.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hook(delta: Delta, rows: Tensor | None) -> Any:
    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if rows is None:
            return output + delta(inputs[0]).to(output.dtype)
        return output.index_add(0, rows, delta(inputs[0][rows]).to(output.dtype))

    return hook
