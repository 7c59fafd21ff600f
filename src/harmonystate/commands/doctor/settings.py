"""The config: which file is in use, and all that is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

from harmonystate.config import Config, load
from harmonystate.config.review import faults
from harmonystate.core.checkup import Examined, Finding, fail, has_failed, ok, place
from harmonystate.errors import HarmonyError

CHECK, ADVICE = "config", "mend the key that is named; `harmony config show` says where each value comes from"


def read(path: Path | None) -> tuple[Config | None, Examined]:
    """Return the config in use, if it is one, and what was found of it."""
    found: list[Finding] = []
    config = None
    try:
        config = load(path)
    except HarmonyError as fault:
        found += _faults(path, fault)
    else:
        found.append(ok(f"config file {path}" if path else "no config file: every key at its default"))
        found.append(ok("every key is known and within its bounds"))
    checks = [place(finding, CHECK, ADVICE) for finding in found]
    assert (config is None) == has_failed(checks)  # noqa: S101 - nothing else is looked at without one
    return config, Examined("config", checks)


def _faults(path: Path | None, first: HarmonyError) -> Iterator[Finding]:
    """Yield every fault of the file, or what the environment makes wrong."""
    of_file = faults(path) if path else []
    yield from (fail(f"{path}: {fault}") for fault in of_file)
    if not of_file:
        yield fail(str(first))
