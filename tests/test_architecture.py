"""What ruff, mypy and import-linter do not see."""

import ast
import functools
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def tracked() -> list[Path]:
    """Return the files under version control, or all text-like ones where there is no repository (an sdist)."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return [*SOURCES, ROOT / "requirements.lock", ROOT / "pyproject.toml"]
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_no_file_is_longer_than_a_reader_s_patience():
    assert [str(path) for path in SOURCES if len(path.read_text().splitlines()) > 250] == []


def test_no_failure_is_passed_over_in_silence():
    """`contextlib.suppress` names what it lets go; a handler that only passes tends to let go of more."""
    handlers = [
        (f"{path}:{node.lineno}", node)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
    ]

    assert [place for place, node in handlers if all(isinstance(part, ast.Pass) for part in node.body)] == []
    assert [place for place, node in handlers if node.type is None] == []


def test_a_function_is_one_thought():
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )

    assert lengths[len(lengths) // 2] <= 11
    assert lengths[len(lengths) * 9 // 10] <= 44


def test_the_lock_carries_hashes_and_no_addresses():
    lock = (ROOT / "requirements.lock").read_text()
    names = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?==", lock, re.MULTILINE | re.IGNORECASE)

    assert "://" not in lock
    assert not re.findall(r"^--?[a-z-]+", lock, re.MULTILINE)
    assert len(names) == len(re.findall(r"==[^\n]*\\\n +--hash=sha256:", lock))


def test_no_tracked_file_holds_a_token():
    """The shape of a Discord bot token and of a webhook's path; the program before ours had one in its history."""
    token = re.compile(rb"[MNO][A-Za-z\d_-]{23,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,40}|api/webhooks/\d{17,}")

    assert [str(path) for path in tracked() if token.search(path.read_bytes())] == []


def test_no_todo_is_left_behind():
    mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")

    assert [str(path) for path in tracked() if path.suffix == ".py" and mark.search(path.read_text())] == []


def test_every_package_says_what_it_is_for():
    silent = [path for path in SOURCES if not ast.get_docstring(tree_of(path))]

    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_a_package_that_lists_its_files_lists_all_of_them():
    wrong = {}
    for path in SOURCES:
        listed = set(re.findall(r"\b(\w+)\.py\b", ast.get_docstring(tree_of(path)) or ""))
        there = {sibling.stem for sibling in path.parent.glob("[!_]*.py")}
        if path.name == "__init__.py" and listed and listed != there:
            wrong[str(path.relative_to(ROOT))] = listed ^ there

    assert wrong == {}
