"""Looks again and again, until ^C."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from harmonystate.commands.status.looking import look
from harmonystate.config import Config
from harmonystate.edges.console.status import showing

EVERY_S = 2.0


def watch(config: Config, *, output: str) -> int:
    """Show it every two seconds with the rates between: the whole screen on a terminal, else one look below the other.

    A service that is away is shown as such; ^C is how it ends, so the exit code is 0.
    """
    before: tuple[float, Mapping[str, Any]] | None = None
    try:
        with showing() as show:
            while True:
                found, _ = look(config)
                now = time.monotonic()
                if before is not None:
                    add_rates(found, before[1], seconds=now - before[0])
                before = now, found
                if output == "json":
                    print(json.dumps(found, default=str), flush=True)
                else:
                    show(found)
                time.sleep(EVERY_S)
    except KeyboardInterrupt:
        sys.stdout.flush()
        return 0


def add_rates(found: Mapping[str, Any], before: Mapping[str, Any], *, seconds: float) -> None:
    """Add to each topic how many records came per second since the look before; not where one of them found none."""
    earlier = before["kafka"].get("topics", {})
    for name, topic in found["kafka"].get("topics", {}).items():
        if name in earlier:
            topic["per_s"] = round(max(topic["records"] - earlier[name]["records"], 0) / max(seconds, 1e-9), 1)
