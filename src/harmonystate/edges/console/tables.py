"""Tables on stdout that a script may read too: where it is no terminal, no id and no time is ever broken."""

import os
import sys
from typing import TextIO

from rich.console import Console
from rich.table import Table

# Wide enough for a row of ours; a terminal has the width that it has.
WIDTH = 240


def open_console(out: TextIO | None = None) -> Console:
    """Return a console for `out`, or stdout; COLUMNS says how wide it is, or else the terminal, or else WIDTH."""
    file = out or sys.stdout
    width = None if file.isatty() or os.environ.get("COLUMNS") else WIDTH
    return Console(file=file, highlight=False, markup=False, width=width)


def make_table(title: str, *columns: str) -> Table:
    """Return a table; a column whose name begins with > is aligned right, one that begins with = is never broken."""
    table = Table(title=title or None, title_justify="left", title_style="bold")
    for column in columns:
        name = column.lstrip(">=")
        right = column.startswith(">")
        table.add_column(name, justify="right" if right else "left", no_wrap=column.startswith("="), overflow="fold")
    return table
