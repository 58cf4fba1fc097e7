"""Where a base is, and what its config.json says; read once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download

from ptuning.errors import PtuningError
from ptuning.files import read_json

RAW_MODELS = Path(__file__).resolve().parents[2] / "RawModels"
SMALL_FILES = ["*.json", "*.model", "*.txt", "*chatglm.py"]  # the code is read as text, for its settings, and never run
GGUF_END = ".gguf"  # a whole model in one file
WEIGHT_PATTERNS = ("model*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True)
class Folder:
    """A model's folder. settings: its config.json as it stands."""

    path: Path
    settings: dict[str, Any]

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def model_type(self) -> str:
        """What config.json calls it: chatglm, or one of transformers' names."""
        return str(self.settings.get("model_type"))


def open_folder(path: Path) -> Folder:
    """Raises PtuningError where there is no such folder, or its config.json is damaged."""
    config_file = path / "config.json"
    if path.suffix == GGUF_END and path.is_file():
        return Folder(path, {})
    if not config_file.is_file():
        raise PtuningError(
            f"找不到基座模型 {path}（没有 config.json），请把模型文件夹放到那里，或用 --model_name_or_path 指定。"
        )
    return Folder(path, read_json(config_file))


def locate(name: str | Path) -> Path:
    """The folder of a model: itself; else, of a hub name like THUDM/chatglm2-6b, RawModels/chatglm2-6b or a download.

    Raises:
        PtuningError: there is neither folder nor hub.
    """
    folder = Path(name)
    if (
        folder.exists()
        or not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[\w.-]+", str(name))
        or str(name).startswith("RawModels/")
    ):
        return folder
    local = RAW_MODELS / folder.name
    if local.exists():
        return local
    try:
        for patterns in ([*SMALL_FILES, WEIGHT_PATTERNS[0]], [WEIGHT_PATTERNS[1]]):  # .bin only where there is nothing better
            found = Path(snapshot_download(str(name), allow_patterns=patterns))
            if any(found.glob(WEIGHT_PATTERNS[0])):
                break
    except Exception as error:  # network, proxy, unknown name: hub and HTTP client raise many kinds
        reason = str(error).strip().partition("\n")[0]
        raise PtuningError(
            f"没有模型文件夹 {name}，也无法从模型库下载它（{reason}），请在能上网的机器上下载 {name} 的全部文件，放到 {local}。"
        ) from None
    return found
