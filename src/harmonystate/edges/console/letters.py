"""Dead letters on stdout: for people as tables, for scripts as one document."""

import base64
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.table import Table

from harmonystate.core.letters import Letter, group, spell_bytes
from harmonystate.core.replay import Fate
from harmonystate.core.wire import format_time
from harmonystate.edges.console.tables import make_table, open_console

NAMED = 20


def write_list(letters: Sequence[Letter], newest: Sequence[Letter], *, output: str) -> None:
    """Write how many there are of each stage and fault, and a line for each of the newest."""
    groups = group(list(letters))
    if output == "json":
        told = [{**msgspec.to_builtins(g), "first": _iso(g.first), "last": _iso(g.last)} for g in groups]
        _write_json({"letters": len(letters), "groups": told, "newest": [_document(letter) for letter in newest]})
        return
    table = make_table(f"{len(letters):,} dead letters", ">count", "stage", "fault", "=first", "=last")
    for g in groups:
        table.add_row(f"{g.count:,}", g.stage, spell_bytes(g.fault.encode()), _iso(g.first), _iso(g.last))
    lines = make_table("The newest", "=at", "buried by", "=record", "=written", ">bytes", "fault")
    for letter in newest:
        lines.add_row(*_line(letter))
    _print(table, *([lines] if newest else []))


def write_letter(
    letter: Letter, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]], *, output: str
) -> None:
    """Write all of one: headers, key and the bytes that it keeps, safe for a terminal and with nothing left out."""
    told = [(name, spell_bytes(some or b"")) for name, some in headers]
    if output == "json":
        kept = {"key": _text(key), "value": _text(value), "value_base64": _base64(value)}
        _write_json({**_document(letter), "headers": dict(told), **kept})
        return
    table = make_table(f"Dead letter {letter.place.partition}:{letter.place.offset}", "header", "value")
    for name, text in told:
        table.add_row(name, text)
    table.add_row("written", _iso(letter.written))
    table.add_row("key", "none" if key is None else spell_bytes(key))
    _print(table)
    print("no value" if value is None else spell_bytes(value))


def write_replay(fates: Mapping[Letter, Fate], sent: int | None, *, output: str) -> None:
    """Write what became of the letters; `sent` is None when nothing was to be sent."""
    counts = Counter(fates.values())
    if output == "json":
        letters = [{**_document(letter), "fate": fate.name.lower()} for letter, fate in fates.items()]
        told = {fate.name.lower(): count for fate, count in counts.items()}
        _write_json({"executed": sent is not None, "fates": told, "letters": letters})
        return
    lines = make_table("", "=at", "=record of", "what becomes of it")
    for letter, fate in list(fates.items())[:NAMED]:
        lines.add_row(_at(letter), str(letter.burial.place) if letter.burial else "", fate)
    _print(*([lines] if fates else []))
    for fate, count in sorted(counts.items()):
        print(f"{count:,} {fate}")
    if sent is None:
        print("Nothing was sent: add --execute to send back those that can go.")
    else:
        print(f"Sent back: {sent:,}.")


def _line(letter: Letter) -> tuple[str, ...]:
    buried = letter.burial
    stage, place, fault = (buried.stage, str(buried.place), buried.fault) if buried else ("", "", "it does not say")
    return _at(letter), stage, place, _iso(letter.written), f"{letter.size:,}", spell_bytes(fault.encode())


def _document(letter: Letter) -> dict[str, Any]:
    buried = letter.burial
    return {
        "at": _at(letter),
        "stage": buried.stage if buried else None,
        "record": buried.place._asdict() if buried else None,
        "fault": buried.fault if buried else None,
        "written": _iso(letter.written),
        "bytes": letter.size,
        "whole_bytes": buried.size if buried and buried.size is not None else letter.size,
        "returned": letter.returned,
    }


def _at(letter: Letter) -> str:
    return f"{letter.place.partition}:{letter.place.offset}"


def _text(value: bytes | None) -> str | None:
    return None if value is None else spell_bytes(value)


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _iso(moment: datetime) -> str:
    return format_time(moment)


def _write_json(document: object) -> None:
    json.dump(document, sys.stdout, indent=2)
    print()


def _print(*tables: Table) -> None:
    console = open_console()
    for table in tables:
        console.print(table)
