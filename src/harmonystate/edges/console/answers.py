"""The four answers on stdout: for people as a table and charts, for scripts as JSON or CSV."""

import csv
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TextIO

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harmonystate.core.answers import SADDEST, Answers, Series
from harmonystate.core.ranking import Ranked
from harmonystate.core.wire import format_time
from harmonystate.edges.console.chart import draw

_WIDEST = 120  # columns of a chart
_LONGEST_NAME = 36  # columns of a name, so that the counts have room in 80


def write_answers(answers: Answers, *, output: str) -> None:
    """Write to stdout; `output` is one of table, json and csv."""
    _FORMS[output](answers, sys.stdout)


def write_json(answers: Answers, out: TextIO) -> None:
    """Write one document with the contract's keys: numbers in full precision, times in ISO 8601."""
    document: dict[str, object] = {
        "window": str(answers.window),
        "threshold": answers.threshold,
        "saddest": answers.saddest,
    }
    for series in answers.series():
        document[series.question.name] = [{"time": format_time(p.time), "value": p.value} for p in series.points]
    out.write(msgspec.json.encode(document).decode() + "\n")


def write_csv(answers: Answers, out: TextIO) -> None:
    """Write a line for each value: answer,time,rank,name,value; that of the saddest is their sad sightings."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("answer", "time", "rank", "name", "value"))
    for r in answers.saddest:
        lines.writerow((SADDEST.name, "", r.rank, f"{r.firstname} {r.lastname}", r.sad))
    for series in answers.series():
        for point in series.points:
            lines.writerow((series.question.name, format_time(point.time), "", "", point.value))


def write_table(answers: Answers, out: TextIO) -> None:
    """Write a ranked table and three charts, readable without colour; 80 columns wide where `out` is no terminal."""
    console = Console(file=out, highlight=False)
    console.print(_heading(answers))
    if not answers.persons.points:
        console.print("\nNo report of this window is stored.")
        return
    console.print(_ranking(answers.saddest) if answers.saddest else "\nNobody was sad.")
    for series in answers.series():
        console.print(_title(series))
        for line in draw(series.points, width=min(console.width, _WIDEST)) if series.points else ():
            console.print(line, no_wrap=True, crop=False)


_FORMS: dict[str, Callable[[Answers, TextIO], None]] = {"table": write_table, "json": write_json, "csv": write_csv}


def _heading(answers: Answers) -> Text:
    window = f"{_day(answers.window.since)} to {_day(answers.window.until)} UTC"
    return Text.assemble((window, "bold"), f"   sad: a score below {answers.threshold}")


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _ranking(saddest: Sequence[Ranked]) -> Table:
    table = Table(title=SADDEST.title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    table.add_column("rank", justify="right")
    table.add_column("name", overflow="ellipsis", no_wrap=True, max_width=_LONGEST_NAME)
    for heading in ("sad", "sightings", "share", "at least"):
        table.add_column(heading, justify="right")
    for r in saddest:
        name = Text(_printable(f"{r.firstname} {r.lastname}"))
        table.add_row(str(r.rank), name, f"{r.sad:,}", f"{r.sightings:,}", f"{r.share:.1%}", f"{r.share_low:.1%}")
    return table


def _title(series: Series) -> Text:
    mean = "no value" if series.mean is None else f"mean {series.mean:,.2f}"
    return Text.assemble("\n", (series.question.title, "bold"), f"   {mean} {series.question.unit}\n")


def _printable(name: str) -> str:
    """Keep a name from steering the terminal: control and direction characters are shown as a mark."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)
