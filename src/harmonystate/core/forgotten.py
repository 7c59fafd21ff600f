"""People whom the store is to forget: kept as ids, because a list of their names would remember them."""

from collections.abc import Set

import msgspec

from harmonystate.core import ids
from harmonystate.core.report import Report


def id_of_name(firstname: str, lastname: str) -> str:
    """Return what a forgotten person is known by; whoever knows the name can make it, nobody can read it back."""
    return ids.id_of_text(f"forgotten/{len(firstname)}/{firstname}/{lastname}")


def without(report: Report, forgotten: Set[str]) -> Report:
    """Return the report as the store may keep it: without the persons who are forgotten."""
    if not forgotten:
        return report
    persons = tuple(
        person for person in report.persons if id_of_name(person.firstname, person.lastname) not in forgotten
    )
    return report if len(persons) == len(report.persons) else msgspec.structs.replace(report, persons=persons)
