"""What `harmony doctor` found, on stdout: category by category as it comes, or one document."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from harmonystate.core.checkup import Examined, Level, count

_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def document(examined: Sequence[Examined]) -> dict[str, object]:
    """Return it as one document: healthy, then every line by category."""
    return {
        "healthy": not count(examined, Level.FAIL),
        "failed": count(examined, Level.FAIL),
        "warned": count(examined, Level.WARN),
        "categories": [
            {
                "name": category.name,
                "checks": [{**check._asdict(), "page": check.page} for check in category.checks],
            }
            for category in examined
        ],
    }


def write_json(examined: Sequence[Examined], out: TextIO) -> None:
    """Write one document."""
    json.dump(document(examined), out, indent=2)
    out.write("\n")


def render(category: Examined) -> Iterator[Text]:
    """Yield a category line by line; readable without colour."""
    yield Text(category.name, style="bold")
    for check in category.checks:
        yield Text.assemble("  ", (f"{check.level.value:<6}", _STYLES[check.level]), check.says)
        if check.level is not Level.OK:
            yield Text(f"        {check.hint}", style="cyan")
            yield Text(f"        see {check.page}", style="dim")


def verdict(examined: Iterable[Examined]) -> Text:
    """Return the last line: how it stands."""
    seen = list(examined)
    failed, warned = count(seen, Level.FAIL), count(seen, Level.WARN)
    tail = f", {_number(warned, 'warning')}" if warned else ""
    if failed:
        return Text(f"{_number(failed, 'failure')}{tail}", style=_STYLES[Level.FAIL])
    return Text(f"nothing is broken{tail}", style=_STYLES[Level.OK])


def show(categories: Iterator[Examined], console: Console) -> list[Examined]:
    """Print each category as it comes, then the verdict; returns them all."""
    seen = []
    for category in categories:
        seen.append(category)
        for line in render(category):
            console.print(line, soft_wrap=True)
    console.print(verdict(seen))
    return seen


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"
