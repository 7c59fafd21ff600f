"""`cassandra.client` as options of the driver; what cannot be right is refused here, by the key's path."""

import inspect
from collections.abc import Mapping
from typing import Any

from cassandra import ProtocolVersion
from cassandra.cluster import Cluster
from cassandra.connection import locally_supported_compressions

from harmonystate.errors import Misconfigured

# Options that have a key of our own, or go round what we check, such as the host's name.
_INSTEAD = {
    "ssl_context": "cassandra.client.ssl_cafile",
    "ssl_options": "cassandra.client.ssl_cafile",
    "auth_provider": "cassandra.username and cassandra.password_file",
    "contact_points": "cassandra.contact_points",
    "cloud": "cassandra.contact_points",
    "port": "cassandra.port",
}
# What our promises rest on, LOCAL_QUORUM before all: not for the config to change.
_OURS = {"execution_profiles", "load_balancing_policy", "default_retry_policy", "reconnection_policy"}
# Options that hold an object, which no YAML file can.
_OBJECTS = {
    *("address_translator", "client_id", "column_encryption_policy", "connection_class", "conviction_policy_factory"),
    *("endpoint_factory", "sockopts", "timestamp_generator"),
}


def free_options(client: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `cassandra.client` adds to the driver's options; `ssl_cafile` is ours, see `tls.context`.

    Raises:
        Misconfigured: naming the key.
    """
    options = {name: value for name, value in client.items() if name != "ssl_cafile"}
    known = inspect.signature(Cluster.__init__).parameters
    for name, value in options.items():
        path = f"cassandra.client.{name}"
        if name not in known or name == "self":
            raise Misconfigured(f"{path}: cassandra-driver's Cluster has no such option")
        if name in _INSTEAD:
            raise Misconfigured(f"{path}: use {_INSTEAD[name]}")
        if name in _OURS:
            raise Misconfigured(f"{path}: is harmony's own to set")
        if name in _OBJECTS:
            raise Misconfigured(f"{path}: takes an object of Python, which a config cannot hold")
        if wanted := _lacks(name, value, known[name].default):
            raise Misconfigured(f"{path}: expected {wanted}")
    return options


def _lacks(name: str, value: object, default: object) -> str | None:
    """Say what the value should be, and is not."""
    if name == "protocol_version":
        known = ProtocolVersion.SUPPORTED_VERSIONS
        return None if value in known else f"one of {', '.join(map(str, known))}"
    if name == "compression" and isinstance(value, str):
        known = locally_supported_compressions
        return None if value in known else f"true, false or {' or '.join(known)}"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int | float):
        return None if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
    return None if isinstance(value, str) else "a text"
