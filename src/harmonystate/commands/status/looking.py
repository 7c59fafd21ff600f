"""One look at what is where."""

from typing import Any

from harmonystate.config import Config
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.counts import stored
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.overview import Observer
from harmonystate.edges.kafka.plans import readers_of
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.errors import HarmonyError, Unavailable


def look(config: Config) -> tuple[dict[str, Any], list[HarmonyError]]:
    """Return what was found of Kafka and of Cassandra, and what is wrong, which stands in its part too."""
    faults: list[HarmonyError] = []
    found = {
        "kafka": _or_fault(_kafka, config, faults),
        "cassandra": _or_fault(_cassandra, config, faults),
    }
    return found, faults


def _or_fault(look: Any, config: Config, faults: list[HarmonyError]) -> dict[str, Any]:
    """Say what is wrong with one service in its own part, so that the other part is shown all the same."""
    try:
        return {"state": "up", **look(config)}
    except TransactionFailed as fault:
        faults.append(Unavailable(f"Kafka at {config.kafka.bootstrap_servers} does not answer: {fault}"))
    except HarmonyError as fault:
        faults.append(fault)
    return {"state": str(faults[-1])}


def _kafka(config: Config) -> dict[str, Any]:
    names = list(dict.fromkeys(config.kafka.topics.model_dump().values()))
    require(config.kafka, names)
    groups = readers_of(config.kafka.topics)
    with Observer(config.kafka, names, groups) as observer:
        overview = observer.look()
    return {
        "at": config.kafka.bootstrap_servers,
        "topics": {
            name: {"partitions": size.partitions, "records": size.records} for name, size in overview.topics.items()
        },
        "groups": {group: {"topic": groups[group], "lag": lag} for group, lag in overview.lags.items()},
    }


def _cassandra(config: Config) -> dict[str, Any]:
    with open_session(config.cassandra) as session:
        there = stored(session, config.cassandra)
    return {
        "at": ", ".join(f"{host}:{config.cassandra.port}" for host in config.cassandra.contact_points),
        "keyspace": config.cassandra.keyspace,
        "hours": len(there.hours),
        "first_hour": _iso(there.hours[0]) if there.hours else None,
        "last_hour": _iso(there.hours[-1]) if there.hours else None,
        "analyzed_hours": there.analyzed,
        "last_analysis": _iso(there.last_analysis) if there.last_analysis else None,
    }


def _iso(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
