"""Imports point down: each folder of agent lists its files and folders from the top; what is not listed is forbidden."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# A name may import what stands behind it in its list, and so may everything inside a folder; __init__ stands first.
ORDER = {
    "agent": """__main__ faces labelling scoring building conversation pipeline querying journey explaining telling
        writing understanding reading model statements reports table figures prompts files text records errors""",
    "agent/faces": "label settling review typing console web batch reports",
    "agent/faces/web": """serve app pages table_pages chat_pages completions api access uploads jobs talks waiting desk guard
        settings keys export turns store view words""",
    "agent/labelling": """report plots undoing starting loop exchange measuring contradictions endpoint augmenting training
        drafting acceptance selection desk state project wordings journal records""",
    "agent/scoring": "summary evaluate",
    "agent/explaining": "glossary",
    "agent/telling": "phrase faithful conclude provenance trace readable",
    "agent/telling/faithful": "names figures comparisons reading evidence context claims",
    "agent/writing": "memory nl2sql rules sql_checks grammar expansion conditions surrogates",
    "agent/understanding": "understand absent agreement candidates direction mentions slots explained sureness",
    "agent/statements": """checks telling words evaluate expressions tables arithmetic results meaning symbols
        parsing spelling syntax""",
    "agent/reading": """ambiguity absent report_parts followup keywords entities report_text classify homophones companies
        shares places years spoken words""",
    "agent/reading/companies": "unknown index similar shared_suffix",
    "agent/reading/followup": "resolve fragments rewriting turn",
    "agent/reports": """ingest text evidence ocr table_rows exporting extract cells statements checks key_figures facts titles heads rows items
        amounts about store document html plain pdf pages""",
    "agent/reports/text": """library summary answer causes quote question search index reasons tables ruled passages
        headings lines topics words""",
    "agent/table": """renames importer import_report staging database grants narrowed care existing sheet_rows measures layout headings providers
        table_writer table_file cells database_errors joined_guard sql_guard exact""",
    "agent/table/providers": "",
    "agent/figures": "values formulas said aliases numbers periods schema",
}
# What else a tree may import.
OUTSIDE: dict[str, set[str]] = {
    "ptuning": set(),
    "agent": set(),
    "data": {"agent"},
    "benchmarks": {"agent", "data", "ptuning"},
}
SPEAKS_TO_PTUNING = "agent/model.py"
FILES = [path for tree in OUTSIDE for path in sorted((ROOT / tree).rglob("*.py"))]
AGENT = [path for path in FILES if path.is_relative_to(ROOT / "agent")]


def names(folder: str) -> list[str]:
    return ["__init__", *ORDER[folder].split()]


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def target(name: str) -> Path | None:
    """The file of this project behind an imported name, which may be of something in that file."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        inside = ROOT.joinpath(*parts[:end])
        for path in (inside.with_suffix(".py"), inside / "__init__.py"):
            if path.exists():
                return path
    return None


def parts(path: Path) -> tuple[str, ...]:
    """agent/reading/places.py: agent, reading, places."""
    return path.relative_to(ROOT).with_suffix("").parts


def fault(importer: tuple[str, ...], imported: tuple[str, ...]) -> str | None:
    """Why one file of agent may not import another; None where it may."""
    depth = next(i for i, (a, b) in enumerate(zip(importer, imported)) if a != b)
    order, upper, lower = names("/".join(importer[:depth])), importer[depth], imported[depth]
    if order.index(upper) < order.index(lower):
        return None
    return f"{'/'.join(importer)} imports {'/'.join(imported)}, but {lower} stands above {upper}"


def test_every_file_and_folder_of_agent_is_listed_and_every_listed_one_is_there() -> None:
    folders = {path.parent for path in AGENT}
    found = {
        folder.relative_to(ROOT).as_posix(): {path.stem for path in folder.glob("*.py")}
        | {other.name for other in folders if other.parent == folder}
        for folder in folders
    }
    assert found == {folder: set(names(folder)) for folder in ORDER}


@pytest.mark.parametrize("path", AGENT, ids=lambda path: "/".join(parts(path)))
def test_imports_inside_agent_point_down(path: Path) -> None:
    found = {other for name in imports(path) if (other := target(name)) in AGENT and other != path}
    assert not [why for other in found if (why := fault(parts(path), parts(other)))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(parts(path)))
def test_a_tree_imports_only_the_trees_below_it(path: Path) -> None:
    tree = parts(path)[0]
    allowed = OUTSIDE[tree] | {tree}
    if path.relative_to(ROOT).as_posix() == SPEAKS_TO_PTUNING:
        allowed = allowed | {"ptuning"}
    assert {name.split(".")[0] for name in imports(path)} & {*OUTSIDE, "tests"} <= allowed


def test_no_file_imports_itself_by_way_of_others() -> None:
    ours = [path for path in FILES if parts(path)[0] != "ptuning"]  # which has a test of its own
    arrows = {path: {t for name in imports(path) if (t := target(name)) in ours and t != path} for path in ours}
    while ends := [path for path, after in arrows.items() if not after & arrows.keys()]:
        for path in ends:
            del arrows[path]
    assert not sorted("/".join(parts(path)) for path in arrows)


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(parts(path)))
def test_nothing_is_evaluated_or_unpickled_unsafely(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in ("eval", "exec", "pickle.load", "pickle.loads"), name
            if name == "torch.load":
                assert any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in node.keywords), name
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            assert ast.unparse(node.value) == "False"
