"""The config as options of kafka-python; what cannot be right is refused here, by the key's path."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.codec import has_gzip, has_lz4, has_snappy, has_zstd

from harmonystate.config import KafkaSettings
from harmonystate.core.loopback import is_loopback
from harmonystate.errors import Misconfigured

# What our promises rest on: not for the config to change.
OURS = {
    "bootstrap_servers": "kafka.bootstrap_servers",
    "sasl_plain_username": "kafka.username",
    "sasl_plain_password": "kafka.password_file",
    **dict.fromkeys(
        [
            *("acks", "enable_idempotence", "transactional_id", "retries", "partitioner", "allow_auto_create_topics"),
            *("isolation_level", "enable_auto_commit", "auto_offset_reset", "group_id", "group_instance_id"),
            *("key_serializer", "value_serializer", "key_deserializer", "value_deserializer", "check_crcs"),
            *("partition_assignment_strategy", "default_offset_commit_callback", "consumer_timeout_ms"),
            "transaction_timeout_ms",
        ]
    ),
}
# Options that hold an object, which no YAML file can.
OBJECTS = {"kafka_client", "metric_reporters", "sasl_oauth_token_provider", "selector", "socket_options", "ssl_context"}
# What the client lists among its options, and then never looks at.
UNHEARD = {"ssl_ciphers": "bound them at the brokers (ssl.cipher.suites)"}
# Those of which the client has the library; of another one it only says so once it has found a broker.
_LIBRARIES = {"gzip": has_gzip, "lz4": has_lz4, "snappy": has_snappy, "zstd": has_zstd}
COMPRESSIONS = [name for name, is_there in _LIBRARIES.items() if is_there()]
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
KNOWN: dict[str, Any] = KafkaConsumer.DEFAULT_CONFIG | KafkaProducer.DEFAULT_CONFIG


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every client needs to reach the cluster, and what `kafka.client` adds.

    Raises:
        Misconfigured: naming the key, and the nearest known one where it is unknown.
    """
    for name, value in settings.client.items():
        _check(name, value)
    options = {
        "bootstrap_servers": servers(settings),
        # The default, 30 s, would make every return of a broker that slow.
        "reconnect_backoff_max_ms": 1000,
        **settings.client,
        **_credentials(settings),
    }
    _check_protocol(options)
    return options


def servers(settings: KafkaSettings) -> list[str]:
    """Return `kafka.bootstrap_servers` as a list of host:port."""
    named = [server.strip() for server in settings.bootstrap_servers.split(",") if server.strip()]
    if not named or not all(_is_address(server) for server in named):
        raise Misconfigured(
            f"kafka.bootstrap_servers: expected host:port[,host:port…], not {settings.bootstrap_servers}"
        )
    return named


def all_loopback(addresses: list[str]) -> bool:
    """Say whether these addresses never leave this host."""
    return all(is_loopback(address.rpartition(":")[0].strip("[]")) for address in addresses)


def _check(name: str, value: object) -> None:
    path = f"kafka.client.{name}"
    if name in OURS:
        raise Misconfigured(f"{path}: " + (f"use {OURS[name]}" if OURS[name] else "is harmony's own to set"))
    if name not in KNOWN:
        near = difflib.get_close_matches(name, KNOWN.keys() - OURS.keys() - OBJECTS, n=1)
        raise Misconfigured(f"{path}: unknown key" + (f"; did you mean kafka.client.{near[0]}?" if near else ""))
    if name in OBJECTS:
        raise Misconfigured(f"{path}: takes an object of Python, which a config cannot hold")
    if name in UNHEARD:
        raise Misconfigured(f"{path}: kafka-python does not keep to it: {UNHEARD[name]}")
    _check_value(path, value, KNOWN[name])


def _check_value(path: str, value: object, default: object) -> None:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise Misconfigured(f"{path}: expected true or false")
    elif isinstance(default, int | float) and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise Misconfigured(f"{path}: expected a number")
    if path.endswith(".compression_type") and value not in [*COMPRESSIONS, None]:
        raise Misconfigured(f"{path}: expected {' or '.join(COMPRESSIONS)}, of which the library is installed")
    if path.endswith("file"):
        _check_pem(path, Path(str(value)))


def _check_pem(path: str, file: Path) -> None:
    if not file.is_file():
        raise Misconfigured(f"{path}: no such file: {file}")
    try:
        content = file.read_bytes()
    except OSError as fault:
        raise Misconfigured(f"{path}: cannot read {file}: {fault.strerror}") from None
    if b"-----BEGIN " not in content:
        raise Misconfigured(f"{path}: {file} is not PEM, as `openssl x509 -inform der` makes it")


def _credentials(settings: KafkaSettings) -> dict[str, Any]:
    if settings.username is None:
        return {}
    if settings.password is None:
        raise Misconfigured(
            "kafka.username is set, but no password: use kafka.password_file or HARMONY_KAFKA__PASSWORD"
        )
    return {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        **{name: settings.client[name] for name in ("security_protocol", "sasl_mechanism") if name in settings.client},
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value(),
    }


def _check_protocol(options: Mapping[str, Any]) -> None:
    protocol = options.get("security_protocol", "PLAINTEXT")
    path = "kafka.client.security_protocol"
    if protocol not in PROTOCOLS:
        raise Misconfigured(f"{path}: expected one of {', '.join(PROTOCOLS)}")
    if protocol == "SASL_PLAINTEXT" and not all_loopback(options["bootstrap_servers"]):
        raise Misconfigured(
            f"{path}: SASL_PLAINTEXT is refused off loopback, anyone on the way could read it: use SASL_SSL"
        )
    if "sasl_plain_username" in options and not protocol.startswith("SASL"):
        raise Misconfigured(f"{path}: {protocol} sends no password, but kafka.username is set: use SASL_SSL")


def _is_address(server: str) -> bool:
    host, _, port = server.rpartition(":")
    return bool(host) and port.isdecimal() and 0 < int(port) < 65536
