"""Several answers to one prompt, by branching where the greedy answer was least sure: the runner-up is taken there, and the
rest is written greedily. Cheaper than a beam: the branches of all prompts share one batch, and nothing is written twice that
they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ptuning.answering.engine import Engine
from ptuning.answering.requests import Decision, Request, Result


def candidates(engine: Engine, requests: Sequence[Request], branches: int) -> list[list[Result]]:
    """For each request the greedy answer and up to `branches` others, the likeliest first.

    The log-probability of each is that of the whole answer; among its decisions the branch itself is left out, so that its
    margin says how sure the model was of all the rest. Answers that were cut off or led the constraint nowhere are left out,
    save the greedy one; a request with an error has that one result alone. Two answers differ in their tokens; their texts
    may be the same.
    """
    greedy = engine.run(requests)
    asked = [
        (number, decision)
        for number, result in enumerate(greedy)
        if result.error is None
        for decision in sorted(result.decisions, key=lambda decision: decision.margin)[:branches]
    ]
    open_ones = [(n, d) for n, d in asked if d.other not in engine.ends]
    written = iter(engine.run([_branch(requests[n], greedy[n], d) for n, d in open_ones]))
    found = [[result] for result in greedy]
    for number, decision in asked:
        begun = _before(greedy[number], decision)
        if decision.other in engine.ends:  # the branch is the answer up to there
            found[number].append(replace(begun, ended=True))
            continue
        rest = next(written)
        if rest.ended:
            found[number].append(
                replace(rest, decisions=[*begun.decisions, *rest.decisions], logprob=begun.logprob + rest.logprob)
            )
    return [sorted(results, key=lambda result: -result.logprob) for results in found]


def _branch(request: Request, greedy: Result, decision: Decision) -> Request:
    """The request to go on behind the runner-up of a decision."""
    return replace(request, begun=(*greedy.ids[: decision.at], decision.other))


def _before(greedy: Result, decision: Decision) -> Result:
    """The greedy answer up to a decision, as likely as with the runner-up behind it."""
    earlier = [known for known in greedy.decisions if known.at < decision.at]
    logprob = sum(known.logprob for known in earlier) + decision.logprob - decision.margin
    return Result(greedy.ids[: decision.at], earlier, logprob=logprob)
