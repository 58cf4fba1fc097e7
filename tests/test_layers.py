"""Imports point down only: __main__ → console, batch, report → pipeline → steps → prompts, schema, …; ptuning never sees agent."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = (
    {"__main__"},
    {"console", "batch", "report", "evaluate", "label"},
    {"pipeline"},
    {"phrase", "faithful"},
    {"classify", "keywords", "nl2sql", "conclude", "glossary", "clarify", "followup", "renames", "provenance"},
    {
        "prompts",
        "report_text",
        "schema",
        "numbers",
        "entities",
        "surrogates",
        "values",
        "conditions",
        "formulas",
        "sql_guard",
        "sql_checks",
        "rules",
        "absent",
        "words",
        "spoken",
        "grammar",
        "importer",
        "model",
        "memory",
        "database",
        "database_errors",
        "exact",
        "table_file",
        "table_writer",
        "linking",
        "textfile",
    },
    {"records"},
    {"errors"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
STEPS = {"classify", "keywords", "nl2sql", "glossary"}  # conclude reads the Intent that nl2sql hands on


def imports(path: Path) -> set[str]:
    """Modules of this project that a file imports, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("agent", "ptuning", "data")}


@pytest.mark.parametrize("path", sorted((ROOT / "ptuning").rglob("*.py")), ids=lambda p: p.name)
def test_ptuning_knows_neither_agent_nor_data(path: Path) -> None:
    assert not {name for name in imports(path) if not name.startswith("ptuning")}


@pytest.mark.parametrize("path", sorted((ROOT / "agent").rglob("*.py")), ids=lambda p: p.name)
def test_agent_imports_point_down(path: Path) -> None:
    room = path.relative_to(ROOT / "agent").parts[0].removesuffix(".py")
    for name in imports(path):
        assert not name.startswith("data"), f"{path.name} imports {name}"
        assert not name.startswith("ptuning") or room == "model", f"{path.name} imports {name}"
        target = name.split(".")[1] if name.startswith("agent.") else ""
        if target in LEVEL and room in LEVEL and target != room:
            assert LEVEL[target] >= LEVEL[room], f"{path.name} imports {name}"
            assert not (room in STEPS and target in STEPS), f"step {room} imports step {target}"


def test_every_room_of_agent_has_its_layer() -> None:
    rooms = {
        path.name.removesuffix(".py")
        for path in (ROOT / "agent").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"__init__"} <= set(LEVEL)


@pytest.mark.parametrize("folder", ["agent", "ptuning", "data"])
def test_nothing_is_evaluated_or_unpickled_unsafely(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in ("eval", "exec", "pickle.load", "pickle.loads"), f"{path}: {name}"
                if name == "torch.load":
                    assert any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in node.keywords), (
                        f"{path}: torch.load"
                    )
            if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
                assert ast.unparse(node.value) == "False", str(path)
