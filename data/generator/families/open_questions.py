"""What no table answers: concepts, and topics of a report."""

from __future__ import annotations

import random

from data.generator import slots
from data.generator.cores import lines, words
from data.generator.families.drawing import Draw, Family, Plan, year_of
from data.generator.render import Fill, Piece
from data.generator.slots import World

_CONCEPT = lines("""
什么(是|叫|叫做){concept}
{concept}是什么(意思|)
(请|)(解释|说明)一下{concept}
解释{concept}(的含义|这个词|)
(怎么|如何)理解{concept}
{concept}的(定义|概念|含义)(是什么|)
{concept}指的是什么
{concept}是指什么
介绍一下{concept}(这个概念|)
会计上{concept}怎么讲
何谓{concept}
{concept}(到底|究竟)是什么
财务报表里的{concept}是什么意思
(通俗|简单)地讲讲{concept}
给我讲讲什么是{concept}
{concept}
{concept}这个(术语|名词|说法)是什么意思
在财务上,{concept}(指什么|代表什么)
能用一句话说清{concept}吗
年报里常说的{concept}是什么
{concept}怎么解释
我不太懂{concept},能讲讲吗
{concept},名词解释
所谓{concept}是什么
如何给{concept}下定义
""")
_FORMULA = lines("""
{concept}(怎么|如何|怎样)(算|计算)
{concept}的(计算公式|公式|计算方法|算法)(是什么|)
(如何|怎么)计算{concept}
{concept}用什么公式
{concept}是怎么(算出来|得出来|计算)的
写出{concept}的(公式|计算式)
{concept}等于什么除以什么
计算{concept}要用(哪些|什么)数据
求{concept}的方法
{concept}的计算方式
一般怎样计算{concept}
{concept}应该怎么求
{concept}公式
算{concept}时分子分母各是什么
财务分析中{concept}如何计算
给出{concept}的计算步骤
{concept}按什么口径计算
教我算{concept}
""")
_IMPACT = lines("""
{concept}(有什么|有哪些)(作用|意义|影响|用处)
{concept}对(公司|企业|经营|投资者)有(什么|何)(影响|意义)
{concept}(高|低)(说明|意味着|代表)(了|)什么
{concept}(过高|过低|下降|上升)(有什么影响|意味着什么|好不好)
{concept}越(高|大|低)越好吗
为什么要(关注|看){concept}
{concept}对公司的(发展|盈利|技术创新|偿债能力)有(何|什么)影响
{concept}(反映|体现)了什么
{concept}变化会带来什么影响
如何通过{concept}判断公司(好坏|经营状况|财务状况)
{concept}多少算正常
{concept}的(重要性|意义)
怎么用{concept}分析(公司|企业)
怎样(提高|改善){concept}
影响{concept}的因素有哪些
分析{concept}对企业价值的影响
投资者为什么看重{concept}
{concept}在财务分析中起什么作用
如何评价一家公司的{concept}
{concept}和企业风险有什么关系
企业怎样管理{concept}
{concept}出现异常说明什么问题
{concept}有什么局限
""")
_CONCEPTS_TWO = lines("""
{concept1}(和|与|跟){concept2}(有什么|有何)(区别|不同|差别|关系|联系)
{concept1}与{concept2}的(区别|差异|不同点|关系)(是什么|)
(如何|怎么)区分{concept1}和{concept2}
{concept1}、{concept2}哪里不一样
{concept1}是不是{concept2}
比较{concept1}和{concept2}这两个概念
{concept1}和{concept2}是一回事吗
说说{concept1}与{concept2}的异同
{concept1}跟{concept2}怎么分
解释一下{concept1}和{concept2}的差别
{concept1}和{concept2},两者有什么关系
{concept1}会影响{concept2}吗
{concept1}包括{concept2}吗
为什么{concept1}不等于{concept2}
{concept1}与{concept2}容易混淆,差在哪里
看公司时该看{concept1}还是{concept2}
{concept1}同{concept2}有没有联系
""")
_REPORT = lines("""
(请|)(简要|)(介绍|分析|说明)(一下|){company}{year}(的|){topic}
(请|)简要分析{company}{year}{topic}(的情况|)
根据{company}{year}(的|)年报,(请|)(简要|)(介绍|分析)报告期内公司(的|){topic}
根据{year}{company}(的|)年报,(请|)(简要|)介绍公司{topic}
根据{year}{company}的年度报告,(请|)(简要|)分析{topic}
结合{year}{company}的年报(信息|),(请|)(简要|)分析(该公司|公司)的{topic}
能否根据{year}{company}的年报,(给我|)简要(介绍|说明)一下公司的{topic}
{company}{year}(的|){topic}(如何|怎么样|怎样)
{year}{company}的{topic}(是怎样的|如何)
{company}在{year}的{topic}(有哪些|是什么)
{company}{year}{topic}
谈谈{company}{year}的{topic}
聊聊{year}{company}的{topic}
说说{company}{year}{topic}的情况
(请|)概述{company}{year}的{topic}
总结(一下|){company}{year}年报里的{topic}
归纳{year}{company}年报中有关{topic}的内容
描述一下{year}{company}的{topic}
(请|)评价{company}{year}的{topic}
(请|)详细(介绍|说明){company}{year}的{topic}
{company}{year}年报中(提到|披露|写到)的{topic}(有哪些|是什么|)
{company}{year}年报里关于{topic}(是怎么说的|怎么写的)
从{year}年报看,{company}的{topic}怎么样
{year},{company}在{topic}方面(做了什么|有什么动作|有哪些举措)
{company}{year}{topic}有什么(变化|特点|进展)
与{year}有关的{company}的{topic},请(介绍|分析)一下
根据{company}{year}的年报,简要介绍报告期内公司{topic},并结合同行业情况进行分析
(请|)简要介绍{company}{year}{topic}(及其影响|及原因)
{company}{year}关于{topic}的具体内容
想了解{company}的{topic},以{year}年报为准
{company},{year},{topic}
{topic}:{company}{year}
根据{year}(的|)年报,用几句话介绍{company}的{topic}
把{company}{year}年报里{topic}这部分讲一讲
在{year}的年报中,{company}是如何描述{topic}的
{year}{company}年报"{topic}"一节写了什么
""")
_YES_NO = lines("""
{company}{year}是否(存在|有|涉及|披露){topic}
{company}{year}存在{topic}吗
{year}{company}(有没有|有无){topic}
{company}在{year}的年报中(是否|有没有)谈到{topic}
根据{year}{company}的年报,是否(有|存在|提及){topic}
根据{company}{year}年报,在报告内容中,是否提及{topic}
{company}{year}年报(有没有|是否)提到{topic}
{year}年报里{company}说到{topic}了吗
{company}{year}报告期内是否有{topic}
{company}{year}(是否|有没有)披露(了|过){topic}
{company}{year}的{topic}是否发生(了|)(重大|)变化
在{company}{year}的年报里,能不能找到{topic}
{company}{year}董事会报告中是否有{topic}
{year},{company}的{topic}(有没有|是否有)(变化|改变|调整)
{company}于{year}是否说明了{topic}
{topic}在{company}{year}年报中(有没有|是否)提及
{year}{company}的年报讲到了{topic}吗
{company}{year}有{topic}方面的披露吗
""")
_REASON = lines("""
(请|)(简要|)(分析|介绍|说明){company}{year}{field}(变动|变化|增减|增长|下降)的(原因|主要原因)
{company}{year}{field}(变动|变化|大幅增长|下降)的原因(是什么|)
根据{year}{company}的年报,(请|)(简要|)分析{field}变动的原因
结合{year}{company}的年报信息,(请|)简要分析该公司{field}变动情况及原因
{company}{year}{field}为什么(会|)(变化|增加|减少|上升|下降)
为什么{company}{year}的{field}(增长|减少|下滑|上涨)(了|)
{company}{year}的{field}变化是由什么引起的
{year}{company}的{field}受哪些因素影响
解释{company}{year}{field}的(变动|波动)
{company}{year}{field}重大变动说明
{year}{company}{field}波动背后的原因
(请|)分析{year}{company}的{field}(构成|质量|结构)
是什么导致{company}{year}{field}(大增|大减|变动)
{company}{year}{field}的(主要构成|主要来源)是什么
怎样看待{company}{year}{field}的变化
在{year},{company}的{field}为何变动,请说明
{company}在{year}的{field}发生变化,主要原因有哪些
年报如何解释{company}{year}{field}的变动
从{year}年报看,{company}{field}变动说明了什么
{company}{year}{field}变动较大的原因
(请|)结合行业情况分析{company}{year}{field}的变动
""")
TOPICS: tuple[str, ...] = words("""
社会责任工作情况 社会责任履行情况 环境信息情况 环境信息披露情况 环境保护相关情况 关键审计事项 审计意见 审计报告 审计报告中的关键审计事项
核心竞争力 核心竞争力的情况 核心竞争优势 主要销售客户的情况 主要客户集中度 客户集中度 主要供应商情况 供应商集中度 行业情况
所处行业情况 行业格局 行业格局和发展趋势 行业政策 行业地位 公司地位 市场地位 竞争格局 主要竞争对手 现金流情况 现金流的变化 现金流管理
经营情况讨论与分析 经营业绩概况 主营业务分析 主营业务构成 主营业务分行业情况 主营业务分产品情况 分地区经营情况 非主营业务情况 主要资产重大变化
资产及负债状况 资产质量 受限资产情况 重大关联交易 关联交易情况 关联方往来 聘任、解聘会计师事务所情况 会计师事务所变更 审计费用
控股股东情况 控股股东及实际控制人情况 实际控制人变更 股权结构 股权激励计划 股权激励实施情况 员工持股计划 员工激励措施
董事、监事、高级管理人员报酬情况 董监高变动情况 高级管理人员简历 高管薪酬 独立董事履职情况 员工情况 员工结构 薪酬政策 培训计划
研发投入情况 研发项目进展 研发团队建设 研发方向 技术创新 创新情况 重大创新 新产品开发 核心技术 专利情况 破产重整相关事项
重大诉讼和仲裁 重大诉讼、仲裁事项 处罚及整改情况 行政处罚 监管措施 重大担保 对外担保情况 委托理财情况 募集资金使用情况 募投项目进展
利润分配预案 分红方案 现金分红政策 资本公积转增 内部控制情况 内部控制评价 内部控制缺陷 公司治理 治理结构 股东大会情况
董事会会议情况 监事会意见 风险因素 可能面对的风险 经营风险 汇率风险 原材料价格风险 未来发展展望 发展战略 下一年度经营计划 经营目标
经营模式 商业模式 采购模式 销售模式 生产模式 盈利模式 主要产品 主要产品及用途 主要业务 主要业务的变化 产销量情况 产能利用情况 产能扩张
子公司情况 主要控股参股公司分析 合并范围变化 重大资产重组 重大资产出售 重大投资 重大股权投资 对外投资 股份变动情况
限售股份变动 股东情况 前十名股东持股情况 股份质押 股份回购 大股东增减持 股票发行 可转债发行 债券发行情况 信息披露 投资者关系管理 扶贫工作
精准扶贫 乡村振兴工作 公益捐赠 疫情影响 安全生产情况 会计政策变更 会计估计变更 前期差错更正 商誉减值测试 资产减值情况 应收账款账龄情况
坏账计提情况 存货跌价情况 政府补助情况 税收优惠 非经常性损益 承诺履行情况 业绩承诺完成情况 资金占用情况 董事长致辞 重点排污单位 污染物排放
节能减排措施 碳排放 环保处罚 诚信状况 退市风险 面临暂停上市的情形 年度报告披露后面临退市的情况 持续经营能力 合同履行情况 重大合同
在手订单 在建项目进展 海外业务 出口业务 境外资产情况 品牌建设 渠道建设 营销网络 数字化转型 信息化建设 智能制造 人才队伍建设
企业文化 质量管理 知识产权保护 产学研合作 供应链管理 客户满意度 售后服务 市场份额 市场拓展 季节性特征 周期性特点 毛利率变动原因 期后事项
资产负债表日后事项 或有事项 租赁情况 债务重组 分部报告 重要提示 释义 接待调研情况 党建工作 消费者权益保护 职工权益保护
""")
CONCEPTS: tuple[str, ...] = words("""
存货周转率 应收账款周转率 总资产周转率 流动资产周转率 固定资产周转率 存货周转天数 应收账款周转天数 应付账款周转率 营业周期 现金周期 毛利率
净利率 净利润率 营业利润率 营业成本率 管理费用率 销售费用率 财务费用率 研发费用率 三费比重 净资产收益率 加权平均净资产收益率 总资产收益率
总资产报酬率 投资回报率 投入资本回报率 成本费用利润率 资产负债率 资产负债比率 流动比率 速动比率 现金比率 流动负债比率 非流动负债比率
利息保障倍数 已获利息倍数 产权比率 权益乘数 长期资本负债率 现金流量比率 市盈率 市净率 市销率 市现率 股息率 每股收益 基本每股收益
稀释每股收益 每股净资产 每股经营现金流量 每股公积金 每股未分配利润 杜邦分析 沃尔评分法 杠杆率 财务杠杆 经营杠杆 总杠杆 自由现金流
企业价值 息税前利润 息税折旧摊销前利润 经济增加值 现金流量表 资产负债表 利润表 所有者权益变动表 财务报表附注 合并报表 合并范围 会计准则
会计政策 会计估计 会计差错更正 权责发生制 收付实现制 谨慎性原则 实质重于形式 重要性原则 公允价值 历史成本 重置成本 账面价值 账面余额
可变现净值 可收回金额 折旧 加速折旧 双倍余额递减法 年限平均法 摊销 累计折旧 残值 先进先出法 加权平均法 商誉 商誉减值 无形资产 固定资产
在建工程 工程物资 使用权资产 租赁负债 生产性生物资产 长期待摊费用 长期股权投资 权益法 成本法 投资性房地产 其他权益工具投资 债权投资
递延所得税资产 递延所得税负债 递延收益 应收票据 应收账款 应付票据 应付账款 其他应收款 其他应付款 预收款项 预付款项 合同负债
合同资产 存货 货币资金 受限资金 交易性金融资产 衍生金融资产 其他非流动金融资产 应收款项融资 保理 坏账准备 存货跌价准备 资产减值损失
信用减值损失 预期信用损失 公允价值变动收益 投资收益 资产处置收益 其他收益 营业收入 营业总收入 营业成本 营业总成本 营业外收入 营业外支出
税金及附加 期间费用 三费 销售费用 管理费用 财务费用 研发费用 利息费用 研发支出资本化 开发支出 所得税费用 营业利润 利润总额 净利润
归母净利润 扣非净利润 非经常性损益 综合收益总额 其他综合收益 持续经营净利润 终止经营净利润 少数股东权益 少数股东损益 未分配利润 盈余公积
资本公积 专项储备 实收资本 股本 注册资本 净资产 所有者权益 总资产 负债合计 流动资产 非流动资产 流动负债 非流动负债 有形资产 表外负债
或有负债 预计负债 带息负债 应付职工薪酬 应交税费 短期借款 长期借款 应付债券 可转债 优先股 普通股 库存股 股票回购 股权激励
限制性股票 股票期权 员工持股计划 股权质押 定向增发 公开发行 配股 送股 转增股本 分红 股利支付率 除权除息 ST股票 退市 借壳上市 首次公开募股
科创板 创业板 北交所 注册制 关联交易 关联方 同业竞争 控股股东 实际控制人 一致行动人 独立董事 监事会 股东大会 董事会 法定代表人
内部控制 审计意见 标准无保留意见 保留意见 否定意见 无法表示意见 关键审计事项 会计师事务所 持续经营 重大资产重组 并购 吸收合并 对赌协议
业绩承诺 破产重整 债务重组 资产证券化 融资租赁 经营租赁 现金等价物 现金流量净额 经营活动现金流 投资活动现金流 筹资活动现金流 营运资金
盈亏平衡点 边际贡献 边际成本 固定成本 变动成本 机会成本 沉没成本 规模经济 范围经济 同比 环比 复合增长率 净利润增长率 营业收入增长率
市场占有率 客户集中度 供应商集中度 核心竞争力 护城河 产业链 供应链金融 通货膨胀 货币政策 财政政策 汇率风险 利率风险 信用风险
流动性风险 经营风险 系统性风险 套期保值 贝塔系数 资本成本 加权平均资本成本 净现值 内部收益率 现值 贴现率 年金 债券收益率 信用评级 增值税
企业所得税 加计扣除 出口退税 税收优惠 政府补助 社会责任 ESG 碳中和 碳交易 绿色金融 新能源 工业互联网 数字经济 云计算
研发人员占比 人均创收 人均薪酬 离退休职工 劳务派遣 募集资金 超募资金 委托理财 限售股 大宗交易 流通股 总市值 市值管理 年报 半年报 业绩预告
""")


def opened(*kinds: str) -> Draw:
    """Open questions: a concept, two, or a topic of a company's report; the topic itself is the key word."""

    def plan(rng: random.Random, world: World) -> Plan:
        given: dict[str, Fill] = {"company": world.company(rng), "year": slots.year(rng, year_of(rng, world))}
        one, two = rng.sample(CONCEPTS, 2)
        given |= {
            "concept": [Piece(one, "column", one)],
            "concept1": [Piece(one, "column", one)],
            "concept2": [Piece(two, "column", two)],
        }
        topic = rng.choice(TOPICS)
        given |= {"topic": [Piece(topic, "column", topic)], "field": [slots.said(rng, world.column(rng, "money"))]}
        return Plan({kind: given[kind] for kind in kinds}, "F")

    return plan


FAMILIES = {
    "concept": Family(opened("concept"), _CONCEPT),
    "concept_formula": Family(opened("concept"), _FORMULA),
    "concept_impact": Family(opened("concept"), _IMPACT),
    "concept_compare": Family(opened("concept1", "concept2"), _CONCEPTS_TWO),
    "report": Family(opened("company", "year", "topic"), _REPORT),
    "report_yesno": Family(opened("company", "year", "topic"), _YES_NO),
    "report_reason": Family(opened("company", "year", "field"), _REASON),
}
