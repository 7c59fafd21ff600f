"""The docs say what is: every option, every file they name, every config key."""

import importlib.util
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from harmonystate.config import Config

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def keys(model: type[BaseModel]) -> set[str]:
    nested = [f.annotation for f in model.model_fields.values() if isinstance(f.annotation, type)]
    return set(model.model_fields).union(*(keys(part) for part in nested if issubclass(part, BaseModel)))


def test_the_command_reference_is_what_the_commands_say_of_themselves():
    spec = importlib.util.spec_from_file_location("make_commands", ROOT / "tools/make_commands.py")
    make_commands = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_commands)

    assert make_commands.page() == (ROOT / "docs/commands.md").read_text()


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


def test_every_line_that_operations_explains_is_one_that_we_print():
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
