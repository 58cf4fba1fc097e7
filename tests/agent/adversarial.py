"""The hostile inputs of the tests: statements and questions from the corpus files beside this one, and bombs that no file should hold."""

import re
from pathlib import Path

from agent.figures import schema

FOLDER = Path(__file__).parent
_MARKS = {"{T}": schema.TABLE, "{N}": "\n"}


def read_corpus(name: str) -> list[str]:
    """The lines of a corpus but headings (# …), {T}, {N} and {200B} (the character of that number) put in."""
    lines = (FOLDER / name).read_text(encoding="utf-8").split("\n")
    return [_written_out(line) for line in lines if line and not line.startswith("# ")]


def _written_out(line: str) -> str:
    for mark, text in _MARKS.items():
        line = line.replace(mark, text)
    return re.sub(r"\{([0-9A-F]{1,5})\}", lambda found: chr(int(found[1], 16)), line)


REJECTED = read_corpus("sql_guard_rejected.txt")
QUESTIONS = read_corpus("adversarial_questions.txt")

_ALL = "SELECT 公司全称 FROM company_table"
# Size and depth: each is refused, and none takes long.
BOMBS = {
    "100,000 spaces": _ALL + " " * 100_000,
    "100,000 characters in a value": f"{_ALL} WHERE 公司全称='{'x' * 100_000}'",
    "100,000 brackets": f"{_ALL} WHERE {'(' * 50_000}年份=1{')' * 50_000}",
    "900 brackets": f"{_ALL} WHERE {'(' * 900}年份=1{')' * 900}",
    "40 brackets": f"{_ALL} WHERE {'(' * 40}年份=1{')' * 40}",
    "900 open brackets": f"{_ALL} WHERE {'(' * 900}",
    "450 NOT": f"{_ALL} WHERE {'NOT ' * 450}年份=1",
    "900 minus": f"{_ALL} WHERE 净利润>{'- ' * 900}1",
    "60 AND": f"{_ALL} WHERE 年份=1{' AND 年份=1' * 60}",
    "150 OR": f"{_ALL} WHERE 年份=1{' OR 年份=1' * 150}",
    "500 values": f"{_ALL} WHERE 年份 IN ({'1,' * 500}1)",
    "500 columns": f"SELECT {'公司全称,' * 390}公司全称 FROM company_table",
    "100 nested tables": "SELECT 公司全称 FROM (" * 50 + _ALL + ") AS t" * 50,
    "60 scalar subqueries": f"SELECT {'(SELECT ' * 60}1{')' * 60} FROM company_table",
    "90 CASE": f"SELECT {'CASE WHEN 1 THEN ' * 90}1{' END' * 90} FROM company_table",
    "200 functions": f"SELECT {'abs(' * 200}1{')' * 200} FROM company_table",
    "100 joins": _ALL + ", company_table" * 100,
    "40 unions": f" UNION ALL {_ALL}".join([_ALL] * 20),
    "300 statements": f"{_ALL};" * 50,
    "1,000 semicolons": _ALL + ";" * 1000 + "DROP TABLE company_table",
    "open comments": _ALL + " /*" * 600,
    "closed comments": f"{_ALL} {'/**/' * 400} ; DROP TABLE company_table",
    "900 quotes": f"{_ALL} WHERE 公司全称={chr(39) * 901}",
    "900 double quotes": f"SELECT {chr(34) * 902} FROM company_table",
    "900 backticks": f"SELECT {'`' * 901} FROM company_table",
    "900 backslashes": f"{_ALL} WHERE 公司全称='{chr(92) * 900}",
    "a number of 1,500 digits": f"{_ALL} WHERE 净利润>{'9' * 1500}",
    "a fraction of 1,500 digits": f"{_ALL} WHERE 净利润>0.{'9' * 1500}",
    "a limit of 1,500 digits": f"{_ALL} LIMIT {'9' * 1500}",
    "a hexadecimal number of 1,500 digits": f"{_ALL} WHERE 净利润>0x{'F' * 1500}",
    "a name of 1,500 characters": f"SELECT {'长' * 1500} FROM company_table",
    "a growth rate of growth rates": f"SELECT 净利润{'增长率' * 300} FROM company_table",
    "600 wildcards": f"{_ALL} WHERE 公司全称 GLOB '{'*a' * 600}'",
    "emoji": f"SELECT {'🧨' * 900} FROM company_table",
    "zero-width characters": f"SELECT {chr(0x200B) * 900}公司全称 FROM company_table",
    "half of a character": f"SELECT {chr(0xD800)} FROM company_table",
}
# The guard lets these through, for what is run is harmless.
HARMLESS = [
    f"{_ALL} WHERE 公司全称 NOTNULL",
    f"{_ALL} WHERE 净利润>0x41",
    f"{_ALL} WHERE 净利润>+1",
    "SELECT SUM(ALL 净利润) FROM company_table",
    "SELECT COUNT(ALL *) FROM company_table",
    f"{_ALL} /*!50000 UNION SELECT a FROM secret */",
    f"{_ALL} -- ; DROP TABLE company_table",
    f"{_ALL} /* ; DELETE FROM company_table */ WHERE 年份=2020",
    f"{_ALL} WHERE 公司全称='''; DROP TABLE company_table; --'",
    f"{_ALL} WHERE 公司全称='\\'",
    f"{_ALL} WHERE 公司全称='%s %(x)s :v1 ? @x {{}}'",
    f"{_ALL} WHERE 公司全称='" + chr(0x202E) + "{0}'",
    f"{_ALL} WHERE 公司全称='" + "\x1b[31m\r\n'",
    f"{_ALL} WHERE 公司全称 LIKE '{'%a' * 900}%'",
    f"{_ALL} WHERE 公司全称 LIKE '{'_%' * 900}'",
    f"{_ALL} WHERE 公司全称 LIKE '\\'",
    f"{_ALL} WHERE 净利润 IN (1,'x',NULL,-1)",
    f"{_ALL} WHERE 净利润 BETWEEN 'a' AND NULL",
    f"{_ALL} WHERE 净利润>'1e999'",
    f"{_ALL} WHERE 净利润=-{'9' * 30}",
    f"{_ALL} WHERE 年份={'9' * 30}",
    f"{_ALL} LIMIT 999999999 OFFSET 999999999",
    f"{_ALL} GROUP BY 公司全称 HAVING COUNT(*)=1.5",
    f"{_ALL} GROUP BY 公司全称 HAVING COUNT(*)={'9' * 30}",
    "SELECT 净利润,净利润,净利润 FROM company_table",
    "SELECT MAX(公司全称),MIN(注册地址),COUNT(DISTINCT 公司全称) FROM company_table WHERE 年份<0",
]
# Questions of any length and shape; each ends in a sentence, and none takes long.
MONSTERS = {
    "20,000 characters": "多少" * 10_000,
    "10,000 digits": "9" * 10_000,
    "an amount of 10,000 digits": f"2020年净利润大于{'9' * 10_000}元的公司有几家？",
    "an amount of 900 digits": f"2020年净利润大于{'9' * 900}亿元的公司有几家？",
    "an amount of 400 digits": f"2020年净利润大于{'9' * 400}元的公司有几家？",
    "a fraction of 900 digits": f"2020年净利润大于0.{'1' * 900}元的公司有几家？",
    "an amount of 900 numerals": f"2020年净利润大于{'九' * 900}元的公司有几家？",
    "an amount of 900 亿": f"2020年净利润大于{'亿' * 900}元的公司有几家？",
    "an amount of 300 一千万": f"2020年净利润大于{'一千万' * 300}元的公司有几家？",
    "900 thousands separators": f"2020年净利润大于1{',000' * 220}元的公司有几家？",
    "900 minus": f"2020年净利润大于{'-' * 900}1元的公司有几家？",
    "a rank of 900 digits": f"2020年净利润最高的前{'9' * 900}家公司是哪些？",
    "300 columns": f"2020年华兴科技的{'净利润、' * 220}净利润是多少？",
    "200 companies": "华兴科技、" * 180 + "2020年的净利润是多少？",
    "180 years": "2020年、" * 180 + "华兴科技的净利润是多少？",
    "300 places": "在杭州" * 300 + "注册的公司有几家？",
    "140 unknown companies": "甲股份有限公司" * 130 + "2020年的净利润是多少？",
    "200 ranges": "净利润" + "10到" * 200 + "20亿元的公司有几家？",
    "400 ranks": "第一" * 400 + "的公司是哪家？",
    "400 去年": "去年" * 400 + "的净利润是多少？",
    "990 brackets": "(" * 990,
    "990 emoji": "💥" * 990,
    "990 marks on one character": "华" + "\u0301" * 900 + "兴科技2020年的净利润是多少？",
    "only blanks": " \t\n\u3000\u00a0\u2028",
    "only invisible characters": "\u200b\u200d\ufeff\u202e\0",
    "nothing": "",
    "half of a character": "\ud83d华兴科技2020年的净利润是多少？",
    "the other half": "华兴科技2020年的净利润是多少？\udca5",
}

STATEMENTS = [*REJECTED, *BOMBS.values(), *HARMLESS]
ASKED = [*QUESTIONS, *MONSTERS.values()]
