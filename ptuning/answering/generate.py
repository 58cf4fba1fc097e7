"""What a model writes after prompts, and how likely given answers are: the engine's calls for one model and texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transformers import PreTrainedModel

from ptuning.answering.engine import Engine
from ptuning.answering.requests import Request, Result
from ptuning.answering.sampling import GREEDY, Sampling
from ptuning.base.tokenizers.tokenizer import Tokenizer
from ptuning.errors import PtuningError
from ptuning.methods.adapted import AdaptedModel

Model = AdaptedModel | PreTrainedModel
Prompt = str | Sequence[int]  # a text, or ready ids with everything the model expects before an answer
HALF_A_CHARACTER = "\ufffd"  # what bytes decode to that are no UTF-8 yet
_NAME = "tuning"


def _engine(model: Model, tokenizer: Tokenizer) -> tuple[Engine, str | None]:
    """An engine for this model alone, and the name of its tuning there."""
    base = model.base_model if isinstance(model, AdaptedModel) else model
    engine = Engine(base, tokenizer.end_token_ids, tokenizer.pad_token_id)
    if not isinstance(model, AdaptedModel):
        return engine, None
    engine.add(_NAME, model.tuning)
    return engine, _NAME


def _ids(tokenizer: Tokenizer, prompt: Prompt) -> Sequence[int]:
    return tokenizer.encode(prompt) if isinstance(prompt, str) else prompt


def _sound(result: Result) -> Result:
    if result.error:
        raise PtuningError(result.error)
    return result


def generate(
    model: Model,
    tokenizer: Tokenizer,
    prompts: Sequence[Prompt],
    max_new_tokens: int = 64,
    sampling: Sampling | None = None,
) -> list[str]:
    """What the model writes after each prompt, up to an end token or `max_new_tokens`; in the order of `prompts`.

    Greedily, unless `sampling` says otherwise.

    Raises:
        PtuningError: a prompt is empty or longer than the model reads.
    """
    engine, name = _engine(model, tokenizer)
    how = sampling or GREEDY
    asked = [Request(_ids(tokenizer, prompt), name, max_new_tokens, sampling=how) for prompt in prompts]
    return [tokenizer.decode(_sound(result).ids) for result in engine.run(asked)]


def stream(
    model: Model,
    tokenizer: Tokenizer,
    prompt: Prompt,
    max_new_tokens: int = 64,
    sampling: Sampling | None = None,
) -> Iterator[str]:
    """The text so far, each time it grows; the last one is what `generate` returns for the prompt alone.

    A character whose bytes are not all there yet is held back.
    """
    engine, name = _engine(model, tokenizer)
    shown, text = "", ""
    for result in engine.stream(Request(_ids(tokenizer, prompt), name, max_new_tokens, sampling=sampling or GREEDY)):
        text = tokenizer.decode(_sound(result).ids)
        if len(text.rstrip(HALF_A_CHARACTER)) > len(shown):
            shown = text.rstrip(HALF_A_CHARACTER)
            yield shown
    if text != shown or not text:
        yield text


def score_choices(
    model: Model, tokenizer: Tokenizer, prompts: Sequence[Prompt], choices: Sequence[str]
) -> list[list[float]]:
    """Log-probability of each choice after each prompt, over all its tokens, in one pass: [prompts][choices]."""
    engine, name = _engine(model, tokenizer)
    wanted = tuple(tuple(tokenizer.encode(choice, add_special_tokens=False)) for choice in choices)
    asked = [Request(_ids(tokenizer, prompt), name, choices=wanted) for prompt in prompts]
    return [_sound(result).scores for result in engine.run(asked)]
