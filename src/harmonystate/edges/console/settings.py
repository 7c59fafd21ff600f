"""The config in use, on stdout: a table for people, YAML with origins as comments."""

from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import yaml

from harmonystate.config.review import MASK, Setting
from harmonystate.edges.console.tables import make_table, open_console


def show(settings: Sequence[Setting]) -> None:
    """Print a table."""
    table = make_table("Config", "=key", "value", "origin")
    for setting in settings:
        table.add_row(setting.key, _flat(setting.value), setting.origin)
    open_console().print(table)


def write_yaml(settings: Sequence[Setting], out: TextIO) -> None:
    """Write the config as a file that can be loaded again, but for the secrets, which no file may hold."""
    out.writelines(f"{line}\n" for line in _lines(settings))


def _lines(settings: Sequence[Setting]) -> Iterator[str]:
    open_sections: list[str] = []
    for setting in settings:
        # The name of a free option may hold dots of its own, such as spark.conf.spark.executor.memory.
        *sections, name = setting.key.split(".", 2)
        shared = next((i for i, (a, b) in enumerate(zip(sections, open_sections, strict=False)) if a != b), None)
        depth = min(len(sections), len(open_sections)) if shared is None else shared
        for level, section in enumerate(sections[depth:], start=depth):
            yield f"{'  ' * level}{section}:"
        open_sections = sections
        secret = "# " if setting.value == MASK else ""
        yield f"{'  ' * len(sections)}{secret}{name}: {_flat(setting.value)}  # {setting.origin}"


def _flat(value: Any) -> str:
    """Write a value in one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000)
    return text.removesuffix("\n...\n").removesuffix("\n")
