"""People's own words become the table's, and nothing else changes."""

from __future__ import annotations

import json

import pytest

from agent.model import ROOT
from agent.reading.report_text import asks_for_narrative, beyond_a_year
from agent.reading.spoken import standard
from agent.text import normalise


@pytest.mark.parametrize(
    "said,read",
    [
        ("华兴2020年赚了多少钱?", "华兴2020年净利润是多少?"),
        ("华兴2020年盈利多少万", "华兴2020年净利润是多少万元"),
        ("2021年最赚钱的前三家公司", "2021年净利润最高的前三家公司"),
        ("2021年亏得最多的是哪家", "2021年净利润最低的是哪家"),
        ("2020年亏损的公司有多少家", "2020年净利润小于0元的公司有多少家"),
        ("净利润为负的公司有哪些", "净利润小于0元的公司有哪些"),
        ("华兴去年卖了多少亿的货", "华兴去年营业收入是多少亿元"),
        ("华兴欠了多少债", "华兴负债合计是多少"),
        ("华兴手里有多少现金", "华兴货币资金是多少"),
        ("华兴2020年有多少员工?", "华兴2020年职工总人数是多少?"),
        ("华兴有几个博士", "华兴博士及以上的员工人数是多少"),
        ("花了多少钱搞研发", "研发费用是多少"),
        ("华兴的老板是谁", "华兴的法定代表人是谁"),
        ("华兴注册在哪", "华兴注册地址是什么"),
        ("华兴总部在哪里", "华兴办公地址是什么"),
        # losses
        ("净利润亏了的那些公司", "净利润小于0元的那些公司"),
        ("净利润亏损的有多少家", "净利润小于0元的有多少家"),
        ("营业利润亏损的公司", "营业利润小于0元的公司"),
        ("没赚钱的公司有哪些", "净利润小于0元的公司有哪些"),
        ("2020年亏得最狠的公司", "2020年净利润最低的公司"),
        # ranks and amounts
        ("开发支出排最前头的四家", "开发支出排前四家"),
        ("2019年在建工程排老三的", "2019年在建工程排第三的"),
        ("20年员工连150个都不到的公司", "20年职工总人数不到150人的公司"),
        ("博士50个以上的公司", "博士及以上的员工人数50人以上的公司"),
        ("硕士超过500人、本科却不到3000人", "硕士员工人数超过500人、本科员工人数却不到3000人"),
        ("研发人员占全体职工的比例", "研发人员占职工人数的比例"),
        # taxes
        ("华兴2019年交的税一共多少", "华兴2019年支付的各项税费一共多少"),
        ("华兴缴了多少税", "华兴支付的各项税费是多少"),
        ("2020年交税最多的公司", "2020年支付的各项税费最多的公司"),
        # heads
        ("华兴每年有多少员工给我列一下", "华兴每年职工总人数是多少给我列一下"),
        ("华兴2020和2021年各有多少员工啊", "华兴2020和2021年各职工总人数是多少啊"),
        ("华兴和平安谁家员工多", "华兴和平安谁家职工总人数更多"),
        ("华兴和平安哪家公司人最少", "华兴和平安哪家职工总人数最少"),
        ("天津注册的公司员工总共加起来多少人", "天津注册的公司职工总人数加起来是多少"),
        ("员工不止500人的公司", "职工总人数超过500人的公司"),
        ("华兴本科毕业的员工有几个人", "华兴本科员工人数是多少"),
        ("华兴有多少本科学历的员工", "华兴本科员工人数是多少"),
        ("华兴硕士文凭的有几个", "华兴硕士员工人数是多少"),
        ("华兴博士学历的人有多少", "华兴博士及以上的员工人数是多少"),
        ("硕士学历的人超过500的公司", "硕士员工人数超过500的公司"),
        ("硕士员工最多的公司", "硕士员工人数最多的公司"),
        ("销售员工比技术员工多", "销售人员人数比技术人员人数多"),
        # amounts and ranks
        ("毛利率比50%还高的公司", "毛利率高于50%的公司"),
        ("净利润比三亿还多的公司", "净利润多于三亿的公司"),
        ("净利润够3个亿的公司", "净利润达到3个亿的公司"),
        ("净利润不够五千万", "净利润不到五千万"),
        ("财务人员最多的头三家", "财务人员最多的前三家"),
        ("流动比率倒数的三家", "流动比率倒数三家"),
        ("净利润末尾三家", "净利润倒数三家"),
    ],
)
def test_everyday_words_are_read_as_the_tables(said: str, read: str) -> None:
    assert standard(said) == read


@pytest.mark.parametrize(
    "text",
    [
        "老板电器2020年的净利润是多少",
        "2020年负债合计为负债最高的公司",
        "销售人员人数有多少人",
        "博士及以上有多少人",
        "2020年研发费用最高的公司",
        "有多少家公司注册在杭州",
        "硕士学历人数最多的公司",
        "硕士及以上学历人员占职工人数比例",
        "母公司员工人数是多少",
        "谁家研发人员人多",
        "应交税费最多的公司",
        "龙头三家公司",
        "净利润比2020年还高的公司",
        "够2020年分配的净利润",
        "净利润垫底的三家",
    ],
)
def test_plain_questions_and_names_that_hold_such_words_stay_as_they_are(text: str) -> None:
    assert standard(text) == text


def test_no_question_of_the_samples_changes() -> None:
    questions = json.loads((ROOT / "data" / "test_questions.json").read_text(encoding="utf-8"))
    texts = [normalise(row["question"]) for row in questions]
    assert [text for text in texts if standard(text) != text] == []


@pytest.mark.parametrize(
    "text,named",
    [
        ("华兴2020年第三季度净利润是多少", "第三季度"),
        ("华兴2020年上半年营业收入", "上半年"),
        ("华兴2020年净利润环比增长多少", "环比"),
        ("华兴2020年6月份的营业收入", "6月份"),
        ("华兴明年的净利润会是多少", "明年"),
        ("2020年Q3净利润最高的公司", "Q3"),
    ],
)
def test_what_yearly_figures_cannot_tell_is_refused_by_name(text: str, named: str) -> None:
    reason = beyond_a_year(text)
    assert reason and named in reason and reason.endswith("无法回答该问题。")


@pytest.mark.parametrize("text", ["截至2020年12月31日华兴的货币资金", "华兴2020年预计负债是多少", "华兴2020年末总资产"])
def test_dates_of_a_year_and_names_of_columns_are_no_such_words(text: str) -> None:
    assert beyond_a_year(text) is None


@pytest.mark.parametrize(
    "text",
    ["华兴2020年社会责任都干了些啥", "华兴2021年在环境保护方面采取了哪些措施?", "华兴2020年研发投入情况怎么样"],
)
def test_narrative_stands_in_the_text_of_a_report(text: str) -> None:
    assert asks_for_narrative(text) and beyond_a_year(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "华兴2020年应付职工薪酬情况如何",
        "华兴2021年环保投入多少",
        "华兴2020年研发投入是多少",
        "华兴2020年净利润情况如何",
    ],
)
def test_a_column_is_asked_for_where_a_figure_is(text: str) -> None:
    assert beyond_a_year(text) is None
