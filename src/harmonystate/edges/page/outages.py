"""What does not answer: which, since when, what to do; and in the head of the page how each service is."""

from collections.abc import Sequence
from datetime import datetime

from harmonystate.core.card import spell_age
from harmonystate.core.pipeline import Arrow, State
from harmonystate.core.snapshot import Service, Snapshot, arrows_of
from harmonystate.edges.page.bits import box, text


class Outages:
    """The banner that stands above all else while a service is away."""

    def __init__(self) -> None:
        self._banner = box("div", "outages", role="alert")
        with self._banner:
            self._lines = [text("p"), text("p")]

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """Say what is away."""
        for line, service in zip(self._lines, (snapshot.kafka, snapshot.cassandra), strict=True):
            line.text = say(service, now)
            line.set_visibility(bool(line.text))


class Lamps:
    """How each service is, in a word."""

    def __init__(self) -> None:
        with box("ul", "lamps", aria_label="Services"):
            self._lamps = [text("li") for _ in range(3)]

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """Show it."""
        states = [(service.name, _state(service)) for service in (snapshot.kafka, snapshot.cassandra)]
        states.append(("Pipeline", _worst(arrows_of(snapshot, now))))
        for lamp, (name, state) in zip(self._lamps, states, strict=True):
            lamp.text = f"{name} {state}"
            lamp.classes(replace=f"lamp {state.split()[-1]}")


def say(service: Service, now: datetime) -> str:
    """Say that a service is away, since when, and what to do; nothing when it answers."""
    if service.outage is None:
        return ""
    since = service.outage.since
    ago = spell_age(now - since)
    kept = "; what it said last is still shown" if service.answered else ""
    away = f"{service.name} is away since {since:%H:%M:%S} UTC, {ago}: {service.outage.why}."
    return f"{away} This page tries again by itself{kept}."


def _worst(arrows: Sequence[Arrow]) -> str:
    states = {arrow.state for arrow in arrows}
    if State.STALLS in states:
        return "stalls"
    return "is not all seen" if State.UNKNOWN in states else "flows"


def _state(service: Service) -> str:
    if service.outage:
        return "away"
    return "answers" if service.answered else "is being asked"
