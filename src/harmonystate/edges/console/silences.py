"""Silences on stdout: a table for people, one document for scripts."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

import msgspec

from harmonystate.core.card import clean, spell_age
from harmonystate.core.silence import Silence
from harmonystate.edges.console.tables import make_table, open_console


def write_silences(silences: Sequence[Silence], out: TextIO, *, now: datetime, output: str) -> None:
    """Write them in this order; `output` is table or json."""
    if output == "json":
        json.dump([{**msgspec.to_builtins(one), "active": now < one.ends_at} for one in silences], out, indent=2)
        out.write("\n")
        return
    if not silences:
        out.write("Nothing is silenced.\n")
        return
    table = make_table("", "=id", "mutes", "=ends", "author", "comment")
    for one in silences:
        ends = f"in {spell_age(one.ends_at - now)}" if now < one.ends_at else f"ended {one.ends_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(one.id, str(one.matchers), ends, clean(one.author), clean(one.comment) if one.comment else "")
    open_console(out).print(table)
