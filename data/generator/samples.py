"""One generated question with everything that is known of it, and which wordings belong to which split."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agent.records import ColumnMention, Entities, Masked
from agent.writing.surrogates import mask
from data.generator import render
from data.generator.families import FAMILIES
from data.generator.families.open_questions import FAMILIES as OPEN_FAMILIES
from data.generator.politeness import CLOSING, POLITE
from data.generator.slots import World

SPLITS = ("train", "validation", "test")
# Families whose every wording is in the test: neither the base nor a prefix has seen a question of this build.
TEST_ONLY = frozenset({"best_place_or", "best_place_attribute"})
OPEN = frozenset(OPEN_FAMILIES)


@dataclass(frozen=True)
class Sample:
    """question: as typed; entities, columns: what the linker should find; masked and sql: over surrogates (sql None: open question)."""

    family: str
    template: int
    question: str
    label: str
    entities: Entities
    columns: tuple[ColumnMention, ...]
    masked: Masked | None
    sql: str | None

    @property
    def keywords(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c.text for c in self.columns))


@lru_cache(maxsize=1)
def wordings() -> dict[str, tuple[str, ...]]:
    """family → templates, structured and open."""
    return {name: family.wordings for name, family in FAMILIES.items()}


@lru_cache(maxsize=1)
def splits() -> dict[str, dict[str, tuple[int, ...]]]:
    """split → family → template numbers: 70/15/15 of each family's wordings, none in two splits."""
    found: dict[str, dict[str, tuple[int, ...]]] = {split: {} for split in SPLITS}
    for family, templates in wordings().items():
        # By a hash of the wording: a new one moves at most a few old ones to another split.
        numbers = sorted(range(len(templates)), key=lambda i: hashlib.sha256(templates[i].encode()).digest())
        held = max(1, round(len(numbers) * 0.15))
        parts = {"test": numbers[:held], "validation": numbers[held : 2 * held], "train": numbers[2 * held :]}
        if family in TEST_ONLY:
            parts = {"test": numbers, "validation": [], "train": []}
        for split, chosen in parts.items():
            if chosen:
                found[split][family] = tuple(chosen)
    return found


def make(rng: random.Random, family: str, template: int, world: World, typos: float = 0.06) -> Sample:
    """Draws one question of `family` in wording `template`."""
    plan = FAMILIES[family].draw(rng, world)
    core = render.fill(render.choose(rng, wordings()[family][template]), plan.slots)
    if rng.random() < typos:
        core = render.typo(rng, core)
    before = rng.choice(POLITE) if rng.random() < 0.4 else ""
    after = rng.choice(CLOSING) if rng.random() < 0.08 else ""
    ending = rng.choice(("?", "?", "?", "", "。"))
    pieces = [*render.plain(before), *core, *render.plain(ending), *render.plain(after)]
    entities, columns = render.locate(pieces)
    masked = mask(entities, columns) if plan.sql else None
    return Sample(
        family,
        template,
        render.typed(rng, pieces),
        plan.label,
        entities,
        columns,
        masked,
        plan.sql(masked) if plan.sql and masked else None,
    )


def stream(rng: random.Random, split: str, world: World, families: Sequence[str] = ()) -> Iterator[Sample]:
    """Endless samples of a split, every family as often, wordings drawn within it."""
    chosen = {f: t for f, t in splits()[split].items() if not families or f in families}
    order: list[str] = []
    while True:
        if not order:
            order = list(chosen)
            rng.shuffle(order)
        family = order.pop()
        yield make(rng, family, rng.choice(chosen[family]), world)
