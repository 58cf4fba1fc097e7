from collections import Counter
from decimal import Decimal

import pytest

from agent.reading.report_text import NO_REPORT_TEXT
from agent.scoring.evaluate import load_rows
from benchmarks import handwritten
from benchmarks.handwritten import FAMILIES, KINDS, QUESTIONS, ROUNDS, STYLES, Gold, faults, gold_of

ANSWER = {"family": "kth", "kind": "answer", "sql": None}
RANKED = Gold((("甲(集团)公司", 3.5), ("乙公司", -2.0)), ranked=True, others=("丙公司",))


@pytest.fixture(scope="module")
def rows():
    return load_rows(QUESTIONS)


@pytest.fixture(scope="module")
def cells(rows):
    """What each gold SQL gives on the sample table."""
    with handwritten.sample_database() as url:
        return handwritten.gold_cells(url, rows)


def test_ids_and_questions_are_unique(rows):
    assert len({row["id"] for row in rows}) == len({row["question"] for row in rows}) == len(rows)


def test_there_are_hundreds_of_questions_and_two_dozen_of_every_family(rows):
    counts = Counter(row["family"] for row in rows)
    assert len(rows) >= 900 and {row["round"] for row in rows} == set(ROUNDS)
    assert set(counts) == set(FAMILIES)
    assert min(counts.values()) >= 24


def test_kinds_and_styles_are_known_and_much_is_colloquial(rows):
    assert {row["kind"] for row in rows} == set(KINDS)
    assert {row["style"] for row in rows} == set(STYLES)
    assert 0.3 < sum(row["style"] == "colloquial" for row in rows) / len(rows) < 0.5


def test_a_question_has_gold_sql_where_it_is_to_be_answered_from_the_table(rows):
    assert all(bool(row["sql"]) == (row["kind"] == "answer") for row in rows)


def test_every_gold_sql_gives_a_few_cells_without_an_empty_one(rows, cells):
    for row, lines in zip(rows, cells):
        flat = [cell for line in lines for cell in line]
        assert None not in flat and len(flat) <= 20, row["id"]
        assert bool(flat) == (row["kind"] == "answer"), row["id"]


def test_an_answer_made_of_its_gold_cells_is_right(rows, cells):
    for row, lines in zip(rows, cells):
        if row["kind"] == "answer":
            gold = gold_of(row, lines, ())
            said = ["家，".join(map(str, line)) + "家" for line in lines] + [
                w.split("|")[0] for w in row.get("expect", ())
            ]
            assert faults(row, gold, "answer", "；".join(said)) == [], row["id"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2019-2021年为-3.50元", ["2019", "2021", "-3.50"]),
        ("１，２３４，５６７．８元", ["1234567.8"]),
        ("增长率是−18.26%", ["-18.26"]),
    ],
)
def test_numbers_are_read_in_any_width_and_with_their_sign(text, found):
    assert handwritten.numbers(handwritten.plain(text)) == [Decimal(number) for number in found]


@pytest.mark.parametrize(
    ("value", "answer", "right"),
    [
        ("18.26", "18.26%", True),
        ("18.26", "0.1826", False),
        ("18.26", "18.264", True),
        ("18.26", "18.27", False),
        ("18.2", "18.20%", True),
        ("18.2", "18.21%", False),
        ("3.6056", "3.606亿元", False),
        ("1805.0", "1805人", True),
        ("5.0", "15元，25元，52元", False),
        ("-5.0", "5元", False),
    ],
)
def test_a_number_is_right_to_half_a_unit_of_its_last_digit(value, answer, right):
    assert handwritten.number_stands_in(Decimal(value), answer) is right


def test_a_difference_may_be_told_with_either_sign():
    assert handwritten.number_stands_in(Decimal(5), "变动-5元", magnitude=True)


def test_a_code_is_not_part_of_longer_digits():
    assert handwritten.text_at("300492", "13004921") == -1
    assert handwritten.text_at("300492", "代码300492。") == 8


def test_alike_does_not_stand_in_unlike():
    assert not handwritten.word_stands_in("相同", "不相同。")
    assert handwritten.word_stands_in("一致|相同", "相同。")
    assert handwritten.word_stands_in("不相同", "不相同。")


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("甲（集团）公司为3.50元；乙公司为-2元。", []),
        ("乙公司为-2元；甲(集团)公司为3.50元。", ["次序不对"]),
        ("甲(集团)公司为3.50元。", ["缺乙公司", "缺-2.0"]),
        ("甲(集团)公司为3.50元；乙公司为-2元；丙公司为-9元。", ["多丙公司"]),
    ],
)
def test_a_ranking_names_the_gold_companies_in_order_and_no_other(answer, wrong):
    assert faults(ANSWER, RANKED, "answer", answer) == wrong


def test_a_company_inside_the_name_of_a_gold_company_is_not_too_many():
    assert handwritten.foreign(Gold((("东方通信公司",),), others=("东方通",)), "是东方通信公司。") == []


def test_a_count_is_the_number_before_its_measure_word():
    gold = gold_of({"sql": "SELECT COUNT(*) FROM company_table", "family": "count_place"}, [(2,)], ())
    assert faults(ANSWER, gold, "answer", "大于2元的公司数量为2家。") == []
    assert faults(ANSWER, gold, "answer", "大于2元的公司数量为12家。") == ["缺2"]


def test_a_statement_that_ends_in_limit_ranks_and_names_forbid_the_others():
    row = {"sql": "SELECT 公司全称 FROM company_table ORDER BY 净利润 LIMIT 1 OFFSET 2", "family": "kth"}
    assert gold_of(row, [("甲公司",)], ("甲公司", "乙公司")) == Gold([("甲公司",)], ranked=True, others=("乙公司",))
    assert gold_of({**row, "sql": "SELECT 净利润 FROM company_table"}, [(2,)], ("甲公司",)) == Gold([(2,)])


def test_the_kind_of_an_answer_must_be_right_and_missing_report_text_answers_an_open_question():
    refusal, open_ = ({"family": kind, "kind": kind, "sql": None} for kind in ("refusal", "open"))
    assert faults(refusal, Gold(()), "refusal", "没有。") == []
    assert faults(refusal, Gold(()), "answer", "5元。") == ["是answer，应是refusal"]
    assert faults(open_, Gold(()), "refusal", NO_REPORT_TEXT) == []
    assert faults(open_, Gold(()), "refusal", "没有。") == ["是refusal，应是open"]
    assert faults({**refusal, "expect": ["2018"]}, Gold(()), "refusal", "没有。") == ["缺“2018”"]


def test_figures_count_by_family_style_and_round():
    found = [
        {"family": "kth", "style": "plain", "round": 1, "faults": []},
        {"family": "kth", "style": "colloquial", "round": 2, "faults": ["缺2"]},
    ]
    counts = handwritten.figures(found)
    styles, rounds = {"plain": (1, 1), "colloquial": (0, 1)}, {"1": (1, 1), "2": (0, 1)}
    assert counts == {"total": [1, 2], "family": {"kth": (1, 2)}, "style": styles, "round": rounds}
    assert handwritten.table(counts).row_count == 6
