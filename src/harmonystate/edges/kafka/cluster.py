"""Who belongs to the cluster, and whether the addresses that the brokers give of themselves lead anywhere from here."""

import socket
from collections.abc import Iterable
from typing import NamedTuple

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka import seam
from harmonystate.edges.kafka.connect import open_admin_or_explain

REACH_WITHIN_S = 3.0


class Broker(NamedTuple):
    """A broker, at the address that it advertises: every client goes there, wherever it asked first."""

    id: int
    host: str
    port: int

    def __str__(self) -> str:
        return f"broker {self.id} at {self.host}:{self.port}"


def advertised(settings: KafkaSettings) -> list[Broker]:
    """Return the brokers as the bootstrap server knows them; asks nobody else.

    Raises:
        Unavailable, Misconfigured: as `connect.open_admin_or_explain` says.
    """
    with open_admin_or_explain(settings) as admin:
        # What a broker would be asked at its advertised address is of no use, for that may be what is wrong.
        return sorted(Broker(broker.node_id, broker.host, broker.port) for broker in seam.known_brokers(admin))


def unreachable(brokers: Iterable[Broker], within_s: float = REACH_WITHIN_S) -> list[tuple[Broker, str]]:
    """Return those that take no connection, each with why."""
    return [(broker, why) for broker in brokers if (why := _refusal(broker, within_s))]


def _refusal(broker: Broker, within_s: float) -> str | None:
    try:
        socket.create_connection((broker.host, broker.port), timeout=within_s).close()
    except OSError as fault:
        return fault.strerror or str(fault)
    return None
