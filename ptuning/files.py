"""Reading of the small JSON files that lie beside weights."""

from __future__ import annotations

import json
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
