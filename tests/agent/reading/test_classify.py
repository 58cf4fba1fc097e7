"""Probability and margin of a class."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from agent.prompts import LABELS
from agent.reading.classify import TEMPERATURE, classify
from tests.agent.scripted import ScriptedModel


class Scored(ScriptedModel):
    """Gives every text the scores that it spells."""

    def choose(self, task: str, texts: Sequence[str], choices: Sequence[str]) -> list[list[float]]:
        return [[float(score) for score in text.split()] for text in texts]


def test_the_likeliest_class_has_its_share_at_the_temperature_and_its_margin_over_the_next() -> None:
    (found,) = classify(Scored(), ["-3 -0.5 -9 -2 -7 -8"])
    shares = [math.exp(score / TEMPERATURE) for score in (-3, -0.5, -9, -2, -7, -8)]
    assert (found.label, found.decided_by) == (LABELS[1], "model")
    assert found.confidence == pytest.approx(shares[1] / sum(shares)) and found.margin == pytest.approx(1.5)


def test_no_text_asks_nothing() -> None:
    model = ScriptedModel()
    assert classify(model, []) == [] and not model.asked
