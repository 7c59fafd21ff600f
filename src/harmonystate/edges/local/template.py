"""Writes the servers' configuration from the templates in data/."""

import importlib.resources
import os
from collections.abc import Sequence
from pathlib import Path
from string import Template


def render(template: str, target: Path, **values: object) -> None:
    """Fill in data/`template` and write it to `target`; every placeholder needs its value."""
    text = (importlib.resources.files("harmonystate") / "data" / template).read_text()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(Template(text).substitute(values))


def class_path(jars: Sequence[Path]) -> str:
    """Return a class path for a file of java's arguments."""
    return quoted(os.pathsep.join(map(str, jars)))


def quoted(text: str) -> str:
    """Quote one argument for a file of java's arguments."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
