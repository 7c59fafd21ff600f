"""Which of the configured services are ours to start: one of each, on loopback."""

from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address

from harmonystate.errors import Misconfigured


def one_broker(bootstrap_servers: str) -> tuple[str, int]:
    """Return the host and port of the one broker that `kafka.bootstrap_servers` names.

    Raises:
        Misconfigured: when it is not one loopback address.
    """
    host, _, port = bootstrap_servers.strip().rpartition(":")
    if not _is_loopback(host) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Misconfigured(
            f"kafka.bootstrap_servers: {bootstrap_servers}: `harmony up` starts one broker, at a loopback address "
            "such as 127.0.0.1:9092"
        )
    return host, int(port)


def one_node(contact_points: Sequence[str]) -> str:
    """Return the host of the one node that `cassandra.contact_points` names.

    Raises:
        Misconfigured: when it is not one loopback address.
    """
    if len(contact_points) != 1 or not _is_loopback(contact_points[0]):
        raise Misconfigured(
            f"cassandra.contact_points: {', '.join(contact_points)}: `harmony up` starts one node, at a loopback "
            "address such as 127.0.0.1"
        )
    return contact_points[0]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or IPv4Address(host).is_loopback
    except AddressValueError:
        return False
