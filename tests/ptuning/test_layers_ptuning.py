"""Imports in ptuning point down: a file may import what stands below it here, and nothing else of this project.

Folders stand in an order, and files inside a folder in one. A file that is not listed fails; so no circle is possible.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PTUNING = Path(__file__).resolve().parents[2] / "ptuning"
DOORS = "__init__ main pretrain convert checkpoints"
FOLDERS = {  # from the top down, in each folder too
    "training": """
        session trainer resuming
        command_line arguments
        dataset examples readers metrics plots
        from_scratch
    """,
    "answering": """
        tuned generate
        candidates engine
        beginnings choices writing passes
        recorded attention rows slots requests
        constraints sampling
    """,
    "reader": "__main__ __init__ pretrained model",
    "methods": """
        saving registry
        prefix/__init__ prefix/model prefix/options prefix/original prefix/peft prefix/rotation prefix/encoder
        adapted weights deltas method
    """,
    "base": """
        models
        families/registry families/own families/chatglm families/family
        folders loading weight_files shapes
        quantization/models quantization/nf4 quantization/layers quantization/integers quantization/cuda_kernels
        tokenizers/fast tokenizers/glm_folder tokenizers/hub tokenizers/glm4 tokenizers/glm tokenizers/tokenizer
        tokenizers/messages
    """,
}
FLOOR = "files errors"
ORDER = [
    *DOORS.split(),
    *(f"{folder}/{name}" for folder, names in FOLDERS.items() for name in names.split()),
    *FLOOR.split(),
]
FILES = {path.relative_to(PTUNING).with_suffix("").as_posix(): path for path in PTUNING.rglob("*.py")}
PROJECT = {"ptuning", "agent", "data", "benchmarks", "tests"}


def imports(path: Path) -> set[str]:
    """Everything of this project that a file imports, wherever in the file, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in PROJECT}


def file_of(name: str) -> str:
    """`ptuning.base.models.Base` or `ptuning.base.models` → base/models; a folder's name → its __init__."""
    parts = name.split(".")[1:]
    for length in range(len(parts), -1, -1):
        place = "/".join(parts[:length])
        for candidate in (place, f"{place}/__init__".removeprefix("/")):
            if candidate in FILES:
                return candidate
    raise AssertionError(name)


def says_something(path: Path) -> bool:
    """Whether there is more than a docstring."""
    return len(ast.parse(path.read_text(encoding="utf-8")).body) > 1


def test_every_file_has_its_place_in_the_order() -> None:
    assert len(ORDER) == len(set(ORDER))
    assert set(ORDER) == {name for name, path in FILES.items() if path.name != "__init__.py" or says_something(path)}


@pytest.mark.parametrize("name", ORDER)
def test_a_file_imports_only_what_stands_below_it(name: str) -> None:
    for imported in imports(FILES[name]):
        assert imported.split(".")[0] == "ptuning", f"{name} imports {imported}"
        target = file_of(imported)
        assert ORDER.index(target) > ORDER.index(name), f"{name} imports {target}, which stands above it"
