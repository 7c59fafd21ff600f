"""The command line: milliseconds until `harmony --help` and `--version` have ended, and `python -c pass` beside them.

.venv/bin/python -m bench.command_line [repeats]
"""

import statistics
import subprocess
import sys
import time

from bench.place import HARMONY


def main(repeats: int = 15) -> dict[str, float]:
    """Measure in turns, print, and return the medians by name."""
    commands = {
        "--help ms": [HARMONY, "--help"],
        "--version ms": [HARMONY, "--version"],
        "python -c pass ms": [sys.executable, "-c", "pass"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            taken[name].append(_ms(command))
    figures = {name: statistics.median(some) for name, some in taken.items()}
    for name, figure in figures.items():
        print(f"harmony {name:28} {figure:>12,.1f}")
    return figures


def _ms(command: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.monotonic() - started) * 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
