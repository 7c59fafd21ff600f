"""Logs as a terminal shows them."""

import os
import pty
import subprocess
import sys

import pytest

SAYS = """
import structlog
from harmonystate.edges.console import log

log.configure()
structlog.get_logger("harmony.test").warning("a word", lag=7)
"""


@pytest.mark.parametrize(("no_color", "colours"), [(None, True), ("", True), ("1", False), ("0", False)])
def test_a_terminal_has_colours_unless_no_color_says_anything(no_color, colours):
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", SAYS],
        stderr=theirs,
        check=True,
        env=env if no_color is None else env | {"NO_COLOR": no_color},
    )
    said = os.read(ours, 65_536).decode()
    os.close(ours)
    os.close(theirs)

    assert "a word" in said
    assert ("\x1b[" in said) == colours
