"""The labelling loop with a simulated annotator: python -m benchmarks.labelling --folder DIR [--pool 3600 --seeds 7 8 9 …].

Questions are of kinds that neither base nor prefixes were trained on. The annotator knows the gold labels and gets a share of its
answers wrong. Arms: loop (doubt, checks), random (the same with rows drawn at random), unchecked (everything accepted), gold (all
rows with gold labels). Each writes what it came to into DIR/results.jsonl; an arm that is there is not run again.
"""

from __future__ import annotations

import argparse
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data.generator.plans import NUMBERS, Names, Plan, in_places, places_of, statement, year_of

from agent.building import Options as AgentOptions
from agent.building import open_database
from agent.labelling import acceptance, journal
from agent.labelling.desk import Desk
from agent.labelling.drafting import Drafter
from agent.labelling.loop import Loop, judged_label, shuffled
from agent.labelling.project import Project, Settings, create
from agent.labelling.records import Asked, Decision, Draft, Label
from agent.labelling.starting import add
from agent.labelling.training import Recipe
from agent.writing.surrogates import KTH, TOP, mask
from data.generator import render, slots
from data.generator.questions import world_of
from data.generator.slots import World

Build = Callable[[random.Random, World], Plan]


def built(select: str, place: bool, tests: int, tail: str = "", either: bool = False) -> Build:
    """A kind of question: what is selected, whether of a place, how many conditions, and how it is ranked."""

    def plan(rng: random.Random, world: World) -> Plan:
        year, names = year_of(rng, world), []
        while len(names) < tests + 1:
            name = world.column(rng, *NUMBERS)
            names += [] if name in names else [name]
        asked, tested = names[0], names[1:]
        given: dict[str, Any] = {
            "year": slots.year(rng, year),
            "field": [slots.said(rng, asked)],
            **places_of(rng, world, "place" if place else ""),
        }
        given |= {
            "top": slots.ordinal(rng, "top", rng.randint(2, 20)),
            "kth": slots.ordinal(rng, "kth", rng.randint(2, 20)),
        }
        found = []
        for number, name in enumerate(tested, 1):
            amount = slots.amount(rng, "count" if name.endswith(("人数", "人员")) else "money")
            words, said, operator = slots.comparator(rng, amount)
            given |= {f"f{number}": [slots.said(rng, name)], f"c{number}": words, f"a{number}": said}
            found.append((name, operator, amount[0].value))

        def sql(m: Any) -> str:
            column = Names(m).column(asked) if asked in m.columns.values() else ""
            where = [f"{Names(m).column(n)}{op}{Names(m).amount(v)}" for n, op, v in found]
            where = [f"({' OR '.join(where)})"] if either else where
            return statement(
                [part.format(column=column) for part in select.split(";")],
                [Names(m).years([year]), *in_places(m, given), *where],
                tail.format(column=column, top=TOP, skipped=KTH - 1),
            )

        return Plan(given, "E", sql)

    return plan


_RANKED = " ORDER BY {column} DESC LIMIT {top}"
KINDS: dict[str, tuple[Build, tuple[str, ...]]] = {
    "max_among": (built("MAX({column})", False, 1), (
        "{year}{f1}{c1}{a1}的公司里,{field}的最大值是多少?", "{f1}{c1}{a1}的企业,{year}{field}最大值多少?",
        "{year},在{f1}{c1}{a1}的公司中{field}最大值是?", "{year}{f1}{c1}{a1}的上市公司{field}的最大值")),
    "min_place": (built("MIN({column})", True, 0), (
        "{year}{place}的公司{field}的最小值是多少?", "在{place}的企业,{year}{field}最小值多少?",
        "{place}的公司里,{year}{field}的最小值是?", "{year}注册在{place}的上市公司{field}最小值是多少")),
    "max_place": (built("MAX({column})", True, 0), (
        "{year}{place}的公司{field}的最大值是多少?", "在{place}的企业,{year}{field}最大值多少?",
        "{place}的公司里,{year}{field}的最大值是?", "{year}注册在{place}的上市公司{field}最大值是多少")),
    "top_place_amount": (built("公司全称;{column}", True, 1, _RANKED), (
        "{year}注册在{place}、{f1}{c1}{a1}的公司中,{field}最高的前{top}家是哪些?", "{place}的公司里,{year}{f1}{c1}{a1}而且{field}最高的前{top}家?",
        "{year}{place}的企业中{f1}{c1}{a1}的,按{field}从高到低前{top}家", "{year}在{place}并且{f1}{c1}{a1}的公司,{field}前{top}名是哪几家?")),
    "average_place_amount": (built("AVG({column})", True, 1), (
        "{year}{place}{f1}{c1}{a1}的公司,{field}平均是多少?", "注册在{place}且{f1}{c1}{a1}的企业,{year}{field}的平均值?",
        "{place}的公司里{year}{f1}{c1}{a1}的,{field}均值是多少?", "{year}{place}的公司中{f1}{c1}{a1}的那些{field}平均多少")),
    "count_place_either": (built("COUNT(*)", True, 2, either=True), (
        "{year}{place}的公司中,{f1}{c1}{a1}或者{f2}{c2}{a2}的有几家?", "注册在{place}的企业,{year}{f1}{c1}{a1}或{f2}{c2}{a2}的有多少家?",
        "{place}有几家公司{year}{f1}{c1}{a1}或{f2}{c2}{a2}?", "{year}{place}有多少公司{f1}{c1}{a1}或者{f2}{c2}{a2}")),
}  # fmt: skip


@dataclass(frozen=True)
class Gold:
    """A question of the simulation with its label and kind."""

    question: str
    label: Label
    kind: str


def questions(desk: Desk, count: int, seed: int, test: bool) -> list[Gold]:
    """Different questions that the agent's own code reads as they were made; the last wording of each kind is the test's."""
    rng, world = random.Random(f"{seed} {test}"), world_of(desk.database)
    found: dict[str, Gold] = {}
    while len(found) < count:
        kind = rng.choice(list(KINDS))
        build, wordings = KINDS[kind]
        plan = build(rng, world)
        wording = wordings[-1] if test else rng.choice(wordings[:-1])
        pieces = render.fill(wording, plan.slots)
        entities, columns = render.locate(pieces)
        terms = tuple(dict.fromkeys(c.text for c in columns))
        assert plan.sql is not None
        masked = mask(entities, columns)
        label = Label(plan.label, terms, masked.text, plan.sql(masked))
        text = "".join(piece.text for piece in pieces)
        if not desk.fault(text, label) and desk.masked(text, terms).text == masked.text:
            found.setdefault(text, Gold(text, label, kind))
    return list(found.values())


class Annotator:
    """Knows the gold labels; a share of its answers is wrong: what the draft says, or another class."""

    def __init__(self, gold: dict[str, Gold], seed: int, wrong: float = 0.03) -> None:
        self.gold, self.rng, self.wrong = gold, random.Random(seed), wrong
        self.seen: set[str] = set()

    def decides(self, loop: Loop, asked: Asked, audit: bool = False) -> Decision:
        self.seen.add(asked.id)
        gold, draft = self.gold[asked.question].label, loop.drafts.get(asked.id)
        label = gold
        if self.rng.random() < self.wrong:
            label = replace(gold, label=self.rng.choice("ABCD"))
            if draft is not None and draft.label_of().sql not in ("", gold.sql):
                label = draft.label_of()
        ok = judged_label(loop.desk, asked.question, draft, label)
        model, sure, kind = (draft.model, draft.sure, draft.kind) if draft else ("", 0.0, "")
        action = "audit" if audit else "accept" if ok else "edit"
        return Decision("", "", "标注者", action, asked.id, label, 0.0, model, sure, kind, ok)  # type: ignore[arg-type]


@dataclass
class Simulation:
    """One arm with one seed."""

    options: argparse.Namespace
    arm: str
    seed: int
    desk: Desk
    understanding: Any
    folder: Path
    golds: Sequence[Gold]
    tests: Sequence[Gold]

    def run(self) -> dict[str, Any]:
        started = time.process_time()
        loop = self._project()
        person = Annotator({g.question: g for g in self.golds}, self.seed, self.options.wrong)
        if self.arm == "gold":
            loop.project.decide(self._all_gold(loop, person))
            self._train(loop)
        else:
            for number in range(1, self.options.rounds + 1):
                self._round(loop, person, number)
        return self._result(loop, person) | {"cpu_seconds": round(time.process_time() - started)}

    def _project(self) -> Loop:
        held = self.folder / "test.jsonl"
        if not (self.folder / "p" / "project.json").exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            journal.append(
                held,
                [
                    {
                        "question": g.question,
                        "label": g.label.label,
                        "keywords": list(g.label.keywords),
                        "sql": g.label.sql,
                    }
                    for g in self.tests
                ],
            )
            settings = Settings(
                self.desk.database.url.render_as_string(),
                seed=self.seed,
                first=self.options.first,
                held_out=str(held.resolve()),
            )
            create(self.folder / "p", settings)
        loop = Loop(Project(self.folder / "p", "程序"))
        loop.desk = self.desk
        add(loop, [g.question for g in self.golds], "simulated")
        everything = {name: replace(a, split="train") for name, a in loop.project.questions.items()}
        loop.project.questions = everything  # the test is a file of its own: all of the pool may be learned
        return loop

    def _round(self, loop: Loop, person: Annotator, number: int) -> None:
        last = number == self.options.rounds
        size = self.options.first if number == 1 else len(self.golds) if last else self.options.first * 3
        self._borrow(loop)
        if loop.to_draft(size):
            loop.draft(size, self._drafter(loop))
        if number > 1:
            self._accept(loop, person)
        budget = self.options.first if number == 1 else self.options.later
        loop.project.decide([person.decides(loop, a) for a in self._queue(loop, budget, number)])
        if number > 1:
            self._accept(loop, person)
        if self.options.steps and (not last or self.options.train_last):
            self._train(loop)

    def _borrow(self, loop: Loop) -> None:
        """Drafts of the loop's arm by the same prefixes are not made again; unchecked, no check counts."""
        other = (self.options.drafts or self.folder.parent) / f"loop-{self.seed}" / "p"
        if other != self.folder / "p" and (other / "project.json").exists():
            known = Project(other).drafts_of(loop.model_hash)
            fresh = [draft for name, draft in known.items() if name not in loop.drafts]
            loop.project.add_drafts([replace(d, failed=()) if self.arm == "unchecked" else d for d in fresh])

    def _queue(self, loop: Loop, budget: int, number: int) -> list[Asked]:
        if self.arm != "random":
            return loop.queue(budget)
        names = [a.id for a in loop.state.open() if a.id in loop.drafts]
        return [loop.project.questions[name] for name in shuffled(names, self.seed + number)[:budget]]

    def _drafter(self, loop: Loop) -> Drafter:
        witnesses = {f"前缀{n}": loop.load(folder) for n, folder in enumerate(loop.prefixes, 1)}
        reader = None if self.arm == "unchecked" else self.understanding
        return Drafter(self.desk, witnesses, reader, loop.model_hash, unchecked=self.arm == "unchecked")

    def _accept(self, loop: Loop, person: Annotator) -> None:
        if self.arm == "unchecked":
            ready = [
                loop.drafts[a.id] for a in loop.state.open() if a.id in loop.drafts and loop.drafts[a.id].proposals
            ]
            loop.project.decide([_automatic(d) for d in ready])
            return
        loop.accept()
        audits = [loop.project.questions[name] for name in loop.audit_queue()]
        if audits:
            loop.project.decide([person.decides(loop, asked, audit=True) for asked in audits])
            loop.accept()

    def _all_gold(self, loop: Loop, person: Annotator) -> list[Decision]:
        made = []
        for asked in loop.project.questions.values():
            made.append(Decision("", "", "标注者", "edit", asked.id, person.gold[asked.question].label))
            person.seen.add(asked.id)
        return made

    def _train(self, loop: Loop) -> None:
        loop.train(
            Recipe((self.seed,), self.options.steps, self.options.learning_rate, 0.5),
            0,
            lambda text: print(self.arm, text, flush=True),
        )

    def _result(self, loop: Loop, person: Annotator) -> dict[str, Any]:
        state, gold = loop.state, person.gold
        automatic = [f for f in state.labelled.values() if f.origin == "auto"]
        right = sum(_same(self.desk, f.asked.question, f.label, gold[f.asked.question].label) for f in automatic)
        all_right = sum(
            _same(self.desk, f.asked.question, f.label, gold[f.asked.question].label) for f in state.labelled.values()
        )
        return {
            "arm": self.arm, "seed": self.seed, "pool": len(state.questions), "rows": len(state.labelled), "seen": len(person.seen),
            "automatic": len(automatic), "automatic_right": right, "automatic_interval": acceptance.clopper_pearson(right, len(automatic)),
            "rows_right": all_right, "estimated": str(loop.precision()), "rounds": [r.figures for r in loop.project.rounds],
        }  # fmt: skip


def _automatic(draft: Draft) -> Decision:
    return Decision(
        "", "", "程序", "auto", draft.question, draft.label_of(), model=draft.model, sure=draft.sure, kind=draft.kind
    )


def _same(desk: Desk, question: str, one: Label, other: Label) -> bool:
    if one.label != other.label or set(one.keywords) != set(other.keywords):
        return False
    return one.sql == other.sql or desk.result_key(question, one) == desk.result_key(question, other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--arms", nargs="+", default=["loop", "random", "unchecked", "gold"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--pool", type=int, default=3300)
    parser.add_argument("--test", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument(
        "--later", type=int, default=40, help="rows that the annotator sees in each later round, audits apart"
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=300,
        help="of each training; 0: no training, the starting prefixes draft every round",
    )
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--drafts", type=Path, help="the folder of an earlier run whose drafts are taken")
    parser.add_argument("--wrong", type=float, default=0.03)
    parser.add_argument("--train-last", action="store_true", help="train once more on everything at the end")
    options = parser.parse_args()
    desk = Desk(open_database(AgentOptions()))
    results = options.folder / "results.jsonl"
    done = {(row["arm"], row["seed"]) for row in journal.read_lines(results)}
    understanding = None
    for seed in options.seeds:
        golds, tests = questions(desk, options.pool, seed, False), questions(desk, options.test, seed, True)
        for arm in options.arms:
            if (arm, seed) in done:
                continue
            if understanding is None and arm in ("loop", "random"):
                from agent.building import load_understanding

                understanding = load_understanding(desk.database)
                desk = Desk(desk.database, understanding.finder.linker)
            made = Simulation(
                options, arm, seed, desk, understanding, options.folder / f"{arm}-{seed}", golds, tests
            ).run()
            journal.append(results, [made])
            print(made, flush=True)


if __name__ == "__main__":
    main()
