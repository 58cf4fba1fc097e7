"""Reading and writing of files: small JSON ones, and anything that must never be there by half."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ptuning.errors import PtuningError


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`.

    Raises:
        PtuningError: the file cannot be read, is not JSON, or holds something else than an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PtuningError(f"无法读取 {path}（{error.strerror}），请检查路径与权限。") from None
    except UnicodeDecodeError:
        raise PtuningError(f"{path} 不是UTF-8编码的文本，文件已损坏，请重新获取。") from None
    except json.JSONDecodeError as error:
        raise PtuningError(f"{path} 第{error.lineno}行不是合法的JSON，文件已损坏，请重新获取。") from None
    if not isinstance(content, dict):
        raise PtuningError(f"{path} 应是一个JSON对象，请重新获取。")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def require_folder(path: Path, name: str) -> None:
    """Refuses, before any work, a place for results in which no folder can be made. name: what the user calls it.

    Raises:
        PtuningError: `path`, or what it is to stand in, is a file or may not be written to.
    """
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir():
        raise PtuningError(f"{name} {path} 不能用：{there} 是一个文件，不是文件夹，请换一个文件夹。")
    if not os.access(there, os.W_OK):
        raise PtuningError(f"{name} {path} 不能用：{there} 不能写入，请换一个文件夹或检查权限。")


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A path to write to, file or folder, which takes the place of `path` when all went well: there is never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(path.name + ".tmp")
    yield written
    os.replace(written, path)


def write_text(path: Path, text: str) -> None:
    """Writes a whole text file in UTF-8; its folder is made."""
    with beside(path) as written:
        written.write_text(text, encoding="utf-8")


def write_together(folder: Path, files: dict[str, Callable[[Path], object]]) -> None:
    """Writes files beside their places, then renames them in order; the last is the one that readers look for.

    It is removed before the first is renamed: a kill in between leaves nothing that speaks of other weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in files.items():
        write(folder / f"{name}.tmp")
    (folder / list(files)[-1]).unlink(missing_ok=True)
    for name in files:
        os.replace(folder / f"{name}.tmp", folder / name)
