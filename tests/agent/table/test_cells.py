"""What a cell says, in every way that exports write it."""

from decimal import Decimal

import pytest

from agent.table.cells import Amount, Formula, OddCell, code, is_nothing, number, text


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("37亿", "3700000000"),
        ("-4.06亿", "-406000000"),
        ("2.5万亿", "2500000000000"),
        ("7300.50万", "73005000"),
        ("8,642", "8642"),
        ("(71.5)", "-71.5"),
        ("（71.5）", "-71.5"),
        ("４３．５", "43.5"),
        ("−12", "-12"),
        ("¥6,400.25", "6400.25"),
        ("3e9", "3000000000"),
        ("55元", "55"),
        ("'42", "42"),
        (19.5, "19.5"),
        (7, "7"),
        ("12.5%", "0.125"),
        ("(3%)", "-0.03"),
        ("1.2个百分点", "0.012"),
    ],
)
def test_a_number_is_read_exactly_in_its_own_unit(cell: object, value: str) -> None:
    found = number(cell)
    assert found is not None and found.value == Decimal(value)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        None,
        False,
        "NA",
        "n/a",
        "#N/A",
        "<NA>",
        "(null)",
        "\\N",
        "-",
        "--",
        "—",
        "–",
        "/",
        "暂无",
        "未披露",
        "不适用",
        "暂无数据",
        "Ｎ／Ａ",
    ],
)
def test_a_mark_of_absence_is_nothing_as_a_number_and_as_a_text(cell: object) -> None:
    assert is_nothing(cell) and number(cell) is None and text(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "亏损",
        "Infinity",
        "-inf",
        "-4e34",
        "1,23",
        "12,3456",
        "1.2.3",
        "--5",
        "+-5",
        "0x1F",
        "五亿",
        True,
        "3亿%",
        "12 34 56x",
        "2021-12-31",
    ],
)
def test_what_is_neither_is_odd_and_never_guessed(cell: object) -> None:
    with pytest.raises(OddCell):
        number(cell)


def test_a_formula_that_was_never_computed_is_odd_and_says_so() -> None:
    for reader in (number, text, code):
        with pytest.raises(OddCell, match="公式"):
            reader(Formula("=B2+C2"))


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("603111", "603111"),
        ("603111.SH", "603111"),
        ("sh603111", "603111"),
        ("sh.603111", "603111"),
        ("603111.XSHG", "603111"),
        ('="000037"', "000037"),
        ("'000037", "000037"),
        (";000037", "000037"),
        (37, "000037"),
        (37.0, "000037"),
        ("37", "000037"),
        ("01234.HK", "01234"),
        ("1234.HK", "01234"),
        ("01234", "01234"),
        ("001234", "001234"),
        ("600519A", "600519A"),
        ("--", None),
        ("0", None),
    ],
)
def test_a_code_is_one_code_however_it_is_written(cell: object, plain: str | None) -> None:
    assert code(cell) == plain


def test_a_text_that_is_a_whole_number_has_no_point() -> None:
    assert text(310000.0) == "310000" and text(" 杭州 ") == "杭州"
    assert number("1.5") == Amount(Decimal("1.5"))
