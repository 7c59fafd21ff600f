"""The docs say what is: every option, every file they name, every config key, every command line.

The lines are parsed here; journey/test_command_lines.py runs them.
"""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

from harmonystate.config import Config
from tests.support.command_lines import in_markdown, parse

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += [ROOT / "deploy/cluster.md", ROOT / "bench/README.md"]
# Made of --help, where brackets are no arguments.
TYPED = [page for page in PAGES if page.name != "commands.md"]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def keys(model: type[BaseModel]) -> set[str]:
    nested = [f.annotation for f in model.model_fields.values() if isinstance(f.annotation, type)]
    return set(model.model_fields).union(*(keys(part) for part in nested if issubclass(part, BaseModel)))


@pytest.mark.parametrize(("name", "page"), [("make_commands", "commands.md"), ("make_configuration", "keys.md")])
def test_the_references_are_what_the_code_says(name, page):
    assert tool(name).page() == (ROOT / "docs" / page).read_text(), f"run .venv/bin/python tools/{name}.py"


def test_every_key_but_the_secrets_stands_in_the_commented_config():
    text = (ROOT / "config/harmony.yaml").read_text()

    missing = {key for key in keys(Config) - {"token", "password"} if not re.search(rf"^\s*{key}:", text, re.MULTILINE)}

    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_docs_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_file_that_the_journey_names_is_there():
    source = ROOT / "src/harmonystate"
    text = (ROOT / "docs/journey.md").read_text()

    named = set(re.findall(r"\b((?:core|edges|frames|commands|cli|config)/[a-z_/]*(?:\.py)?)", text))

    assert len(named) > 20
    assert {name for name in named if not (source / name).exists()} == set()


def test_operations_explains_lines_that_we_print_and_every_warning():
    source = " ".join(path.read_text() for path in (ROOT / "src/harmonystate").rglob("*.py"))
    # A message that is split over lines is one message.
    said = re.sub(r'"\s+f?"', "", source)
    table = (ROOT / "docs/operations.md").read_text().split("## What a failure looks like")[1].split("\n### ")[0]
    explained = [
        line
        for row in table.splitlines()
        if row.startswith("| `")
        for line in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]

    assert len(explained) > 20
    assert [line for line in explained if line not in said] == []
    assert [text for text in warnings() if not any(line in text for line in explained)] == []


def warnings() -> list[str]:
    """Return every warning or error of a log that is written as a text, without what is filled in."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "src/harmonystate").rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    said = [call.args[0] for call in calls if getattr(call.func, "attr", "") in ("warning", "error")]
    texts = [
        "".join(part.value for part in ast.walk(text) if isinstance(part, ast.Constant) and isinstance(part.value, str))
        for text in said
    ]
    assert len(texts) > 20
    return [text for text in texts if text]


@pytest.mark.parametrize("page", TYPED, ids=lambda page: page.name)
def test_every_command_line_in_the_docs_is_one_that_we_take(page):
    # COMMAND stands for any.
    for arguments in in_markdown(page.read_text()):
        if "COMMAND" not in arguments:
            parse(arguments)


def test_a_command_line_that_we_do_not_take_would_be_found():
    (arguments,) = in_markdown("So: `harmony analyze --topp 10`.")

    with pytest.raises(Exception, match="--topp"):
        parse(arguments)


@pytest.mark.parametrize("page", TYPED, ids=lambda page: page.name)
def test_every_make_in_the_docs_has_a_target(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    asked = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", page.read_text(), re.MULTILINE))

    assert {name for pair in asked for name in pair if name} <= targets


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as `make docs` builds it: a link that leads nowhere would end it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", folder)
    shutil.copytree(ROOT / "docs", folder / "docs")
    zensical = Path(sys.executable).with_name("zensical")
    done = subprocess.run([zensical, "build", "--strict"], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def test_every_page_stands_in_the_menu_of_the_site_and_every_entry_is_a_page():
    menu = str(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])

    assert set(re.findall(r"'([^']+\.md)'", menu)) == {
        str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")
    }


def test_the_site_loads_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    loaded = r'<(?:script|img|iframe)[^>]* src="?([^" >]+)|<link[^>]* href="?([^" >]+)'

    found = {one for page in pages for pair in re.findall(loaded, page.read_text()) for one in pair if one}

    assert len(pages) >= len(list((ROOT / "docs").rglob("*.md")))
    assert found
    assert [one for one in found if one.startswith(("http:", "https:", "//"))] == []
