"""Our Kafka settings as options of Spark's Kafka source, which takes Java's names."""

from collections.abc import Iterable
from pathlib import Path

from harmonystate.config import KafkaSettings
from harmonystate.errors import Misconfigured

_LOGIN = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}
_TRANSLATED = {
    "sasl_mechanism",
    *("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_password", "ssl_check_hostname"),
}


def source_options(settings: KafkaSettings, topic: str) -> dict[str, str]:
    """Return the options of `readStream.format("kafka")` for one topic, read from its beginning, committed only.

    Raises:
        Misconfigured: for a security option of `kafka.client` that Spark's source cannot have.
    """
    return {
        "kafka.bootstrap.servers": settings.bootstrap_servers,
        "subscribe": topic,
        "startingOffsets": "earliest",
        "failOnDataLoss": "true",
        "kafka.isolation.level": "read_committed",
        # Below the defaults, so that a broker that went away is noticed in one minute and not in three.
        "kafka.request.timeout.ms": "15000",
        "kafka.default.api.timeout.ms": "20000",
        **{f"kafka.{name}": value for name, value in security_options(settings).items()},
    }


def security_options(settings: KafkaSettings) -> dict[str, str]:
    """Translate the security keys of kafka-python; the same defaults as `edges.kafka` where a user is named.

    Certificates go as text and not as paths, which would have to exist on every worker.

    Raises:
        Misconfigured: for one that cannot be; what would hold for our other clients only, would not be known to be off.
    """
    client = {name: value for name, value in settings.client.items() if value is not None}
    _require_translated(client)
    options = {}
    if protocol := client.get("security_protocol", "SASL_SSL" if settings.username else None):
        options["security.protocol"] = str(protocol)
    if settings.username and settings.password:
        mechanism = str(client.get("sasl_mechanism", "SCRAM-SHA-512"))
        options["sasl.mechanism"] = mechanism
        options["sasl.jaas.config"] = _jaas(mechanism, settings.username, settings.password.get_secret_value())
    if cafile := client.get("ssl_cafile"):
        options |= {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": _read("ssl_cafile", cafile)}
    if certfile := client.get("ssl_certfile"):
        options |= _keystore(certfile, client.get("ssl_keyfile", certfile), client.get("ssl_password"))
    if client.get("ssl_check_hostname") is False:
        options["ssl.endpoint.identification.algorithm"] = ""
    return options


def _require_translated(client: Iterable[str]) -> None:
    for name in client:
        if name.startswith(("ssl_", "sasl_")) and name not in _TRANSLATED:
            raise Misconfigured(
                f"kafka.client.{name}: Spark's Kafka source, which ingest reads by, has nothing like it"
            )


def _jaas(mechanism: str, username: str, password: str) -> str:
    if mechanism not in _LOGIN:
        raise Misconfigured(
            f"kafka.client.sasl_mechanism: {mechanism}: Spark's Kafka source is given {', '.join(_LOGIN)} only"
        )
    return f"{_LOGIN[mechanism]} required username={_quote(username)} password={_quote(password)};"


def _keystore(certfile: str, keyfile: str, password: str | None) -> dict[str, str]:
    options = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": _read("ssl_certfile", certfile),
        "ssl.keystore.key": _read("ssl_keyfile", keyfile),
    }
    return options | ({"ssl.key.password": password} if password else {})


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _read(key: str, path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")  # what stands beside the certificates is of any encoding
    except OSError as fault:
        raise Misconfigured(f"kafka.client.{key}: cannot read {path}: {fault.strerror}") from None
