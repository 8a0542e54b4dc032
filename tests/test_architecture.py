"""What must never be in the code: an import across a wall, a print, a swallowed error, code from data."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import ROOT

PACKAGE = ROOT / "qa"
FILES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT: dict[str, set[str]] = {
    "types": set(),
    "errors": set(),
    "protocols": set(),
    "folder": {"library"},
    "user_files": set(),
    "settings": {"user_files"},
    "history": {"user_files"},
    "export": {"cite"},
    "chat": {"cite", "printing", "export", "protocols"},
    "serving": set(),
    "ingest": set(),
    "encoder": set(),
    "reranker": {"encoder"},
    "store": set(),
    "vectors": set(),
    "index": {"ingest", "store", "vectors", "vocabulary"},
    "build": {"ingest", "encoder", "store", "vectors", "vocabulary", "index", "confidence"},
    "retrieve": {"index", "store", "vectors"},
    "twins": set(),
    "find": {"cite"},
    "cite": set(),
    "answer": {"retrieve", "confidence", "cite"},
    "vocabulary": set(),
    "catalogue": {"cite"},
    "query": {"catalogue", "vocabulary"},
    "confidence": set(),
    "closing": set(),
    "condition": {"index", "ingest"},
    "places": {"store", "catalogue", "cite"},
    "asking": {
        "answer",
        "build",
        "catalogue",
        "cite",
        "confidence",
        "index",
        "query",
        "reranker",
        "retrieve",
        "store",
        "twins",
        "vocabulary",
    },
    "calibrating": {"asking", "confidence", "index", "questions"},
    "library": {
        "asking",
        "build",
        "calibrating",
        "closing",
        "condition",
        "confidence",
        "encoder",
        "find",
        "index",
        "ingest",
        "inspection",
        "places",
        "query",
        "questions",
        "retrieve",
        "vocabulary",
    },
    "questions": set(),
    "inspection": {"ingest", "cite"},
    "evaluate": {"questions"},
    "evaluation_report": {"evaluate", "questions", "cite"},
    "printing": {"confidence", "evaluate", "evaluation_report", "inspection", "cite"},
    "cli": {
        "library",
        "folder",
        "questions",
        "evaluate",
        "evaluation_report",
        "inspection",
        "printing",
        "cite",
        "settings",
        "history",
        "chat",
        "serving",
        "tui",
    },
    "tui": {"cite", "protocols", "settings", "history", "export"},
    "__init__": {"library"},
    "__main__": {"cli"},
}
"""Which rooms a room may import, besides the nouns and the errors."""

ONLY_DOOR: dict[str, set[str]] = {
    "textual": {"tui"},
    "rich": {"tui"},
    "faiss": {"vectors"},
    "sqlite3": {"store"},
    "sentence_transformers": {"encoder", "reranker"},
    "transformers": {"encoder", "reranker"},
    "torch": {"encoder", "reranker"},
    "tokenizers": {"encoder"},
    "onnxruntime": {"encoder"},
    "safetensors": {"encoder", "reranker"},
    "huggingface_hub": {"encoder"},
    "onnx": {"encoder"},
    "platformdirs": {"encoder", "settings", "history"},
    "tomlkit": {"settings"},
    "docx": {"export"},
    "textual_serve": {"serving"},
    "pypdfium2": {"ingest"},
    "filelock": {"build"},
    "ir_measures": {"evaluate"},
    "matplotlib": {"evaluation_report"},
    "argparse": {"cli"},
    "tqdm": {"cli"},
}
"""The only rooms that may import a library."""

HEAVY = {
    "torch", "transformers", "sentence_transformers", "scipy", "sklearn", "textual", "huggingface_hub",
    "ir_measures", "matplotlib", "onnx", "textual_serve", "aiohttp",
}  # fmt: skip
MODEL = {"onnxruntime", "tokenizers"}
BUILDING = {"filelock", "tqdm", "platformdirs"}


def room(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> list[str]:
    """Return the full names of the modules and what is taken from them, if a node is an import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def imports(path: Path) -> list[str]:
    return [name for node in ast.walk(tree(path)) for name in imported(node)]


def imports_at_import_time(path: Path) -> list[str]:
    """Return what a module imports when it is imported: neither in functions nor only for type checkers."""

    def outside_functions(node: ast.AST) -> Iterator[str]:
        yield from imported(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        for child in ast.iter_child_nodes(node):
            yield from outside_functions(child)

    return list(outside_functions(tree(path)))


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


def test_every_room_is_in_the_plan() -> None:
    assert {room(path) for path in FILES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    here = room(path)
    for name in imports(path):
        package, _, inner = name.partition(".")
        if package == "qa" and inner != "__version__":
            there = inner.partition(".")[0]
            assert there in MAY_IMPORT[here] | {here, "types", "errors"}, f"{here} imports {there}"


def test_the_nouns_and_errors_import_nothing_of_ours() -> None:
    for name in ("types", "errors"):
        assert not [module for module in imports(PACKAGE / f"{name}.py") if module.startswith("qa")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_library_is_imported_only_by_its_door(path: Path) -> None:
    for name in imports(path):
        library = name.partition(".")[0]
        assert room(path) in ONLY_DOOR.get(library, {room(path)}), f"{path} imports {library}"


def test_models_are_imported_only_inside_functions() -> None:
    for path in FILES:
        loaded = {name.partition(".")[0] for name in imports_at_import_time(path)}
        assert not loaded & (HEAVY - {"textual", "ir_measures", "textual_serve", "aiohttp"})


def test_the_app_is_imported_only_inside_its_command() -> None:
    outside = [path for path in FILES if room(path) != "tui"]
    for path in outside:
        names = imports_at_import_time(path)
        assert not [name for name in names if f"{name}.".startswith(("qa.tui.", "textual."))]
    commands = [
        node.name
        for path in FILES
        if room(path) == "cli"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and any(name.startswith("qa.tui") for inner in ast.walk(node) for name in imported(inner))
    ]
    assert commands == ["_run_app"]


def test_only_the_command_line_prints_exits_and_touches_the_streams() -> None:
    for path in FILES:
        # The plain screen has the terminal to itself while the app is suspended.
        if room(path) in {"cli", "printing"} or path.name in {"__main__.py", "plain_screen.py"}:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {
                    "print",
                    "exit",
                    "quit",
                    "sys.exit",
                    "os._exit",
                    "input",
                }
            if isinstance(node, ast.Attribute):
                assert ast.unparse(node) not in {"sys.stdout", "sys.stderr", "sys.stdin"}, path
            if isinstance(node, ast.Raise) and node.exc is not None:
                assert not ast.unparse(node.exc).startswith("SystemExit"), path
        assert not [name for name in imports(path) if name.partition(".")[0] in {"logging", "warnings"}], path


def test_every_error_but_those_of_a_worker_of_the_app_is_caught_by_name() -> None:
    for path in FILES:
        if room(path) == "tui":
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, path
                caught = {inner.id for inner in ast.walk(node.type) if isinstance(inner, ast.Name)}
                assert not caught & {"Exception", "BaseException"}, path


def test_every_file_of_the_package_that_is_no_module_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = {
        path
        for package, patterns in project["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")).glob(pattern)
    }
    others = {p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix not in {".py", ".pyc"}}
    assert others == installed


def test_nothing_is_run_that_comes_as_data() -> None:
    for path in FILES:
        modules = {name.partition(".")[0] for name in imports(path)}
        assert not modules & {"pickle", "marshal", "shelve", "dill", "joblib", "code"}, path
        for call in calls(path):
            name = ast.unparse(call.func)
            assert name not in {
                "eval",
                "exec",
                "compile",
                "os.system",
                "os.popen",
                "torch.load",
                "__import__",
            }
            for keyword in call.keywords:
                assert keyword.arg not in {"shell", "allow_pickle", "trust_remote_code"}, path


def test_no_network_library_is_imported_but_to_fetch_a_model_and_to_serve_the_app() -> None:
    network = {"socket", "urllib", "http", "requests", "httpx", "aiohttp", "ftplib", "ssl"}
    for path in FILES:
        if room(path) == "serving":
            continue
        assert not {name.partition(".")[0] for name in imports(path)} & network, path


# What a process loads

_RUN = """
import json, sys

touched = []
sys.addaudithook(lambda event, _: touched.append(event) if event.startswith("socket.") else None)
try:
    {statement}
except SystemExit:
    pass
loaded = {{name.partition(".")[0] for name in sys.modules}}
print(json.dumps([sorted(loaded), touched]), file=sys.stderr)
"""


def loaded_by(statement: str, folder: Path) -> set[str]:
    """Return the libraries a process has loaded after a statement; it must not have used the network."""
    ran = subprocess.run(
        [sys.executable, "-c", _RUN.format(statement=statement)],
        cwd=ROOT, env=os.environ | {"QA_LIBRARY": str(folder)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded, touched = json.loads(ran.stderr.splitlines()[-1])
    assert touched == []
    return set(loaded)


def test_importing_the_package_loads_next_to_nothing(indexed_folder: Path) -> None:
    loaded = loaded_by("import qa", indexed_folder)
    assert not loaded & (HEAVY | {"numpy", "faiss", "sqlite3", "argparse"})


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["--version"], ["answer"]])
def test_help_loads_no_model_no_vectors_and_no_app(indexed_folder: Path, arguments: list[str]) -> None:
    loaded = loaded_by(f"from qa.cli import main; main({arguments})", indexed_folder)
    assert not loaded & (HEAVY | {"numpy", "faiss", "sqlite3"})


@pytest.mark.parametrize("arguments", [["show", "jar-2006:28"], ["reports"], ["index"], ["show", "nothing"]])
def test_what_needs_no_model_loads_none_and_no_app(indexed_folder: Path, arguments: list[str]) -> None:
    loaded = loaded_by(f"from qa.cli import main; main({arguments})", indexed_folder)
    assert "faiss" in loaded
    assert not loaded & (HEAVY | MODEL | BUILDING)


@pytest.mark.parametrize("arguments", [["jar-2006"], ["jar-2006", "--json"], ["nothing"]])
def test_an_inspection_loads_no_model_no_vectors_no_store_and_no_app(
    indexed_folder: Path, arguments: list[str]
) -> None:
    loaded = loaded_by(f"from qa.cli import main; main({['inspect', *arguments]})", indexed_folder)
    assert not loaded & (HEAVY | MODEL | BUILDING | {"faiss", "numpy", "sqlite3", "pypdfium2"})


def test_a_question_loads_nothing_heavy_besides_its_model(indexed_folder: Path) -> None:
    loaded = loaded_by(
        "import qa.library, tests.fakes; "
        "qa.library.SentenceEncoder = tests.fakes.KeywordEncoder; "
        "from qa.cli import main; main(['ask', 'Which schools are good?'])",
        indexed_folder,
    )
    assert not loaded & (HEAVY | MODEL)


def test_the_app_is_drawn_before_anything_of_a_library_is_loaded(indexed_folder: Path) -> None:
    loaded = loaded_by(
        "from qa.tui.app import QaApp; from qa.folder import LibraryFolder; QaApp(LibraryFolder('.'))",
        indexed_folder,
    )
    later = {"numpy", "faiss", "sqlite3", "lxml", "docx", "pypdfium2", "tomlkit", "qa.library", "qa.export"}
    assert not loaded & ((HEAVY - {"textual"}) | MODEL | (BUILDING - {"platformdirs"}) | later)
