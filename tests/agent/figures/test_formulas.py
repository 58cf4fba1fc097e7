from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.figures import formulas, schema

MONEY = st.decimals(min_value=-(10**13), max_value=10**13, places=2)


@pytest.mark.parametrize("formula", schema.FORMULAS, ids=lambda f: f.name)
def test_every_formula_can_be_computed_from_its_operands(formula: schema.Formula) -> None:
    operands = formulas.operands(formula.expression)
    assert len(operands) >= 2
    assert all(name in schema.columns() for name in operands)
    assert formulas.evaluate(formula.expression, {name: Decimal(7) for name in operands}) is not None


@given(MONEY, MONEY.filter(lambda n: n != 0))
def test_a_growth_rate_is_the_exact_fraction(now: Decimal, before: Decimal) -> None:
    growth = schema.computed("净利润增长率")
    assert growth is not None
    value = formulas.evaluate(growth.expression, {"净利润": now, "上年净利润": before})
    exact = (Fraction(now) - Fraction(before)) / Fraction(before)
    assert value is not None and abs(Fraction(value) - exact) <= abs(exact) / 10**45


def test_money_is_not_rounded_in_binary() -> None:
    assert formulas.evaluate("a+b-c", {"a": Decimal("0.1"), "b": Decimal("0.2"), "c": Decimal("0.3")}) == 0


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("a/b", {"a": 1, "b": 0}, None),
        ("a/b", {"a": 1, "b": None}, None),
        ("a/b", {"a": 1}, None),
        ("(a+COALESCE(b,0))/c", {"a": 1, "b": None, "c": 2}, Decimal("0.5")),
        ("(a+COALESCE(b,0))/c", {"a": None, "b": 1, "c": 2}, None),
        ("a-b-c", {"a": 9, "b": 3, "c": 2}, 4),
        ("a/b/c", {"a": 8, "b": 2, "c": 2}, 2),
        ("a-b*c", {"a": 9, "b": 3, "c": 2}, 3),
    ],
)
def test_missing_operands_and_zero_divisors_give_nothing(
    expression: str, values: dict[str, int | None], expected: Decimal | int | None
) -> None:
    given_values = {name: None if value is None else Decimal(value) for name, value in values.items()}
    assert formulas.evaluate(expression, given_values) == expected


@pytest.mark.parametrize(
    "name",
    [
        "销售商品、提供劳务收到的现金",
        "研发机构数(个)",
        "其中:受限资金",
        "R&D-投入/年",
        "a)+(b",
        "(SELECT a FROM secret)",
        "x--",
        "2020目标",
        "上年净利润",
        "名 字",
    ],
)
def test_a_growth_rate_takes_any_name_as_a_name(name: str) -> None:
    growth = schema.computed(name + schema.GROWTH)
    assert growth is not None
    assert formulas.operands(growth.expression) == (name, f"上年{name}")
    assert formulas.evaluate(growth.expression, {name: Decimal(3), f"上年{name}": Decimal(2)}) == Decimal("0.5")


def test_operands_stand_in_the_order_of_the_formula() -> None:
    assert formulas.operands("(营业收入-营业成本)/营业收入") == ("营业收入", "营业成本")
