"""Make docs/commands.md: what `harmony COMMAND --help` says, for every command.

Run `.venv/bin/python tools/make_commands.py`; tests/test_docs.py compares the committed file with `page()`.
"""

from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from harmonystate.cli import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
HEADER = """# Commands

Made by `tools/make_commands.py` from the commands' own `--help`. Every option stands after its command.
Data goes to stdout, all else to stderr.
"""


def page() -> str:
    """Return the whole page."""
    return HEADER + "".join(f"\n## harmony {name}\n\n```\n{_help(name)}\n```\n" for name in names())


def names() -> list[str]:
    """Return every command; those of a group with the group's name before theirs."""
    return [
        f"{name} {own}".strip()
        for name, command in get_command(app).commands.items()
        for own in getattr(command, "commands", [""])
    ]


def _help(name: str) -> str:
    # The width of a terminal must not change the page.
    asked = [*name.split(), "--help"]
    said = CliRunner().invoke(app, asked, prog_name="harmony", terminal_width=100, max_content_width=100)
    return "\n".join(line.rstrip() for line in said.output.strip().splitlines())


if __name__ == "__main__":
    PAGE.write_text(page())
