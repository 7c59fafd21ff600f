"""Make docs/keys.md: every key of the config, with what it takes and its default.

What it takes comes from the models, default and meaning from the commented config/harmony.yaml (a test sees to it that
its values are the models' defaults). Run `.venv/bin/python tools/make_configuration.py`; tests/test_docs.py compares
the committed file with `page()`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from harmonystate.config import Config
from harmonystate.config.secrets import SECRETS

ROOT = Path(__file__).resolve().parent.parent
PAGE, COMMENTED = ROOT / "docs" / "keys.md", ROOT / "config" / "harmony.yaml"
HEADER = """# Every key

Made by `tools/make_configuration.py` from the config's models and `config/harmony.yaml`.
How values are found, and which source wins: [configuration.md](configuration.md).
The environment has the same keys: `HARMONY_KAFKA__TOPICS__ALERT` is `kafka.topics.alert`.
What is unknown, or out of its bounds, is refused with its path (exit 78).
"""
SECRET_HEADER = """
## Secrets

None of these may stand in the YAML.

| key | variable | or a file, named by |
|---|---|---|
"""
KINDS = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "object": "options",
}
FORMATS = {"duration": "duration, such as 90s, 15m, 24h, 30d", "path": "path", "fraction": "rate, such as 1/min"}
_LINE = re.compile(r"^( *)(\w+):(?: (.*?))?(?:\s+# (.*))?$")
_MORE = re.compile(r"^ +# (.*)$")


class Key(NamedTuple):
    """A key as the YAML has it: its path, its default as written, and what is said of it."""

    path: tuple[str, ...]
    default: str
    meaning: str


def page() -> str:
    """Return the whole page."""
    schema = Config.model_json_schema()
    return HEADER + "".join(_section(name, schema) for name in schema["properties"]) + SECRET_HEADER + _secrets()


def keys(text: str) -> Iterator[Key]:
    """Yield every key of the commented YAML that has a value; a comment goes on in lines that are nothing else."""
    parents: list[str] = []
    found: list[Key] = []
    for line in text.splitlines():
        if match := _LINE.match(line):
            indent, name, default, meaning = match.groups()
            parents[len(indent) // 2 :] = [name]
            if default:
                found.append(Key(tuple(parents), default.strip(), meaning or ""))
        elif found and (more := _MORE.match(line)):
            found[-1] = found[-1]._replace(meaning=f"{found[-1].meaning} {more[1]}")
    return iter(found)


def _section(section: str, schema: dict[str, Any]) -> str:
    rows = [_row(key, schema) for key in keys(COMMENTED.read_text()) if key.path[0] == section]
    return f"\n## {section}\n\n| key | takes | default | what it is |\n|---|---|---|---|\n" + "".join(rows)


def _row(key: Key, schema: dict[str, Any]) -> str:
    takes = _takes(_find(key.path, schema), schema)
    cells = [f"`{'.'.join(key.path[1:])}`", takes, f"`{key.default}`", key.meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _find(path: tuple[str, ...], schema: dict[str, Any]) -> dict[str, Any]:
    there: dict[str, Any] = schema
    for name in path:
        there = _resolved(there, schema)["properties"][name]
    return _resolved(there, schema)


def _resolved(there: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = there.get("$ref", "").rpartition("/")[2]
    return schema["$defs"][name] if name else there


def _takes(there: dict[str, Any], schema: dict[str, Any]) -> str:
    choices = [one for one in there.get("anyOf", [there]) if one.get("type") != "null"]
    # A number may be written as a text too: what says more is shown.
    choice = _resolved(max(choices, key=len), schema)
    if choice.get("type") == "array":
        inside = _resolved(choice["items"], schema).get("properties")
        return "list of " + ("maps: " + ", ".join(f"`{name}`" for name in inside) if inside else "texts")
    if "enum" in choice:
        return ", ".join(f"`{one}`" for one in choice["enum"])
    kind = FORMATS.get(choice.get("format", ""), KINDS[choice["type"]])
    pattern = f" `{choice['pattern']}`" if "pattern" in choice else ""
    return kind + _bounds(choice) + pattern + (", or `null`" if len(choices) < len(there.get("anyOf", choices)) else "")


def _bounds(choice: dict[str, Any]) -> str:
    if {"minimum", "maximum"} <= set(choice):
        return f", {_plain(choice['minimum'])} to {_plain(choice['maximum'])}"
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most"}
    return "".join(f", {word} {_plain(choice[name])}" for name, word in words.items() if name in choice)


def _plain(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else str(number)


def _secrets() -> str:
    return "".join(f"| `{s}.{key}` | `HARMONY_{s.upper()}__{key.upper()}` | `{s}.{key}_file` |\n" for s, key in SECRETS)


if __name__ == "__main__":
    PAGE.write_text(page())
