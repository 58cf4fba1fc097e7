"""The text that the embedded base is trained on from scratch: documents {context, target}, never the prompts of the three tasks.

The base should know the distinctions (what a question is about, which words name a figure, how a question reads as SQL) under many wordings;
a prefix then only selects and formats. Only wordings of the training split are used, so validation and test questions stay unseen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonlines

from agent.figures import aliases, schema
from agent.text import normalise
from agent.writing import surrogates
from data.generator import lexicon
from data.generator.samples import OPEN, Sample, make, splits, stream
from data.generator.slots import World

Doc = tuple[str, str]
SEED, DOCUMENTS = 2024, 340_000  # of the corpus that the shipped base was trained on
_TOPICS = {
    "A": ("公司基本信息", "公司资料", "企业的登记信息", "公司的名称代码法人地址网址", "基本情况", "公司档案"),
    "B": ("员工构成", "员工人数", "人员数量", "各类人员的人数", "职工情况", "人力"),
    "C": ("财务报表数字", "报表里的金额", "三张报表中的一项", "财务数据", "会计科目的金额", "年报里的数"),
    "D": ("计算指标", "要用公式算的指标", "比率或增长率", "财务比率", "算出来的指标", "增长率比值每股指标"),
    "E": ("统计查询", "对许多公司排序筛选汇总", "全表统计", "排名计数平均求和", "多家公司的统计", "统计"),
    "F": ("开放问题", "概念或报告文字", "要用文字回答的问题", "分析介绍解释", "没有现成数字的问题", "文字题"),
}
_ASK_TOPIC = (
    "{q}\n这个问题问的是:",
    "{q}\n主题:",
    "问题:{q}\n它属于:",
    "问:{q}\n问题的种类:",
    "{q}\n讲的是哪方面:",
    "{q}->",
)
_ASK_CHOICE = ("{q}\n选项:{o}\n选:", "{o}\n{q}\n应选:", "问题:{q}\n{o}\n答案:", "{q}\n从{o}里选一个:")
_ASK_FIELDS = (
    "{q}\n提到的字段:",
    "{q}\n要查的内容:",
    "问题:{q}\n其中的指标:",
    "{q}\n字段有:",
    "从问题里找出查询项。{q}\n",
    "{q}\n查什么:",
    "{q}\n关键:",
    "{q}\n问到的项目:",
)
_ASK_SQL = (
    "{q}\n写成查询语句:",
    "{q}\n数据库语句:",
    "问题:{q}\n语句:",
    "{q}\n对应的查询:",
    "用SQL查:{q}\n",
    "{q}\n查询:",
    "{q}\n->",
)
_ASK_QUESTION = ("{s}\n这条语句回答的问题:", "语句:{s}\n问题:", "{s}\n意思是:")
_JOINERS = (",", "、", ";", "|", "\n", " / ")


def _topic(rng: random.Random, sample: Sample) -> Doc:
    return rng.choice(_ASK_TOPIC).format(q=sample.question), rng.choice(_TOPICS[sample.label])


def _choice(rng: random.Random, sample: Sample) -> Doc:
    """Multiple choice: letters, their order and the wording of the options change, so that the text must be read."""
    labels = rng.sample(list(_TOPICS), rng.choice((2, 3, 4, 6, 6)))
    if sample.label not in labels:
        labels[rng.randrange(len(labels))] = sample.label
    letters = rng.choice(("ABCDEF", "ABCDEF", "abcdef", "123456", "甲乙丙丁戊己"))[: len(labels)]
    if rng.random() < 0.3:
        letters = "".join(rng.sample(letters, len(letters)))
    options = rng.choice(("{}.{}", "{}:{}", "({}){}", "{}、{}"))
    listed = rng.choice((" ", ";", ",", "\n")).join(
        options.format(letter, rng.choice(_TOPICS[label])) for letter, label in zip(letters, labels)
    )
    return rng.choice(_ASK_CHOICE).format(q=sample.question, o=listed), letters[labels.index(sample.label)]


def _fields(rng: random.Random, sample: Sample) -> Doc:
    return rng.choice(_ASK_FIELDS).format(q=sample.question), rng.choice(_JOINERS).join(sample.keywords)


def _standard_fields(rng: random.Random, sample: Sample) -> Doc:
    return f"{sample.question}\n标准字段名:", rng.choice(_JOINERS).join(dict.fromkeys(c.column for c in sample.columns))


def _names(rng: random.Random, sample: Sample) -> Doc:
    kinds = {"company": "公司", "year": "年份", "place": "地点", "amount": "金额"}
    present = [kind for kind in kinds if sample.entities.of(kind)]  # type: ignore[arg-type]
    kind = rng.choice(present) if present else "year"
    found = [m.text for m in sample.entities.of(kind)]  # type: ignore[arg-type]
    return f"{sample.question}\n{kinds[kind]}:", rng.choice(_JOINERS).join(found) or "无"


def _sql(rng: random.Random, sample: Sample) -> Doc:
    assert sample.masked is not None
    return rng.choice(_ASK_SQL).format(q=sample.masked.text), sample.sql or ""


def _from_sql(rng: random.Random, sample: Sample) -> Doc:
    assert sample.masked is not None
    return rng.choice(_ASK_QUESTION).format(s=sample.sql), sample.masked.text


def _paraphrase(rng: random.Random, sample: Sample) -> Doc:
    """The same build of question in another wording, company and all: same names where the draw is repeated."""
    seed, numbers = rng.random(), splits()["train"][sample.family]
    one, two = (make(random.Random(seed), sample.family, rng.choice(numbers), World(), typos=0) for _ in range(2))
    return (
        f"{one.masked.text if one.masked else one.question}\n换个说法:",
        two.masked.text if two.masked else two.question,
    )


def _alias(rng: random.Random, sample: Sample) -> Doc:
    said, column = rng.choice(list(aliases.aliases().items()))
    unit = {
        "money": "元",
        "count": "人",
        "share": "元每股",
        "percent": "百分比",
        "ratio": "比值",
        "text": "文字",
        None: "数",
    }[schema.unit_of(column)]
    known = schema.columns().get(column)
    return rng.choice(
        (
            (f"{said}的标准名称:", column),
            (f"{said}的单位:", unit),
            (f"{column}也叫:", said),
            (f"{said}在哪张表:", known.section if known else "计算得出"),
        )
    )


def _formula(rng: random.Random, sample: Sample) -> Doc:
    formula = rng.choice(schema.FORMULAS)
    return f"{rng.choice((formula.name, *formula.aliases))}的公式:", formula.expression


def _copy(rng: random.Random, sample: Sample) -> Doc:
    name = lexicon.company(rng, exotic=1.0)
    return rng.choice(((f"抄写:{name.full}\n", name.full), (f"{name.full}的简称:", name.short)))


_MIX: tuple[tuple[Callable[[random.Random, Sample], Doc], int], ...] = (
    (_topic, 13),
    (_choice, 18),
    (_fields, 26),
    (_standard_fields, 6),
    (_names, 4),
    (_sql, 50),
    (_from_sql, 3),
    (_paraphrase, 3),
    (_alias, 4),
    (_formula, 1),
    (_copy, 1),
)
_NEEDS_SQL = (_sql, _from_sql)


def documents(seed: int, size: int) -> Iterator[dict[str, str]]:
    """`size` documents, NFKC-normalised as questions are."""
    rng = random.Random(seed)
    every, structured = (
        stream(rng, "train", World()),
        stream(rng, "train", World(), [f for f in splits()["train"] if f not in OPEN]),
    )
    kinds, weights = zip(*_MIX)
    for _ in range(size):  # drawn one by one: a smaller corpus is the beginning of a larger one
        kind = rng.choices(kinds, weights)[0]
        context, target = kind(rng, next(structured if kind in _NEEDS_SQL else every))
        yield {"context": context, "target": target}


def bare(question: str) -> str:
    """A question without its closing marks, to compare with."""
    return normalise(question).rstrip("?。!,")


def questions(seed: int = SEED, size: int = DOCUMENTS) -> set[str]:
    """Every line of the corpus's contexts, bare: what a held-out question must not be among."""
    lines = (line for doc in documents(seed, size) for line in doc["context"].split("\n"))
    return {bare(line.removeprefix("问题:").removeprefix("问:").removeprefix("用SQL查:")) for line in lines}


def write(folder: Path, size: int = DOCUMENTS, held_out: int = 2_000, seed: int = SEED) -> None:
    """Writes train.jsonl and heldout.jsonl (other draws, same kinds), and symbols.txt: pieces that the tokenizer keeps whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count, start in (("train", size, seed), ("heldout", held_out, seed + 1)):
        with jsonlines.open(folder / f"{name}.jsonl", "w") as file:
            file.write_all(documents(start, count))
    (folder / "symbols.txt").write_text("\n".join(symbols()) + "\n", encoding="utf-8")
    (folder / "characters.txt").write_text(lexicon.common_characters(), encoding="utf-8")


_SQL_WORDS = (
    "SELECT ",
    f" FROM {schema.TABLE} WHERE ",
    " FROM ",
    " AS ",
    " WHERE ",
    " AND ",
    " OR ",
    " IN (",
    " ORDER BY ",
    " GROUP BY ",
    " DESC",
    " ASC",
    " LIMIT ",
    " OFFSET ",
    "COUNT(*)",
    "SUM(",
    "AVG(",
    " LIKE '%",
    "%'",
    "='",
    "','",
    ">=",
    "<=",
    "ROW_NUMBER() OVER (PARTITION BY ",
    " HAVING COUNT(*)=",
    " HAVING COUNT(*)>=1",
    " BETWEEN ",
    "NOT ",
    " GROUP BY 公司全称",
    " GROUP BY 年份",
    ") AS 名次",
    ") AS t WHERE 名次<=",
    " DESC LIMIT ",
    " ASC LIMIT ",
    " LIMIT 1 OFFSET ",
)


def symbols() -> tuple[str, ...]:
    """SQL's fixed words and the surrogates, one piece each: a shorter statement is faster and harder to misspell."""
    return (
        *_SQL_WORDS,
        "公司全称",
        "注册地址",
        "办公地址",
        "年份",
        *surrogates.COMPANIES,
        *surrogates.NUMERIC,
        *surrogates.TEXT,
        schema.GROWTH,
        schema.CHANGE,
    )
