"""The loop over a project: draft, accept, what a person should see next, train."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from agent import building
from agent.errors import CaibaoError
from agent.labelling import acceptance, augmenting, journal, measuring, selection, training, wordings
from agent.labelling.acceptance import Judged, Precision
from agent.labelling.contradictions import clashing
from agent.labelling.desk import Desk
from agent.labelling.project import PROGRAM, Project, Round, now
from agent.labelling.records import BY_PEOPLE, Action, Asked, Decision, Draft, Label, Split
from agent.labelling.state import State, fold
from agent.model import DEFAULT_READER

if TYPE_CHECKING:
    from agent.labelling.drafting import Drafter
    from agent.model import LanguageModel
    from agent.understanding.understand import Understanding

AT_ONCE = 32  # questions that are drafted and written down together
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Accepted:
    """What automatic acceptance came to. limits: threshold by kind, "" for the others."""

    accepted: int
    revoked: int
    review: int
    limits: Mapping[str, float]


class Loop:
    """Everything that `python -m agent label` does, without a screen."""

    def __init__(self, project: Project, database: str = "") -> None:
        """database: its address where the project does not hold it (it has a password)."""
        self.project = project
        settings = project.settings
        url = database or settings.database
        if not url:
            raise CaibaoError("项目没有记下数据库地址（里面有密码），请用 --database 或环境变量 CAIBAO_DATABASE 给出。")
        self._options = building.Options(
            database=url, table=settings.table, reader=Path(settings.reader) if settings.reader else None
        )
        self.desk = Desk(building.open_database(self._options))

    @property
    def state(self) -> State:
        return fold(self.project.questions, self.project.decisions)

    # Models

    @cached_property
    def _base_and_prefixes(self) -> tuple[Path, Path]:
        return training.starting_prefixes(self.project.settings.model, self.project.settings.prefixes)

    @property
    def prefixes(self) -> list[Path]:
        """The folders of prefixes that draft: those of the last round, one for each seed.

        Raises:
            CaibaoError: the last round's are not there (a copy without them), or have changed.
        """
        if not self.project.rounds:
            return [self._base_and_prefixes[1]]
        last = self.project.rounds[-1]
        folders = [self.project.path("prefix", last.id, f"seed-{seed}") for seed in last.seeds]
        if not all((folder / "nl2sql" / "done").exists() for folder in folders):
            raise CaibaoError(
                f"第{last.number}轮的前缀不在 {self.project.path('prefix', last.id)}（没有一起复制？），请复制过来，或运行 label train 重新训练。"
            )
        return folders

    @property
    def model_hash(self) -> str:
        """Of the prefixes that draft, without reading them where a round says it."""
        return self.project.rounds[-1].prefix if self.project.rounds else self._first_hash

    @cached_property
    def _first_hash(self) -> str:
        """Of the prefixes that the project began with."""
        return training.prefix_hash([self._base_and_prefixes[1]])

    def load(self, folder: Path) -> LanguageModel:
        return building.load_model(replace(self._options, model=self._base_and_prefixes[0], prefixes=folder))

    def understanding(self) -> Understanding | None:
        reader = self._options.reader or DEFAULT_READER
        return building.load_understanding(self.desk.database, reader) if (reader / "config.json").exists() else None

    def drafter(self) -> Drafter:
        from agent.labelling.drafting import Drafter

        witnesses = {f"前缀{number}": self.load(folder) for number, folder in enumerate(self.prefixes, 1)}
        understanding = self.understanding()
        if understanding is not None:
            self.desk = Desk(self.desk.database, understanding.finder.linker)
        return Drafter(self.desk, witnesses, understanding, self.model_hash)

    # Drafts

    def to_draft(self, count: int) -> list[Asked]:
        """Open questions without a draft by these prefixes, the most representative first; in the first round the test's too."""
        drafted = self.project.drafts_of(self.model_hash)
        state = self.state
        pool = [a for a in state.open() if a.id not in drafted]
        known = [found.asked for found in state.labelled.values()]
        chosen = selection.representative(pool, count, known) if count < len(pool) else pool
        tests = [a for a in self.test_questions() if a.id not in drafted and a.id not in state.labelled]
        return [*tests, *chosen]

    def test_questions(self) -> list[Asked]:
        """The pool's own test: representative questions of its test split that a person labels; never trained on, never drawn
        for labelling. None where the figures are measured on a file."""
        if self.project.settings.held_out:
            return []
        pool = [a for a in self.project.questions.values() if a.split == "test" and not a.parent]
        return selection.representative(sorted(pool, key=lambda a: a.id), min(self.project.settings.test, len(pool)))

    def draft(self, count: int, drafter: Drafter | None = None, progress: Progress | None = None) -> int:
        """Drafts up to `count` questions; killed and run again it goes on. Returns how many were drafted."""
        with journal.alone(self.project.folder, "draft"):
            todo = self.to_draft(count)
            if not todo:
                return 0
            drafter = drafter or self.drafter()
            for start in range(0, len(todo), AT_ONCE):
                self.project.add_drafts(drafter.draft(todo[start : start + AT_ONCE]))
                if progress:
                    progress(min(start + AT_ONCE, len(todo)), len(todo))
            return len(todo)

    @property
    def drafts(self) -> dict[str, Draft]:
        """Question → the draft that counts: by the prefixes of now, where there is one."""
        return self.project.drafts_of(self.model_hash)

    # Acceptance

    def judged(self) -> list[Judged]:
        """Drafts that people have judged, by the prefixes of now and of the round before."""
        rounds = self.project.rounds
        recent = {self.model_hash, rounds[-2].prefix if len(rounds) > 1 else self._first_hash}
        return [j for d in self.state.judged if (j := self._judged(d)) and d.model in recent]

    def audited(self, now: bool = False) -> list[Judged]:
        """The same of audits: of all rounds, or (now) of the automatic acceptance by the prefixes of now."""
        audits = [d for d in self.state.judged if d.action == "audit" and (not now or d.model == self.model_hash)]
        return [j for d in audits if (j := self._judged(d))]

    def _judged(self, decision: Decision) -> Judged | None:
        draft = self.project.drafts.get((decision.model, decision.question))
        if draft is None or decision.ok is None or decision.action not in BY_PEOPLE:
            return None
        wording = wordings.bare(self.project.questions[decision.question].masked)
        return Judged(draft.kind, draft.sure, bool(decision.ok), not draft.failed, wording)

    def limits(self) -> dict[str, float]:
        target = self.project.settings.target
        limits = acceptance.thresholds(acceptance.believed(self.judged()), target)
        return limits | dict.fromkeys(acceptance.closed(self.audited(now=True), target), acceptance.NEVER)

    def _acceptable(self, names: Sequence[str], limits: Mapping[str, float]) -> set[str]:
        """Of these questions those whose drafts may be accepted: by checks and threshold, by people's labels of the same question,
        and by how the drafts of questions worded alike turned out."""
        drafts, judged = self.drafts, self.judged()
        conflicts = clashing(self.state, drafts)
        likely = [n for n in names if n in drafts and n not in conflicts and acceptance.may_accept(drafts[n], limits)]
        texts = [wordings.bare(self.project.questions[n].masked) for n in likely]
        return {name for name, against in zip(likely, acceptance.doubted(texts, judged)) if not against}

    def accept(self) -> Accepted:
        """Accepts what passes, and takes back what no longer does; both are decisions of the program, and nothing is lost."""
        state, drafts, limits = self.state, self.drafts, self.limits()
        acceptable = self._acceptable([a.id for a in state.open()], limits)
        ready = [drafts[a.id] for a in state.open() if a.id in acceptable]
        before = [f for f in state.labelled.values() if f.origin == "auto" and f.by.model == self.model_hash]
        stand = self._acceptable([f.asked.id for f in before], limits)
        fallen = [f.by for f in before if f.asked.id in drafts and f.asked.id not in stand]
        made = [_automatic("auto", d.question, d, d.label_of()) for d in ready]
        made += [_automatic("revoke", by.question, drafts[by.question], None) for by in fallen]
        self.project.decide(made)
        left = [a for a in self.state.open() if a.id in drafts]
        return Accepted(len(ready), len(fallen), len(left), limits)

    def audit_queue(self) -> list[str]:
        """A random part of what was accepted automatically in this round and that no person has seen."""
        state = self.state
        automatic = {d.question for d in self.project.decisions if d.action == "auto" and d.model == self.model_hash}
        wanted = acceptance.to_audit(sorted(automatic), self.project.settings.seed)
        return [name for name in wanted if name in state.labelled and state.labelled[name].origin == "auto"]

    def precision(self) -> Precision:
        """Of automatic acceptance, over all audited rows."""
        rows = self.audited()
        return Precision(sum(row.right for row in rows), len(rows))

    # What a person sees next

    def queue(self, count: int) -> list[Asked]:
        """Drafted and open, by what their labels would tell."""
        state, drafts = self.state, self.drafts
        open_ones = [a for a in state.open() if a.id in drafts]
        known = [found.asked for found in state.labelled.values()]
        if not self.project.rounds and len(state.labelled) < self.project.settings.first:
            return selection.representative(open_ones, count, known)
        return selection.doubtful(state.questions, [drafts[a.id] for a in open_ones], count, known)

    def test_queue(self) -> list[Asked]:
        state = self.state
        done = state.labelled.keys() | state.set_aside.keys()
        return [a for a in self.test_questions() if a.id not in done and a.id in self.drafts]

    # Training

    def train(self, recipe: training.Recipe, children: int = 0, tell: training.Tell = print) -> Round:
        """Tunes prefixes on all labels, measures them, and adds the round to the manifest."""
        with journal.alone(self.project.folder, "train"):
            splits: tuple[Split, ...] = ("train", "validation", "test")
            labelled = {split: self.state.learned(split) for split in splits}
            if not labelled["train"]:
                raise CaibaoError("还没有可以训练的标注，请先运行 python -m agent label review。")
            base, start = self._base_and_prefixes
            grown = augmenting.children_of(labelled["train"], self.desk, children, self.project.settings.seed)
            name = journal.digest(
                [
                    sorted([found.asked.id, _plain(found.label)] for split in splits for found in labelled[split]),
                    children,
                    repr(recipe),
                    training.base_hash(base),
                    self.project.settings.held_out,
                ]
            )
            data = self.project.path("grown", name)
            counts = training.fintrain(data, labelled, grown, self.desk, recipe)
            self._held_out(data)
            folders = training.train(
                data, self.project.path("prefix", name), base, None if recipe.fresh else start, recipe, tell
            )
            tell("评测…")
            model = self.load(folders[0])
            finished = Round(
                name, len(self.project.rounds) + 1, now(), self.project.writer, recipe.seeds, training.data_hash(data),
                training.base_hash(base), training.prefix_hash(folders), counts, self.state.origins,
                measuring.figures(model, data, self.desk.database),
                {task: training.losses(folders[0] / task) for task in ("classify", "keywords", "nl2sql")},
            )  # fmt: skip
            self.project.add_round(finished)
            return finished

    def _held_out(self, data: Path) -> None:
        """The test of a project that has a file of labelled questions."""
        if self.project.settings.held_out:
            from agent.labelling.exchange import read_labelled

            found = read_labelled(Path(self.project.settings.held_out), self.desk)
            training.write_tests(data, found, self.desk)


def _plain(label: Label) -> list[object]:
    return [label.label, list(label.keywords), label.masked, label.sql]


def _automatic(action: Action, question: str, draft: Draft, label: Label | None) -> Decision:
    return Decision(
        "",
        "",
        PROGRAM,
        action,
        question,
        label,
        model=draft.model,
        sure=draft.sure,
        kind=draft.kind,
    )


def judged_label(desk: Desk, question: str, draft: Draft | None, label: Label) -> bool | None:
    """Whether the draft's first label was right, by a person's: class, key words, and what the statement returns."""
    if draft is None:
        return None
    first = draft.label_of()
    if first.label != label.label or set(first.keywords) != set(label.keywords):
        return False
    if first.sql.replace(" ", "") == label.sql.replace(" ", ""):
        return True
    return bool(first.sql and label.sql) and desk.result_key(question, first) == desk.result_key(question, label)


def shuffled(names: Sequence[str], seed: int) -> list[str]:
    """In an order that the seed decides."""
    mixed = sorted(names)
    random.Random(seed).shuffle(mixed)
    return mixed
