"""The rights that docs/security.md calls enough, row by row of its table."""

import re
from collections.abc import Iterator
from pathlib import Path

from kafka.admin import ACLOperation, ResourceType

from tests.support.secured_kafka import Right

PAGE = Path(__file__).parents[2] / "docs/security.md"
# The columns behind the command's.
_KINDS = (ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID, ResourceType.CLUSTER)
_ALSO = " also"


def rights_by_command() -> dict[str, set[Right]]:
    """Return what each command may do; a row that ends in "also" goes on top of that of the command it begins with."""
    (table,) = re.findall(r"^\| command \| topics \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE)
    granted: dict[str, set[Right]] = {}
    for line in table.splitlines():
        command, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rights = {right for kind, cell in zip(_KINDS, cells, strict=True) for right in _rights(kind, cell)}
        if command.endswith(_ALSO):
            command = command.removesuffix(_ALSO).replace("`", "")
            rights |= granted[max((base for base in granted if command.startswith(f"{base} ")), key=len)]
        granted[command] = rights
    return granted


def user_of(command: str) -> str:
    """Return the name of a user with the rights of this command."""
    return re.sub(r"\W+", "-", command)


def _rights(kind: ResourceType, cell: str) -> Iterator[Right]:
    for part in filter(None, cell.split(";")):
        operation, _, names = part.strip().partition(" ")
        for name in names.split(","):
            yield ACLOperation[operation], kind, name.strip(" `") or "kafka-cluster"
