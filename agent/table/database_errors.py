"""A database's address, the way in, and its errors, in one sentence each: never with a password, and of the class that says whether to try again."""

from __future__ import annotations

import re

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from agent.errors import DatabaseError, DatabaseUnavailable, QueryLimit

# MySQL's and MariaDB's numbers of errors.
_TOO_LONG = frozenset({1969, 3024})  # max_statement_time, max_execution_time
_AWAY = frozenset(
    {
        1040, 1203,  # too many connections
        1053, 1927, 4031,  # the server shuts down, killed or closed the connection
        1152, 1158, 1159, 1160, 1161,  # broken off in a packet
        2002, 2003, 2006, 2013, 2055,  # cannot connect, lost
    }
)  # fmt: skip
_NO_LOGIN, _NO_DATABASE, _NO_PRIVILEGE = frozenset({1045, 1698}), frozenset({1049}), frozenset({1044, 1142, 1143, 1370})
_DRIVER = "mysql+pymysql"  # the one that requirements.txt installs


def parse_url(url: str) -> URL:
    """The SQLAlchemy URL; MySQL always speaks utf8mb4, which holds every character.

    Raises:
        DatabaseError: it is none; a password in it is not repeated.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseError(
            "数据库地址不是SQLAlchemy地址，应类似 sqlite:///data/company.sqlite3 或 mysql+pymysql://用户:密码@主机/库。"
        ) from None
    if parsed.drivername in ("mysql", "mariadb", "mariadb+pymysql"):
        parsed = parsed.set(drivername=_DRIVER)
    return parsed.update_query_dict({"charset": "utf8mb4"}) if parsed.drivername == _DRIVER else parsed


def shown(url: URL) -> str:
    """The address as it may be printed: no password, no ?option= (it may be one too)."""
    return url.set(query={}).render_as_string(hide_password=True)


def _mysql(code: int, text: str, url: URL) -> str | None:
    """What MySQL's number of an error means."""
    if code in _NO_LOGIN:
        return f"数据库 {shown(url)} 拒绝登录，请检查用户名和密码。"
    if code in _NO_DATABASE:
        return f"服务器上没有数据库 {url.database}，请先 CREATE DATABASE `{url.database}` CHARACTER SET utf8mb4，或检查地址 {shown(url)}。"
    if code in _NO_PRIVILEGE:
        wanted = re.search(r"(\w+) command denied", text)
        named = f" {wanted[1]} " if wanted else "所需的"
        return f"数据库 {shown(url)} 的账号没有{named}权限：问答要有 SELECT，导入还要有 CREATE、INSERT、ALTER、DROP。"
    return None


def explained(error: SQLAlchemyError, url: URL, timeout: float = 0.0) -> DatabaseError:
    """The error to raise instead, its message one sentence without the password.

    timeout: seconds that a statement had, to be named where it took longer.
    """
    original = error.orig if isinstance(error, DBAPIError) else error
    text, arguments = str(original), getattr(original, "args", ())
    code = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    if "interrupted" in text or "maximum statement execution time" in text or code in _TOO_LONG:
        return QueryLimit(f"查询超过{timeout:g}秒的时间上限，已停止，无法回答该问题。")
    if "locked" in text:
        return DatabaseUnavailable(f"数据库 {shown(url)} 被别的程序锁住，请稍后重试。")
    if told := _mysql(code, text, url):
        return DatabaseError(told)
    if code in _AWAY or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return DatabaseUnavailable(f"连不上数据库 {shown(url)}，请检查地址以及服务是否在运行。")
    if "no such table" in text or "doesn't exist" in text:
        return DatabaseError(f"数据库 {shown(url)} 里没有这个表，请先运行 python -m agent import 导入数据。")
    if "not a database" in text:
        return DatabaseError(f"文件 {url.database} 不是SQLite数据库，请检查路径。")
    return DatabaseError(f"数据库 {shown(url)} 报错：{text.splitlines()[0][:200]}")


def connect(engine: Engine, url: URL) -> Connection:
    """A connection.

    Raises:
        DatabaseError: the driver itself refuses the address, in words that are none of a database's errors.
    """
    try:
        return engine.connect()
    except RuntimeError as error:
        if "cryptography" not in str(error):
            raise DatabaseError(f"连不上数据库 {shown(url)}（{error}）。") from None
        raise DatabaseError(
            f"登录数据库 {shown(url)} 需要cryptography包，请运行 pip install cryptography，或让服务器开启TLS。"
        ) from None
    except (TypeError, ValueError):  # an unknown ?option=, a password that is not latin-1; the value is not repeated
        raise DatabaseError(
            f"驱动不接受数据库地址 {shown(url)} 里的选项、用户名或密码，请检查地址里“?”后面的部分和特殊字符。"
        ) from None
