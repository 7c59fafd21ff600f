"""One report's trail on stdout."""

import json

from harmonystate.core.trail import Step, Trail
from harmonystate.core.wire import format_time
from harmonystate.edges.console.tables import make_table, open_console


def write_trail(trail: Trail, *, output: str) -> None:
    """Write what is known of the report without naming anybody; `output` is table or json."""
    if output == "json":
        print(json.dumps(document(trail), indent=2))
        return
    console = open_console()
    console.print(f"report {trail.report_id}   alert {trail.alert_id}")
    if (report := trail.report) is not None:
        who = f"{len(report.persons)} persons, {len(report.words)} words"
        console.print(f"drone {report.drone_id}   heard {format_time(report.time)}   {who}")
    table = make_table("", "step", "where", "=when", ">age", "")
    for step in trail.steps:
        age = trail.age_s(step)
        when = format_time(step.at) if step.at else ""
        table.add_row(step.name, step.where, when, "" if age is None else spell_age(age), step.detail)
    console.print(table)


def document(trail: Trail) -> dict[str, object]:
    """Return the trail as a JSON document."""
    report = trail.report
    heard = None
    if report is not None:
        heard = {"droneId": report.drone_id, "time": format_time(report.time), "persons": len(report.persons)}
    steps = [_step(trail, step) for step in trail.steps]
    return {"reportId": trail.report_id, "alertId": trail.alert_id, "report": heard, "steps": steps}


def spell_age(seconds: float) -> str:
    """Write how long after its event something came: `0.04 s`, `12.3 s`, `5 min`, `3.2 h`, `2.1 d`."""
    for limit, unit, name in ((10, 1.0, "s"), (120, 1.0, "s"), (7200, 60.0, "min"), (172_800, 3600.0, "h")):
        if abs(seconds) < limit:
            return f"{seconds / unit:.{2 if limit == 10 else 1}f} {name}"
    return f"{seconds / 86_400:.1f} d"


def _step(trail: Trail, step: Step) -> dict[str, object]:
    age = trail.age_s(step)
    return {
        "step": step.name,
        "where": step.where or None,
        "at": format_time(step.at) if step.at else None,
        "age_s": None if age is None else round(age, 3),
        "detail": step.detail or None,
    }
