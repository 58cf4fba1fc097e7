"""What the columns mean: canonical names, aliases, units, classes, and the formulas of computed columns. Data, not code.

A column is *real* (the table holds it) or *computed* (a formula over real columns, or a growth rate). Names are those of
Chinese annual reports; money is in 元, head counts in 人.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

TABLE = "company_table"
COMPANY, YEAR, CODE, SHORT_NAME = "公司全称", "年份", "股票代码", "股票简称"
PLACE_COLUMNS = ("注册地址", "办公地址")
KEY = (COMPANY, YEAR)

Unit = Literal["text", "money", "count", "share", "ratio", "percent"]
UNIT_WORD = {"money": "元", "count": "人", "share": "元"}

# section: (unit, class of a question that asks for the bare figure)
_SECTIONS: dict[str, tuple[Unit, str]] = {
    "基本信息": ("text", "A"),
    "员工": ("count", "B"),
    "利润表": ("money", "C"),
    "现金流量表": ("money", "C"),
    "资产负债表": ("money", "C"),
    "每股": ("share", "C"),
}

# One line a column: canonical name, then what people say instead.
_COLUMNS: dict[str, str] = {
    "基本信息": """
公司全称 公司名称 企业名称 企业全称 公司名字 全称
股票代码 证券代码 代码
股票简称 证券简称 简称
外文名称 英文名称 英文名 外文名
法定代表人 法人代表 法人 法定代表 企业法人 掌门人 当家人
注册地址 注册地 注册地点 注册所在地
办公地址 办公地点 办公所在地 办公地
公司网址 网址 官网 网站 公司网站 官方网站 企业网址 官网地址 主页 网页 官方网址
电子信箱 邮箱 电子邮箱 电子邮件 邮箱地址 联系邮箱 电邮
""",
    "员工": """
职工总人数 职工总数 员工人数 职工人数 员工总数 员工总人数 在职员工的数量合计 在职员工数量 在职员工数 员工数量 在职员工总数 在职员工人数 在职员工数量合计 职工数量 员工规模 雇员人数 雇员总数
研发人员人数 研发人员数 研发人员数量 研发人员 研发员工人数
硕士员工人数 硕士人数 硕士研究生 硕士员工数 硕士研究生人数 硕士学历人数 硕士人员数量 硕士研究生员工数量 硕士员工数量 硕士学历员工人数 硕士人员数 硕士
博士及以上的员工人数 博士及以上人数 博士人数 博士及以上学历人数 博士及以上人员数量 博士员工人数 博士及以上员工人数 博士及以上 博士及以上学历员工人数 博士以上人数 博士及以上员工数量
生产人员人数 生产人员数 生产人员数量 生产人员
销售人员人数 销售人员数 销售人员数量 销售人员
技术人员人数 技术人员数 技术人员数量 技术人员
财务人员人数 财务人员数 财务人员数量 财务人员
行政人员人数 行政人员数 行政人员数量 行政人员
本科员工人数 本科人数 本科学历人数 本科及以上人数 本科员工数
母公司在职员工人数 母公司在职员工的数量 母公司员工人数 母公司在职员工数量
""",
    "利润表": """
营业总收入 总营业收入 总营收
营业收入 营收 主营收入 销售额 销售收入 营业额
营业总成本 总营业成本 总成本
营业成本 主营成本
税金及附加 营业税金及附加 税金与附加
销售费用 销售开支
管理费用 管理开支
研发费用 研发经费 企业研发经费 研发支出 研发投入 研发花费 研发开销
财务费用 财务开支
利息费用 利息费用支出
利息支出 利息支付
利息收入 利息所得
其他收益 其他收益金额
投资收益 投资收益金额 投资所得
对联营企业和合营企业的投资收益 联营企业和合营企业的投资收益 对联营企业及合营企业的投资收益 对联营合营企业投资收益 联营合营企业投资收益
公允价值变动收益 公允价值变动损益 公允价值变动净收益
信用减值损失 信用减值
资产减值损失 资产减值
资产处置收益 资产处置损益
汇兑收益 汇兑损益
净敞口套期收益 套期收益
营业利润 经营利润
营业外收入 营业外收益
营业外支出 营业外开支
利润总额 总利润 税前利润
所得税费用 所得税 企业所得税费用
净利润 净利 纯利润
持续经营净利润 持续经营的净利润
终止经营净利润 终止经营的净利润
归属于母公司所有者的净利润 归属母公司所有者净利润 归母净利润 归母净利 归属母公司所有者的净利润 归属于母公司所有者净利润 归属母公司股东的净利润 归属于母公司股东的净利润 归属于母公司的净利润 归属于上市公司股东的净利润 归属母公司净利润
少数股东损益 少数股东的损益
综合收益总额 综合收益 综合总收益
归属于母公司所有者的综合收益总额 归属于母公司的综合收益总额 归母综合收益总额
归属于少数股东的综合收益总额 少数股东综合收益总额
其他综合收益的税后净额 其他综合收益税后净额
已赚保费 已赚取保费
手续费及佣金收入 手续费和佣金收入
手续费及佣金支出 手续费和佣金支出
退保金 退保金额
赔付支出净额 赔付净支出
提取保险责任准备金净额 提取保险合同准备金净额
保单红利支出 保单红利
分保费用 分保费
""",
    "现金流量表": """
销售商品、提供劳务收到的现金 销售商品提供劳务收到的现金 销售商品和提供劳务收到的现金 销售商品及提供劳务收到的现金
收到的税费返还 税费返还
收到其他与经营活动有关的现金 收到的其他与经营活动有关的现金
经营活动现金流入小计 经营活动现金流入 经营现金流入
购买商品、接受劳务支付的现金 购买商品接受劳务支付的现金 购买商品和接受劳务支付的现金
支付给职工以及为职工支付的现金 支付给职工及为职工支付的现金 为职工支付的现金
支付的各项税费 各项税费 缴纳的各项税费
支付其他与经营活动有关的现金 支付的其他与经营活动有关的现金
经营活动现金流出小计 经营活动现金流出 经营现金流出
经营活动产生的现金流量净额 经营活动现金流量净额 经营现金流净额 经营活动现金流净额 经营性现金流量净额
收回投资收到的现金 收回投资所收到的现金 收回投资所得的现金 收回投资所得到的现金 收回投资得到的现金 收回投资取得的现金 收回投资所取得的现金 收回投资所获得的现金 收回投资所得现金 收回投资获得的现金
取得投资收益收到的现金 取得投资收益所收到的现金
处置固定资产、无形资产和其他长期资产收回的现金净额 处置固定资产无形资产和其他长期资产收回的现金净额
处置子公司及其他营业单位收到的现金净额 处置子公司收到的现金净额
收到其他与投资活动有关的现金 收到的其他与投资活动有关的现金
投资活动现金流入小计 投资活动现金流入 投资现金流入
购建固定资产、无形资产和其他长期资产支付的现金 购建固定资产无形资产和其他长期资产支付的现金 无形资产和其他长期资产支付的现金
投资支付的现金 投资所支付的现金
支付其他与投资活动有关的现金 支付的其他与投资活动有关的现金
投资活动现金流出小计 投资活动现金流出 投资现金流出
投资活动产生的现金流量净额 投资活动现金流量净额 投资现金流净额
吸收投资收到的现金 吸收投资所收到的现金
取得借款收到的现金 借款收到的现金
收到其他与筹资活动有关的现金 收到的其他与筹资活动有关的现金
筹资活动现金流入小计 筹资活动现金流入 筹资现金流入
偿还债务支付的现金 偿还债务所支付的现金
分配股利、利润或偿付利息支付的现金 分配股利利润或偿付利息支付的现金
筹资活动现金流出小计 筹资活动现金流出 筹资现金流出
筹资活动产生的现金流量净额 筹资活动现金流量净额 筹资现金流净额
汇率变动对现金及现金等价物的影响 汇率变动对现金的影响
现金及现金等价物净增加额 现金及现金等价物的净增加额
期初现金及现金等价物余额 期初现金余额 年初现金及现金等价物余额
期末现金及现金等价物余额 现金及现金等价物 现金及现金等价物余额 期末现金余额 年末现金及现金等价物余额
""",
    "资产负债表": """
货币资金 货币总额 货币资金总额 货币资金金额 账上资金
交易性金融资产 交易性金融资产金额
衍生金融资产 衍生金融资产金额
应收票据 应收票据金额
应收账款 应收帐款 应收账款金额
应收款项融资 应收款项融资金额
预付款项 预付款 预付账款
其他应收款 其他应收款项
存货 库存 存货金额
合同资产 合同资产金额
其他流动资产 其它流动资产
流动资产合计 流动资产 流动资产总额 流动资产总计
长期股权投资 长期股权投资额
其他权益工具投资 其他权益工具
其他非流动金融资产 其它非流动金融资产
投资性房地产 投资性房产
固定资产 固定资产金额 固定资产净额
在建工程 在建工程金额
使用权资产 使用权资产金额
无形资产 无形资产值 无形资产金额
开发支出 开发支出金额
商誉 商誉金额
长期待摊费用 长期待摊
递延所得税资产 递延税资产
其他非流动资产 其它非流动资产
非流动资产合计 非流动资产 非流动资产总额 非流动资产总计
资产总计 总资产 资产总额 资产总金额 资产合计 资产总值
短期借款 短期贷款
衍生金融负债 衍生金融负债金额
应付票据 应付票据金额
应付账款 应付帐款 应付账款金额
合同负债 合同负债金额
预收款项 预收款 预收账款
应付职工薪酬 应付薪酬 职工薪酬 应付职工工资
应交税费 应交税金
其他应付款 其他应付款项
流动负债合计 流动负债 流动负债总额 流动负债总计
长期借款 长期贷款
应付债券 应付债券金额
租赁负债 租赁负债金额
递延收益 递延收益金额
递延所得税负债 递延税负债
非流动负债合计 非流动负债 非流动负债总额 非流动负债总计
负债合计 总负债 负债总额 负债总金额 负债总计 负债
股本 实收资本 总股数 总股本
资本公积 资本公积金
盈余公积 盈余公积金
未分配利润 未分配的利润
归属于母公司所有者权益合计 归属于母公司所有者权益 归母所有者权益合计 归属于母公司股东权益合计
少数股东权益 少数股东权益合计
所有者权益合计 净资产 股东权益合计 所有者权益 股东权益 所有者权益总额
""",
    "每股": """
基本每股收益 每股收益
稀释每股收益 摊薄每股收益
""",
}


@dataclass(frozen=True)
class Column:
    """A column the table may hold. `label` is the class (A-F) of a question that asks for it alone."""

    name: str
    unit: Unit
    label: str
    section: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Formula:
    """A computed column: `expression` is arithmetic over real columns; the result is printed with `digits` decimals."""

    name: str
    expression: str
    unit: Unit
    aliases: tuple[str, ...] = ()
    digits: int = 2


FORMULAS: tuple[Formula, ...] = (
    Formula("流动比率", "流动资产合计/流动负债合计", "ratio"),
    Formula("速动比率", "(流动资产合计-存货)/流动负债合计", "ratio"),
    Formula(
        "企业研发经费与利润比值",
        "研发费用/净利润",
        "ratio",
        (
            "研发经费与利润比值",
            "研发费用与利润比值",
            "研发经费与净利润比值",
            "企业研发经费与利润的比值",
            "研发经费与利润的比值",
            "企业研发经费与净利润的比值",
            "企业研发费用与净利润的比值",
            "研发费用与净利润的比值",
        ),
    ),
    Formula(
        "企业研发经费与营业收入比值",
        "研发费用/营业收入",
        "ratio",
        (
            "研发经费与营业收入比值",
            "研发费用与营业收入比值",
            "企业研发经费与营业收入的比值",
            "研发经费与营业收入的比值",
            "研发费用与营业收入的比值",
            "研发费用占营业收入比例",
            "研发费用占营业收入的比例",
        ),
    ),
    Formula(
        "企业研发经费占费用比例",
        "研发费用/(销售费用+财务费用+管理费用+研发费用)",
        "ratio",
        (
            "研发经费占费用比例",
            "研发费用占费用比例",
            "企业研发经费占费用的比例",
            "研发经费占费用的比例",
            "企业研发经费占总费用比例",
            "企业研发经费占总费用的比例",
            "研发费用占费用的比例",
        ),
    ),
    Formula(
        "研发人员占职工人数比例",
        "研发人员人数/职工总人数",
        "ratio",
        (
            "研发人员占职工人数的比例",
            "研发人员占员工人数比例",
            "研发人员占比",
            "研发人员占职工总人数比例",
            "研发人员占职工总数的比例",
            "研发人员占总职工人数的比例",
            "研发人员占总人数比例",
        ),
    ),
    Formula(
        "企业硕士及以上人员占职工人数比例",
        "(硕士员工人数+COALESCE(博士及以上的员工人数,0))/职工总人数",
        "ratio",
        (
            "硕士及以上人员占职工人数比例",
            "企业硕士及以上人员占职工人数的比例",
            "硕士及以上人员占职工人数的比例",
            "硕士及以上人员占比",
            "硕士及以上员工占职工人数比例",
            "硕士及以上学历人员占职工人数比例",
            "硕士及以上人员占职工总数比例",
        ),
    ),
    Formula("毛利率", "(营业收入-营业成本)/营业收入", "percent", ("销售毛利率", "营业毛利率")),
    Formula("三费比重", "(销售费用+管理费用+财务费用)/营业收入", "percent", ("三费占比", "三费的比重", "三项费用比重")),
    Formula("净利润率", "净利润/营业收入", "percent", ("净利率", "销售净利率")),
    Formula("营业利润率", "营业利润/营业收入", "percent"),
    Formula("营业成本率", "营业成本/营业收入", "percent"),
    Formula("管理费用率", "管理费用/营业收入", "percent"),
    Formula("财务费用率", "财务费用/营业收入", "percent"),
    Formula(
        "投资收益占营业收入比率",
        "投资收益/营业收入",
        "percent",
        (
            "投资收益占营业收入的比率",
            "投资收益占营业收入比例",
            "投资收益占营业收入比重",
            "投资收益占营业收入的比例",
            "投资收益占营业收入的比重",
        ),
    ),
    Formula("资产负债比率", "负债合计/资产总计", "percent", ("资产负债率", "负债率")),
    Formula("现金比率", "货币资金/流动负债合计", "percent"),
    Formula("流动负债比率", "流动负债合计/负债合计", "percent", ("流动负债占比", "流动负债率")),
    Formula("非流动负债比率", "非流动负债合计/负债合计", "percent", ("非流动负债占比", "非流动负债率")),
    Formula("净资产收益率", "净利润/所有者权益合计", "percent", ("ROE",)),
    Formula("每股净资产", "归属于母公司所有者权益合计/股本", "share"),
    Formula(
        "每股经营现金流量",
        "经营活动产生的现金流量净额/股本",
        "share",
        ("每股经营现金流", "每股经营活动现金流量", "每股经营活动现金流"),
    ),
)

# For every numeric column: X增长率 = (X-上年X)/上年X, X增长额 = X-上年X; 上年X is the row of the year before.
GROWTH, CHANGE = "增长率", "增长额"
LAST_YEAR = "上年"
GROWTH_SUFFIXES = (
    "增长率",
    "的增长率",
    "同比增长率",
    "的同比增长率",
    "同比增速",
    "增速",
    "年增长率",
    "增长比率",
    "增长幅度",
    "增幅",
)
CHANGE_SUFFIXES = (
    "增长额",
    "的增长额",
    "增加额",
    "的增加额",
    "变动额",
    "的变动额",
    "增减额",
    "的增减额",
    "增长量",
    "增量",
    "增加值",
)


@lru_cache(maxsize=1)
def columns() -> dict[str, Column]:
    """Every known real column by canonical name, in the order of an annual report."""
    found: dict[str, Column] = {}
    found[YEAR] = Column(YEAR, "text", "A", "基本信息", ("年度",))
    for section, lines in _COLUMNS.items():
        unit, label = _SECTIONS[section]
        for line in lines.split("\n"):
            if line:
                name, *aliases = line.split()
                found[name] = Column(name, unit, label, section, tuple(aliases))
    return found


@lru_cache(maxsize=1)
def formulas() -> dict[str, Formula]:
    """Every formula with a name of its own (growth rates are made on demand: `computed`)."""
    return {formula.name: formula for formula in FORMULAS}


def over_last_year(name: str) -> tuple[str, str]:
    """(X, 增长率 or 增长额) of a column that compares X with the year before; (name, "") of any other."""
    for suffix in (GROWTH, CHANGE):
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], suffix
    return name, ""


@lru_cache(maxsize=4096)
def computed(name: str) -> Formula | None:
    """The formula of a computed column, growth rates included; None where `name` is not computed.

    X may be any real column, known here or not: 研发机构数增长率 works on a table that has 研发机构数.
    """
    if name in formulas():
        return formulas()[name]
    base, suffix = over_last_year(name)
    if suffix == GROWTH:
        return Formula(name, f"({base}-{LAST_YEAR}{base})/{LAST_YEAR}{base}", "percent")
    if suffix == CHANGE:
        return Formula(name, f"{base}-{LAST_YEAR}{base}", unit_of(base) or "money")
    return None


def unit_of(name: str) -> Unit | None:
    """Unit of a real or computed column; None for a column that only the user's table knows."""
    base = name[len(LAST_YEAR) :] if name.startswith(LAST_YEAR) else name
    if base in columns():
        return columns()[base].unit
    formula = computed(name)
    return formula.unit if formula else None


@lru_cache(maxsize=1)
def aliases() -> dict[str, str]:
    """Said → canonical, for real and computed columns and for the growth rate of every numeric column."""
    said: dict[str, str] = {}
    for column in columns().values():
        for name in (column.name, *column.aliases):
            said[name] = column.name
            if column.unit in ("money", "count", "share"):
                said |= {name + suffix: column.name + GROWTH for suffix in GROWTH_SUFFIXES}
                said |= {name + suffix: column.name + CHANGE for suffix in CHANGE_SUFFIXES}
    for formula in FORMULAS:
        for name in (formula.name, *formula.aliases):
            said[name] = formula.name
    return said
