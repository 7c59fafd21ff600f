"""The demo: MB that all its processes hold together at most, from its start to its last count.

.venv/bin/python -m bench.demo
"""

import os
import tempfile
import time

import psutil

from bench.place import start_harmony

EVERY_S = 1.0


def main() -> dict[str, float]:
    """Run `demo --exit` in a home of its own, look at it each second, print, and return the figures by name."""
    with tempfile.TemporaryDirectory(prefix="harmony-bench-") as home:
        begun, peak = time.monotonic(), 0.0
        demo = start_harmony(os.environ | {"HARMONY_LOCAL__HOME": home}, "demo", "--exit")
        while demo.poll() is None:
            peak = max(peak, sum(map(_held_mb, _everybody(demo.pid, home))))
            time.sleep(EVERY_S)
        if demo.returncode:
            raise SystemExit(f"bench: harmony demo --exit ended with {demo.returncode}")
    figures = {"peak MB": peak, "seconds": time.monotonic() - begun}
    for name, figure in figures.items():
        print(f"demo    {name:28} {figure:>12,.1f}")
    return figures


def _everybody(pid: int, home: str) -> set[psutil.Process]:
    """Return the demo, whatever descends from it, and the servers, which `up` has left behind."""
    demo = psutil.Process(pid)
    servers = [one for one in psutil.process_iter(["cmdline"]) if home in " ".join(one.info["cmdline"] or [])]
    return {demo, *demo.children(recursive=True), *servers}


def _held_mb(process: psutil.Process) -> float:
    """Return what a process holds; of what several hold together, its share (PSS)."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


if __name__ == "__main__":
    main()
