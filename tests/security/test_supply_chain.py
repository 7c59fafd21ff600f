"""S9: what is installed and fetched was pinned, and nothing else is fetched (a flipped byte: see tests/edges/local)."""

import ast
import re
from pathlib import Path

from harmonystate.edges.local.jar_lock import read_lock

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"[a-z0-9][a-z0-9.-]*==[^\s;]+( ; .+)? \\$")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?$")
# What could fetch a file; jgo, which fetches the jars, has its one door by tool.importlinter.
FETCHERS = {"urllib.request", "http.client", "requests", "urllib3", "httpx", "ftplib", "pip"}


def test_every_wheel_is_pinned_by_its_hash_and_comes_from_no_named_place():
    lines = (ROOT / "requirements.lock").read_text().splitlines()

    pinned = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    assert len(pinned) > 50
    assert [line for line in lines if not REQUIREMENT.match(line) and not HASH.match(line)] == []
    assert [lines[number] for number in pinned if not HASH.match(lines[number + 1])] == []


def test_make_installs_nothing_whose_hash_is_not_in_the_lock():
    installs = re.findall(r"-m pip install .*", (ROOT / "Makefile").read_text())

    assert len(installs) == 2
    assert all("--require-hashes" in install or "--no-build-isolation --no-deps" in install for install in installs)


def test_every_wheel_that_we_ask_for_is_in_the_lock():
    asked = re.findall(r'^    "([A-Za-z0-9-]+)[^"]*",?', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    locked = {line.split("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}

    wanted = {name.lower() for name in asked[: asked.index("jgo") + 1]}
    assert len(wanted) > 15
    assert wanted <= locked


def test_every_jar_is_pinned_by_its_hash():
    jars = read_lock()

    assert len(jars) > 150
    assert [jar.coordinates for jar in jars if not re.fullmatch(r"[0-9a-f]{64}", jar.sha256)] == []


def test_nothing_of_ours_fetches_anything_but_the_jars():
    found = {
        f"{path.name}: {name}"
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
        if any(name == fetcher or name.startswith(f"{fetcher}.") for fetcher in FETCHERS)
    }

    assert found == set()


def _imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []
