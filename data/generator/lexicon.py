"""Names that do not exist: companies, people, addresses. Composed, so that real names are new to whoever learned from these."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

PROVINCES: dict[str, tuple[str, ...]] = {
    "北京": ("北京",),
    "上海": ("上海",),
    "天津": ("天津",),
    "重庆": ("重庆",),
    "浙江": ("杭州", "宁波", "温州", "绍兴", "嘉兴", "金华", "台州", "湖州"),
    "江苏": ("南京", "苏州", "无锡", "常州", "南通", "扬州", "徐州", "镇江"),
    "广东": ("广州", "深圳", "东莞", "佛山", "珠海", "惠州", "中山", "汕头"),
    "山东": ("济南", "青岛", "烟台", "潍坊", "淄博", "临沂"),
    "四川": ("成都", "绵阳", "德阳", "宜宾"),
    "湖北": ("武汉", "宜昌", "襄阳"),
    "湖南": ("长沙", "株洲", "岳阳"),
    "福建": ("福州", "厦门", "泉州"),
    "河南": ("郑州", "洛阳", "许昌"),
    "安徽": ("合肥", "芜湖", "蚌埠"),
    "陕西": ("西安", "咸阳", "宝鸡"),
    "辽宁": ("沈阳", "大连"),
    "河北": ("石家庄", "唐山", "保定"),
    "江西": ("南昌", "赣州"),
    "吉林": ("长春",),
    "黑龙江": ("哈尔滨",),
    "云南": ("昆明",),
    "贵州": ("贵阳",),
    "广西": ("南宁", "柳州"),
    "山西": ("太原",),
    "新疆": ("乌鲁木齐",),
    "甘肃": ("兰州",),
    "内蒙古": ("包头",),
    "海南": ("海口",),
    "宁夏": ("银川",),
    "青海": ("西宁",),
    "西藏": ("拉萨",),
}
MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
REGIONS = ("内蒙古", "广西", "宁夏", "新疆", "西藏")

_GOOD = (
    "华兴瑞达宏远恒泰嘉盛鑫隆博创金辉天顺国信德润安康永利新源海通中正东方南北西京联合凯旋明光大富荣昌盛世佳美欣"
    "诺亚卓越启航星辰云帆智慧领先锐捷科创益民康泰百川千山万里長江湖海洋龙腾虎跃凤翔鹏程麒麟玉石松柏竹梅兰菊桂"
    "晨曦朝阳旭日晶莹格致同济文景良友和谐振兴立信奥普迪威尔森特力高精密微纳光电声波航宇飞鸿雁鹰鹤青禾沃土禾丰谷稻"
).replace("長", "长")
_TRADES = (
    ("科技", "科技"),
    ("股份", ""),
    ("生物科技", "生物"),
    ("医药", "药业"),
    ("药业", "药业"),
    ("电子", "电子"),
    ("电气", "电气"),
    ("新材料", "新材"),
    ("材料科技", "材料"),
    ("机械", "机械"),
    ("重工", "重工"),
    ("汽车零部件", "汽配"),
    ("环保科技", "环保"),
    ("环境", "环境"),
    ("能源", "能源"),
    ("电力", "电力"),
    ("软件", "软件"),
    ("信息技术", "信息"),
    ("网络科技", "网络"),
    ("通信", "通信"),
    ("食品", "食品"),
    ("酒业", "酒业"),
    ("乳业", "乳业"),
    ("农业", "农业"),
    ("纺织", "纺织"),
    ("服饰", "服饰"),
    ("家居", "家居"),
    ("建材", "建材"),
    ("水泥", "水泥"),
    ("钢铁", "钢铁"),
    ("矿业", "矿业"),
    ("化工", "化工"),
    ("化学", "化学"),
    ("塑料", "塑料"),
    ("纸业", "纸业"),
    ("置业", "置业"),
    ("建设", "建设"),
    ("工程技术", "工程"),
    ("物流", "物流"),
    ("航运", "航运"),
    ("高速公路", "高速"),
    ("机场", "机场"),
    ("文化传媒", "传媒"),
    ("教育科技", "教育"),
    ("旅游", "旅游"),
    ("百货", "百货"),
    ("商业", "商业"),
    ("证券", "证券"),
    ("银行", "银行"),
    ("保险", "保险"),
    ("光电", "光电"),
    ("激光", "激光"),
    ("半导体", "半导体"),
    ("精密工业", "精密"),
    ("智能装备", "智能"),
    ("自动化", "自动化"),
    ("眼科医院", "眼科"),
    ("医疗器械", "医疗"),
    ("水务", "水务"),
    ("燃气", "燃气"),
    ("检测技术", "检测"),
    ("玻璃", "玻璃"),
    ("陶瓷", "陶瓷"),
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文辉志强永红春梅海燕晓东立新国庆振宇浩然子轩宏达学斌继承思远嘉诚启明少波景行怀瑾若谷光耀德胜"
_ROADS = (
    "人民",
    "解放",
    "中山",
    "建设",
    "科技",
    "创新",
    "迎宾",
    "滨江",
    "学府",
    "工业",
    "长江",
    "黄河",
    "振兴",
    "和平",
    "光明",
    "高新",
    "软件园",
    "东风",
)
_PINYIN = [
    "ba",
    "chang",
    "da",
    "feng",
    "guang",
    "hua",
    "jia",
    "kang",
    "li",
    "ming",
    "ning",
    "ping",
    "qi",
    "rui",
    "sheng",
    "tai",
    "wei",
    "xin",
    "yuan",
    "zhong",
]


@dataclass(frozen=True)
class CompanyName:
    """full: 公司全称; short: 股票简称; english: 外文名称; code: 股票代码, where the company stands in a table."""

    full: str
    short: str
    english: str
    code: str = ""


@lru_cache(maxsize=1)
def common_characters() -> str:
    """The 3,755 characters of GB 2312 level 1, rows 16-55 of the standard."""
    raw = [bytes((0xA0 + row, 0xA0 + cell)) for row in range(16, 56) for cell in range(1, 95)]
    return "".join(b.decode("gb2312") for b in raw if not (b[0] == 0xA0 + 55 and b[1] > 0xA0 + 89))


def brand(rng: random.Random, exotic: float) -> str:
    """字号 of two or three characters; with probability `exotic` from all common characters."""
    inventory = common_characters() if rng.random() < exotic else _GOOD
    return "".join(rng.sample(inventory, rng.choice((2, 2, 2, 3))))


def city(rng: random.Random) -> tuple[str, str]:
    """(province, city), large provinces more often."""
    province = rng.choices(list(PROVINCES), weights=[1 + len(c) for c in PROVINCES.values()])[0]
    return province, rng.choice(PROVINCES[province])


def company(rng: random.Random, place: tuple[str, str] | None = None, exotic: float = 0.0) -> CompanyName:
    """A company name as the exchanges know them: place, 字号, trade, form."""
    province, town = place or city(rng)
    name = brand(rng, exotic)
    trade, tail = rng.choice(_TRADES)
    prefix = rng.choice((town, town, town + "市", province, "", ""))
    group = rng.choice(("", "", "", "集团", "(集团)", "控股集团"))
    if trade == "银行":
        prefix, group = town, ""
    body = name + ("" if trade == "股份" else trade) + group
    full = f"{prefix}{body}股份有限公司"
    if rng.random() < 0.04:
        full = f"{name}{trade}({town}){group.strip('()')}股份有限公司"
    short = name + (tail or rng.choice(("股份", "集团", "控股"))) if len(name) < 4 else name
    english = " ".join(rng.choice(_PINYIN).capitalize() for _ in range(2)) + " Co., Ltd."
    return CompanyName(full, short, english)


def person(rng: random.Random) -> str:
    return rng.choice(_SURNAMES) + "".join(rng.sample(_GIVEN, rng.choice((1, 2, 2))))


def address(rng: random.Random, province: str, town: str) -> str:
    """Street address; the province is often, not always, written out."""
    head = (
        f"{town}市"
        if province in MUNICIPALITIES
        else rng.choice((f"{province}{'' if province in REGIONS else '省'}{town}市", f"{town}市"))
    )
    return f"{head}{rng.choice(_ROADS)}{rng.choice(('路', '大道', '街'))}{rng.randint(1, 1999)}号"
