"""The measures behind the constants, on numbers that can be checked by hand."""

import pytest
import torch

from benchmarks.confidence import calibration_error, doubted, fitted_temperature, masked_of, passes

COUNT = "SELECT COUNT(*) FROM company_table WHERE 年份=2020 AND 货币资金>100"


def test_calibration_error_is_the_gap_of_confidence_and_accuracy_weighted_by_bin():
    scores = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 0.0]], dtype=torch.float64)
    sure = float(scores[1].softmax(-1)[0])  # 0.953, the two rows of one bin, of which one is right
    assert calibration_error(scores, torch.tensor([0, 0, 1])) == pytest.approx((0.5 + 2 * (sure - 0.5)) / 3)
    assert calibration_error(scores[1:], torch.tensor([0, 0])) == pytest.approx(1 - sure)


def test_the_temperature_that_made_scores_too_sure_is_found_again():
    torch.manual_seed(3)
    true = 2 * torch.randn(4_000, 6, dtype=torch.float64)
    labels = torch.multinomial(true.softmax(-1), 1)[:, 0]
    assert fitted_temperature(true * 1.7, labels) == pytest.approx(1.7, abs=0.1)
    assert calibration_error(true, labels) < 0.03 < calibration_error(true * 1.7, labels)


def test_doubts_are_counted_on_both_sides_of_a_margin():
    assert doubted([0.1, 0.2, 3.0, 4.0], [False, True, True, False], 1.0) == (2, 0.5, 0.5)
    assert doubted([3.0], [True], 1.0) == (0, 0.0, 0.0)


def test_a_masked_question_stands_for_itself():
    masked = masked_of("2020年货币资金大于100元的公司有几家?")
    assert (masked.years, masked.amounts, list(masked.columns)) == ({2020: 2020}, {100: 100}, ["货币资金"])
    assert passes(COUNT, masked) and not passes(COUNT.removesuffix(" AND 货币资金>100"), masked)
