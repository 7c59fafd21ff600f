"""Python and the packages that we stand on."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, fail, ok

OLDEST = (3, 11)
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)[^=<>!~;]*(?:==([0-9][^;, ]*))?")


def interpreter(_: Config) -> Iterator[Finding]:
    """Look at the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    says = f"Python {version} at {sys.executable}"
    yield ok(says) if sys.version_info >= OLDEST else fail(f"{says} is older than {'.'.join(map(str, OLDEST))}")


def packages(_: Config) -> Iterator[Finding]:
    """Look whether every package that we need is there, and each that is pinned has that version."""
    needed = [line for line in metadata.requires("harmonystate") or () if "extra ==" not in line]
    faults = list(filter(None, (wrong_with(line, _installed(_name(line))) for line in needed)))
    yield from map(fail, faults)
    if not faults:
        yield ok(f"harmony {metadata.version('harmonystate')} and the {len(needed)} packages that it needs")


def wrong_with(requirement: str, installed: str | None) -> str | None:
    """Say what is wrong with an installed version (None = not installed), or None when nothing is."""
    match = _REQUIREMENT.match(requirement)
    assert match is not None  # noqa: S101 - what a package says of itself is checked when it is built
    name, pinned = match.groups()
    if installed is None:
        # With a marker it may be for another Python than this one.
        return None if ";" in requirement else f"package {name} is not installed"
    if pinned and installed != pinned:
        return f"package {name} {installed} is installed, and harmony is made for {pinned}"
    return None


def _name(requirement: str) -> str:
    match = _REQUIREMENT.match(requirement)
    return match[1] if match else requirement


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


PYTHON = Category(
    "python",
    (
        Look("python-version", "install Python 3.11 or newer, and harmony into it", interpreter),
        Look("python-packages", "install what requirements.lock names: `make venv`", packages),
    ),
)
