"""What `harmony verify` found, on stdout: a table for people, one document for scripts."""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple, TextIO

from rich.table import Table

from harmonystate.core.findings import Case, Findings, Remedy
from harmonystate.edges.console.tables import make_table, open_console


class Verdict(NamedTuple):
    """What was looked at, and what came out.

    Attributes:
        window: its name, None = everything.
        seen: records and rows that were read, by store.
        mended: how much was repaired, by remedy.
    """

    window: str | None
    seen: Mapping[str, int]
    findings: Findings
    mended: Counter[Remedy]


def write_verdict(verdict: Verdict, *, output: str) -> None:
    """Write it to stdout; `output` is table or json."""
    (write_json if output == "json" else write_table)(verdict, sys.stdout)


def write_json(verdict: Verdict, out: TextIO) -> None:
    """Write one document: window, seen, waiting, silenced, wrong (kind, then store), cases, repaired."""
    wrong: dict[str, dict[str, int]] = {}
    for (kind, store), count in verdict.findings.wrong.items():
        wrong.setdefault(kind, {})[store] = count
    document = {
        "window": verdict.window,
        "seen": verdict.seen,
        "waiting": verdict.findings.waiting,
        "silenced": verdict.findings.silenced,
        "wrong": wrong,
        "cases": [_document(case) for case in verdict.findings.cases()],
        "repaired": [{**remedy._asdict(), "count": count} for remedy, count in verdict.mended.items()],
    }
    json.dump(document, out, indent=2)
    out.write("\n")


def write_table(verdict: Verdict, out: TextIO) -> None:
    """Write counts of all, the cases that are named, and one line that says how it stands."""
    console = open_console(out)
    console.print(_counts(verdict))
    findings, cases = verdict.findings, verdict.findings.cases()
    if cases:
        console.print(_cases(cases))
        if findings.total > len(cases):
            console.print(f"{findings.total - len(cases):,} more: --limit names more of them")
    for remedy, count in verdict.mended.items():
        console.print(f"repaired: {count:,} ({remedy.action} to {remedy.to})")
    if findings.silenced:
        console.print(f"silenced: {findings.silenced:,} alerts, which have a delivery and were told to nobody")
    if not findings.total:
        console.print("Nothing is missing, doubled, late or disagreeing.")


def _counts(verdict: Verdict) -> Table:
    table = make_table(
        "Looked at" + (f" ({verdict.window})" if verdict.window else ""), "store", ">read", ">not yet", "wrong"
    )
    findings = verdict.findings
    stores = dict.fromkeys([*verdict.seen, *findings.waiting, *(store for _, store in findings.wrong)])
    for store in stores:
        told = ", ".join(f"{count:,} {kind}" for (kind, at), count in findings.wrong.items() if at == store)
        read = f"{verdict.seen[store]:,}" if store in verdict.seen else ""
        table.add_row(store, read, f"{findings.waiting[store]:,}" if findings.waiting[store] else "", told)
    return table


def _cases(cases: list[Case]) -> Table:
    table = make_table("Wrong", "what", "where", "=id", "=record", "detail")
    for case in cases:
        table.add_row(case.kind, case.store, case.id, "\n".join(map(str, case.places)), case.detail)
    return table


def _document(case: Case) -> dict[str, object]:
    return {
        "kind": case.kind,
        "store": case.store,
        "id": case.id or None,
        "places": [place._asdict() for place in case.places],
        "detail": case.detail,
    }
