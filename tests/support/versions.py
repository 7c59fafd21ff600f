"""Reports as drones of other versions write them: what is added does no harm, and another version is not read."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from typing import Any

Document = dict[str, Any]


def _bare(report: Document) -> Document:
    return {name: value for name, value in report.items() if name != "schemaVersion"}


def _added_to(report: Document) -> Document:
    persons = [person | {"mood": {"colour": "blue", "since": None}} for person in report["persons"]]
    return report | {"persons": persons, "altitude": 12.5, "tags": [["a", 1e400], {}]}


def _of_version_2(report: Document) -> Document:
    return _added_to(report) | {"schemaVersion": 2}


# How a report is written, and whether it is one to us: schemaVersion absent is 1, and above 1 is none.
VERSIONS: tuple[tuple[Callable[[Document], Document], bool], ...] = (
    (dict, True),
    (_bare, True),
    (_added_to, True),
    (_of_version_2, False),
)


def in_versions(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield reports, each of another version than the one before it, and whether it is one to us."""
    for line, (write, ours) in zip(lines, cycle(VERSIONS), strict=False):
        # 1e400 is a number to JSON and to nobody else.
        text = json.dumps(write(json.loads(line)), ensure_ascii=False).replace("Infinity", "1e400")
        yield text.encode(), ours
