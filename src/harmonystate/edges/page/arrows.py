"""What is said of an arrow of the pipeline, in three short lines: rate, lag, age."""

from datetime import timedelta
from typing import NamedTuple

from harmonystate.core.card import spell_age
from harmonystate.core.pipeline import Arrow, State


class Lines(NamedTuple):
    """Rate, lag and age; an empty one is not shown."""

    rate: str
    lag: str
    age: str


def spell(arrow: Arrow) -> Lines:
    """Say an arrow."""
    if arrow.state is State.UNKNOWN:
        return Lines("unknown", "", "")
    return Lines(_rate(arrow), _lag(arrow), _age(arrow))


def _rate(arrow: Arrow) -> str:
    if arrow.state is State.STALLS:
        return "stalls"
    if arrow.rate is None:
        return ""
    return f"≈ {arrow.rate:,.0f}/s" if arrow.rate >= 10 else f"≈ {arrow.rate:.1f}/s" if arrow.rate else "0/s"


def _lag(arrow: Arrow) -> str:
    if arrow.total is not None:
        return f"≈ {arrow.total:,} in all" if arrow.total else "none"
    if arrow.lag is None:
        return ""
    if arrow.unit == "hours":
        return f"{arrow.lag} h to analyse" if arrow.lag else "all analysed"
    return f"≈ {arrow.lag:,} wait" if arrow.lag else "none waits"


def _age(arrow: Arrow) -> str:
    if arrow.age_s is None:
        return "" if arrow.total is not None else "nothing yet"
    # Its first unit is as much as there is room for.
    age = " ".join(spell_age(timedelta(seconds=arrow.age_s)).split()[:2])
    if arrow.lag is not None and arrow.unit == "records":
        return f"oldest {age}" if arrow.lag else ""
    return f"{age} ago"
