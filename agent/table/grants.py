"""What an account of a MySQL server may do beyond reading."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What an account that only answers questions does not need, as SHOW GRANTS names it.
_WRITES = frozenset(
    {
        "ALL",
        "ALL PRIVILEGES",
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "DROP",
        "ALTER",
        "INDEX",
        "TRIGGER",
        "CREATE VIEW",
    }
    | {"FILE", "SUPER"}
)


def warning(grants: Iterable[str], user: str, database: str, table: str) -> str | None:
    """One sentence where the lines of SHOW GRANTS let the account write; None where not."""
    given = re.findall(r"^GRANT (.+?) ON ", "\n".join(grants), re.MULTILINE)
    found = {name.strip() for line in given for name in re.sub(r"\([^)]*\)", "", line).split(",")} & _WRITES
    if not found:
        return None
    return (
        f"提醒：数据库账号“{user}”能改数据（{'、'.join(sorted(found)[:4])}），问答只需要读，"
        f"建议换一个只读的账号：GRANT SELECT ON `{database}`.`{table}` TO '账号'@'主机'。"
    )
