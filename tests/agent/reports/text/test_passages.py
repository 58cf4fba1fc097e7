"""Lines become paragraphs and rows under their titles."""

from __future__ import annotations

import pytest

from agent.reports.text import headings, passages
from agent.reports.text.lines import of as lines_of
from agent.reports.text.lines import ticked
from tests.agent.reports.text.sample import pages


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("□适用 √不适用", "不适用"),
        ("适用□不适用", "适用"),
        ("√适用□不适用", "适用"),
        ("是否改聘会计师事务所 □是 否", "是否改聘会计师事务所：否"),
        ("□本年度公司有重大诉讼 √本年度公司无重大诉讼", "本年度公司无重大诉讼"),
        ("□适用 □不适用", "适用不适用（未勾选）"),
    ],
)
def test_boxes_say_what_is_ticked(printed: str, said: str) -> None:
    assert ticked(printed) == said


def test_running_heads_and_page_numbers_are_no_lines() -> None:
    texts = [line.text for line in lines_of(pages())]
    assert "重要提示" in texts and not any("年度报告" in text and len(text) < 30 for text in texts)
    assert not any(" / 8" in text for text in texts)


def test_every_line_knows_its_page_and_the_titles_above_it() -> None:
    (found,) = [p for p in passages.of(pages()) if "报酬（万元）" in p.text]
    assert (found.page, found.path) == (5, ("第六节 重要事项", "七、聘任、解聘会计师事务所情况"))


def test_a_paragraph_goes_on_over_a_page() -> None:
    first = "第一节 概况\n" + "公司在报告期内持续推进管网改造，先后完成了东城、西城和北城三个片区的工程，" * 2 + "累计投入"
    (found,) = passages.of(pages((first, "资金九千万元，全部来自自有资金。", "第二节 其他\n无")))[:1]
    assert found.page == 1 and found.text.endswith("累计投入资金九千万元，全部来自自有资金。")


def test_rows_of_a_statement_are_no_titles() -> None:
    text = "第十节 财务报告\n合并利润表\n一、营业总收入\n二、营业总成本\n三、其他综合收益\n五、综合收益总额\n三、公司基本情况\n公司成立于青岚市。"
    paths = [p.path for p in passages.of(pages((text, "甲。", "乙。")))]
    assert ("第十节 财务报告", "三、公司基本情况") in [p[:2] for p in paths]
    assert not any("营业总成本" in title for path in paths for title in path)


def test_a_broken_label_joins_its_figure() -> None:
    text = "第七节 股东\n一、股东数量\n单位：股\n报告期末普通\n股股东总数\n91,007\n其他内容没有。"
    assert any("报告期末普通股股东总数 91,007" in p.text for p in passages.of(pages((text, "甲。", "乙。"))))


def test_numbers_of_titles_are_values() -> None:
    found = [headings.numbered(line) for line in ("十二、其他", "(三) 其他", "3.4.1 息差", "⑫ 其他", "1,234.00 元", "3.5%")]
    assert [f and (f.style, f.number) for f in found] == [("一、", 12), ("(一)", 3), ("1.1.1", 30401), ("①", 12), None, None]


@pytest.mark.parametrize("text", ["1、" * 5000, "（" * 20000, "一" * 50000, "1.1" * 20000, "-" * 50000 + " 1"])
def test_strange_lines_take_no_time(text: str) -> None:
    assert passages.of(pages((text, "甲", "乙"))) is not None
