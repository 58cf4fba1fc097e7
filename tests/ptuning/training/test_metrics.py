import pytest

from ptuning.training import metrics

# What nltk 3.10 (sentence_bleu over characters, SmoothingFunction().method3) and rouge-chinese 1.0.3 (F1 over jieba words) say.
REFERENCES = [
    ("2020年金枫酒业的管理费用是138734348.36元。", "2020年金枫酒业的管理费用为138734348.36元。", 0.9061874434879645, (0.9, 0.777778, 0.9)),
    ("营业收入,净利润", "营业收入,利润总额", 0.5247357977607321, (0.75, 0.666667, 0.75)),
    ("今天天气", "天气今天真好呀", 0.21341568174752815, (0.0, 0.0, 0.0)),
    ("完全不同", "毫无共通之处吧", 0.0, (0.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("prediction", "reference", "bleu", "rouge"), REFERENCES)
def test_text_scores_equal_those_of_the_reference_programs(prediction, reference, bleu, rouge):
    scores = metrics.text_scores([prediction], [reference])
    assert scores["bleu-4"] == pytest.approx(100 * bleu, abs=1e-3)
    assert [scores[name] for name in ("rouge-1", "rouge-2", "rouge-l")] == pytest.approx([100 * r for r in rouge], abs=1e-3)


def test_repeated_words_count_as_often_as_they_occur():
    assert metrics.rouge_n(list("aab"), list("aac"), 1) == pytest.approx(2 / 3)
    assert metrics.rouge_n(list("aaa"), list("abc"), 1) == pytest.approx(1 / 3)


def test_longest_common_subsequence_may_have_gaps():
    assert metrics.rouge_l(list("axbyc"), list("abc")) == pytest.approx(2 * 3 / 8)
    assert metrics.rouge_l([], list("abc")) == 0


@pytest.mark.parametrize("task", ["classify", "keywords", "nl2sql"])
def test_an_empty_prediction_scores_zero(task):
    scores = metrics.task_scores(task, ["", " \n"], ["营业收入是多少", "A"])
    assert all(value == 0 for value in scores.values() if isinstance(value, float))


def test_a_perfect_answer_scores_a_hundred_however_short():
    scores = metrics.task_scores("classify", ["A", "营业收入,净利润"], ["A", "营业收入,净利润"])
    assert scores["accuracy"] == scores["bleu-4"] == scores["rouge-1"] == 100


def test_classes_are_scored_one_by_one():
    scores = metrics.class_scores(["A", " B\n", "?"], ["A", "A", "B"])
    assert scores == {
        "accuracy": 33.3333,
        "per_class": {"A": 50.0, "B": 0.0},
        "confusion": {"A": {"A": 1, "B": 1}, "B": {"?": 1}},
    }


def test_lists_are_compared_item_by_item_in_order():
    scores = metrics.list_scores(["甲，乙", "乙,甲", "甲,丙", ""], ["甲,乙", "甲,乙", "甲,乙", ""])
    assert scores == {"exact_match": 50.0, "f1": pytest.approx(100 * 5 / 6, abs=1e-3)}


def test_no_rows_score_nothing():
    assert metrics.task_scores("nl2sql", [], []) == {"exact_match": 0.0, "rouge-1": 0.0, "rouge-2": 0.0, "rouge-l": 0.0, "bleu-4": 0.0}
