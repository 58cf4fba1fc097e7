"""Names the lines of a wordings file whose statement is none: python3 data/wordings/check.py FILE…"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from agent.statements.parsing import parse
from agent.statements.spelling import write
from agent.statements.syntax import StatementError

_SLOT = re.compile(r"\[([CYMTPAXKSN]\d)\]")
_USED = re.compile(r"(?<![A-Za-z])([CYMTPAXKSN]\d)(?!\d)")


def faults(line: str) -> list[str]:
    """What is wrong with one line."""
    row = json.loads(line)
    wrong = []
    try:
        known = set(_SLOT.findall(row["text"]))
        for key in ("before", "sql"):
            if key in row:
                sql = row[key]
                if write(parse(sql)) != sql:
                    wrong.append(f"{key} is spelt {write(parse(sql))}")
                if key == "before":
                    known |= set(_USED.findall(sql))
        unknown = set(_USED.findall(row["sql"])) - known - {"Y1", "Y2", "Y3"}
        if unknown:
            wrong.append(f"slots not in the text: {sorted(unknown)}")
    except (StatementError, KeyError) as error:
        wrong.append(repr(error))
    return wrong


if __name__ == "__main__":
    bad = 0
    for path in sys.argv[1:]:
        for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
            for fault in faults(line):
                bad += 1
                print(f"{path}:{number}: {fault}")
    print("lines that need a look:", bad)
    sys.exit(bool(bad))
