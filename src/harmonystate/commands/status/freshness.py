"""How old each part of the chain is: a check for cron, where nobody watches."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from harmonystate.config import Config
from harmonystate.core.card import spell_age
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.freshness import newest_records, oldest_waiting

# By what each is too old; a stage is as old as what waits for it longest.
_WORDS = {
    "reports": "no report came for",
    "stream-alerts": "a report waits for stream-alerts for",
    "alert-bot": "an alert waits for alert-bot for",
    "ingest": "a report waits for ingest for",
    "analyze": "analyze last saved its answers so long ago:",
}


def ages(config: Config, found: Mapping[str, Any], *, now: datetime) -> dict[str, float | None]:
    """Return how old each part is, in seconds.

    Args:
        config: where Kafka is.
        found: what one look found, with Kafka and Cassandra up.
        now: the clock.

    Returns:
        None for reports that never came. Without analyze where nothing was ever analysed: then nobody relies on it.

    Raises:
        Unavailable: when Kafka does not answer.
    """
    reports = config.kafka.topics.global1
    groups = {name: group["topic"] for name, group in found["kafka"]["groups"].items()}
    with answering(config.kafka):
        newest = newest_records(config.kafka, [reports]).get(reports)
        waiting = oldest_waiting(config.kafka, groups)
    old: dict[str, float | None] = {"reports": None if newest is None else _age_s(newest, now)}
    old |= {group: _age_s(waiting[group], now) if group in waiting else 0.0 for group in groups}
    if analyzed := found["cassandra"]["last_analysis"]:
        old["analyze"] = _age_s(datetime.fromisoformat(analyzed), now)
    return old


def say_too_old(old: Mapping[str, float | None], limit: timedelta) -> str:
    """Name what is older than `limit`, in one line; empty when nothing is."""
    said = []
    for name, age_s in old.items():
        if age_s is None:
            said.append("no report ever came")
        elif age_s > limit.total_seconds():
            said.append(f"{_WORDS[name]} {spell_age(timedelta(seconds=age_s))}")
    return "; ".join(said)


def _age_s(moment: datetime, now: datetime) -> float:
    return round(max((now - moment).total_seconds(), 0.0), 1)
