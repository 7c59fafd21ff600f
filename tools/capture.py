"""Keep what a command shows on a terminal as an SVG: `.venv/bin/python tools/capture.py OUT.svg COMMAND…`.

COLUMNS says how wide the terminal is. Keep waiting text out of it: only what stands there at the end is kept.
"""

import os
import pty
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text


def output_of(command: list[str]) -> str:
    """Return what the command writes to a terminal, whatever its exit code."""
    ours, its = pty.openpty()
    with subprocess.Popen(command, stdout=its, stderr=its, stdin=its, env=os.environ | {"TERM": "xterm-256color"}):
        os.close(its)
        text = b""
        try:
            while part := os.read(ours, 65536):
                text += part
        except OSError:  # the last one who held the other end has gone
            return text.decode().replace("\r\n", "\n")
    return text.decode().replace("\r\n", "\n")


def to_svg(text: str, title: str, *, width: int) -> str:
    """Draw it; no font is fetched by whoever looks at it."""
    console = Console(record=True, width=width, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text))
    drawn = console.export_svg(title=title)
    return re.sub(r"\s*@font-face \{.*?\}\n", "\n", drawn, flags=re.DOTALL)


if __name__ == "__main__":
    out, *command = sys.argv[1:]
    width = int(os.environ.setdefault("COLUMNS", "110"))
    shown = " ".join([Path(command[0]).name, *command[1:]])
    Path(out).write_text(to_svg(output_of(command), shown, width=width))
