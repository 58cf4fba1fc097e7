"""What a trained checkpoint costs when it serves: a question alone, and among eight tunings in one batch."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ptuning.answering.engine import Engine
from ptuning.answering.requests import Request
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.methods.saving import load
from ptuning.training.readers import read_rows

ADAPTERS, ROUNDS = 8, 3


def serving_cost(arguments: Mapping[str, Any], checkpoint: Path) -> dict[str, float]:
    """Milliseconds a question, the median of ROUNDS: alone_ms one after another; together_ms with ADAPTERS copies under names
    of their own in one batch. Nothing for a model of its own, which shares no batch."""
    options = {name: arguments[name] for name in ("quantization_bit", "quantization_scheme") if name in arguments}
    base = load_base(arguments["model_name_or_path"], **options)
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id, kept_answers=0)
    names = [f"tuning {number}" for number in range(ADAPTERS)]
    try:
        for name in names:
            engine.add(name, load(checkpoint, base))
    except PtuningError:  # a model of its own
        return {}
    rows = read_rows(Path(arguments["test_file"]))[:ADAPTERS]
    column = arguments.get("prompt_column", "question_prompt")
    prompts = [base.tokenizer.encode(row[column]) for _, row in rows]
    most = int(arguments.get("max_target_length", 16))
    asked = [Request(prompt, name, most) for prompt, name in zip(prompts, names)]
    engine.run(asked)  # the first time is slower
    return {
        "alone_ms": _median([_timed(engine, [[request] for request in asked]) for _ in range(ROUNDS)]) / len(asked),
        "together_ms": _median([_timed(engine, [asked]) for _ in range(ROUNDS)]) / len(asked),
    }


def _timed(engine: Engine, calls: Sequence[Sequence[Request]]) -> float:
    started = time.perf_counter()
    for call in calls:
        engine.run(call)
    return 1000 * (time.perf_counter() - started)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
