"""The three standard streams, also where whoever started us has closed one."""

import os
import sys


def open_what_is_closed() -> None:
    """Have whatever goes to a closed stream go nowhere, and nothing come from it.

    The first file, or connection, to be opened would take its number, and a child's output then goes into that.
    """
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= 2:  # it takes the lowest number that is free
        os.set_inheritable(nowhere, True)
    os.close(nowhere)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - stays
            setattr(sys, name, stream)
