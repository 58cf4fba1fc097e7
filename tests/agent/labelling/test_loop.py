"""Draft, accept, audit and what a person sees, over a model that says what it was told."""

from __future__ import annotations

from dataclasses import replace

from agent.labelling import contradictions
from agent.labelling.drafting import Drafter
from agent.labelling.loop import Loop, judged_label
from agent.labelling.project import Project
from agent.labelling.records import Decision, Label


def named(loop: Loop, words: str) -> str:
    return next(a.id for a in loop.project.questions.values() if words in a.question)


def person(loop: Loop, question: str, number: int = 0, label: Label | None = None) -> None:
    """A person's decision as the review makes it."""
    draft = loop.drafts[question]
    chosen = label or draft.label_of(number)
    ok = judged_label(loop.desk, loop.project.questions[question].question, draft, chosen)
    action = "edit" if label else "accept"
    loop.project.decide(
        [Decision("", "", "", action, question, chosen, 5.0, draft.model, draft.sure, draft.kind, ok)]  # type: ignore[arg-type]
    )


def test_a_draft_has_the_result_its_rows_and_the_statement(loop: Loop, drafter: Drafter) -> None:
    assert loop.draft(10, drafter) == 6
    draft = loop.drafts[named(loop, "华兴科技2020年净利润")]
    first = draft.proposals[0]
    assert draft.label == "C" and draft.keywords == ("净利润",) and not draft.failed, draft
    assert "150" in first.told and first.witnesses == ("前缀1",) and first.sql and "甲公司" in first.masked
    assert any("150" in cell for row in first.rows for cell in row)


def test_drafting_goes_on_where_it_was_stopped(loop: Loop, drafter: Drafter) -> None:
    todo = loop.to_draft(10)
    loop.project.add_drafts(drafter.draft(todo[:2]))
    assert loop.draft(10, drafter) == 4 and loop.draft(10, drafter) == 0
    assert len(Project(loop.project.folder).drafts) == 6


def test_a_statement_of_another_class_than_its_question_fails_a_check(loop: Loop, drafter: Drafter) -> None:
    drafter.witnesses = {
        "前缀1": type(next(iter(drafter.witnesses.values())))(
            "E", "净利润", "SELECT 货币资金 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020"
        )
    }
    loop.draft(10, drafter)
    draft = loop.drafts[named(loop, "华兴科技2020年净利润")]
    assert "类别与语句对不上" in draft.failed


def test_witnesses_of_other_seeds_must_come_to_the_same_result(loop: Loop, drafter: Drafter) -> None:
    one = next(iter(drafter.witnesses.values()))
    other = type(one)("C", "净利润", "SELECT 注册地址 FROM company_table WHERE 公司全称='甲公司' AND 年份=2020")
    drafter.witnesses = {"前缀1": one, "前缀2": other}
    loop.draft(10, drafter)
    failed = loop.drafts[named(loop, "华兴科技2020年净利润")].failed
    assert any("前缀之间的结果不同" in reason for reason in failed), failed


def test_nothing_is_accepted_before_people_have_judged_enough(loop: Loop, drafter: Drafter) -> None:
    loop.draft(10, drafter)
    assert loop.accept().accepted == 0


def accept_all(loop: Loop, drafter: Drafter) -> None:
    """Judges enough rows, by questions that are asked again with other polite words."""
    from agent.labelling.starting import add

    add(
        loop,
        [
            f"{words}华兴科技{year}年净利润是多少{end}"
            for words in ("", "请问", "麻烦问下")
            for year in (2019, 2020, 2021)
            for end in ("", "?谢谢")
        ],
        "x",
    )
    loop.draft(100, drafter)
    for name in [a.id for a in loop.state.open() if "华兴" in a.question][:9]:
        person(loop, name)


def test_what_is_as_sure_as_rows_that_were_right_is_accepted_and_a_part_audited(loop: Loop, drafter: Drafter) -> None:
    accept_all(loop, drafter)
    found = loop.accept()
    assert found.accepted > 0 and loop.state.origins["auto"] == found.accepted
    assert len(loop.audit_queue()) == 1
    assert not any(f.asked.split == "test" for f in loop.state.labelled.values())


def test_an_audit_that_finds_errors_takes_back_what_was_accepted(loop: Loop, drafter: Drafter) -> None:
    accept_all(loop, drafter)
    accepted = loop.accept().accepted
    wrong = loop.audit_queue()[0]
    draft = loop.drafts[wrong]
    label = replace(draft.label_of(), label="D")
    for _ in range(3):
        loop.project.decide(
            [Decision("", "", "", "audit", wrong, label, 5.0, draft.model, draft.sure, draft.kind, False)]
        )
    assert loop.precision().right == 0 and loop.precision().total == 3
    assert loop.accept().revoked == accepted - 1 and loop.state.origins.get("auto", 0) == 0


def test_a_draft_that_contradicts_a_person_is_not_accepted(loop: Loop, drafter: Drafter) -> None:
    accept_all(loop, drafter)
    name = named(loop, "瑞达银行2021年净利润")
    label = replace(loop.drafts[name].label_of(), label="D")
    person(loop, name, label=label)
    found = contradictions.same_question(loop.state)
    assert found and "类别不同" in found[0].words and name in found[0].rows
    loop.accept()
    assert not [f for f in loop.state.labelled.values() if f.origin == "auto" and "是多少" in f.asked.question]


def test_missing_classes_are_named(loop: Loop, drafter: Drafter) -> None:
    loop.draft(10, drafter)
    person(loop, named(loop, "几家"))
    assert contradictions.missing_classes(loop.state) == ["A", "B", "C", "D", "F"]


def test_the_test_split_is_never_drawn_for_labelling(loop: Loop, drafter: Drafter) -> None:
    for name, asked in list(loop.project.questions.items()):
        if "几家" in asked.question:
            loop.project.questions[name] = replace(asked, split="test")
    loop.draft(10, drafter)
    assert not [a for a in loop.queue(10) if a.split == "test"] and len(loop.queue(10)) == 4


def test_a_right_draft_is_right_by_what_it_returns(loop: Loop, drafter: Drafter) -> None:
    loop.draft(10, drafter)
    name = named(loop, "2020年净利润大于100元")
    draft, question = loop.drafts[name], loop.project.questions[name].question
    same = replace(draft.label_of(), sql=draft.label_of().sql.replace("COUNT(*)", "COUNT( * )"))
    other = replace(draft.label_of(), sql="SELECT 公司全称 FROM company_table WHERE 年份=2020 AND 货币资金>100")
    assert judged_label(loop.desk, question, draft, same) is True
    assert judged_label(loop.desk, question, draft, other) is False
    assert judged_label(loop.desk, question, draft, replace(same, keywords=())) is False
