"""TLS between Spark's connector and Cassandra, from the same `cassandra.client.ssl_cafile` that our driver reads.

The connector switches the check of host names off, in code, so that no option of its own brings it back. The Java
driver below it puts Java's system properties above all that: there it is switched on again.
"""

import hashlib
import ssl
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harmonystate.config import CassandraSettings
from harmonystate.errors import Misconfigured

_ENABLED = "spark.cassandra.connection.ssl.enabled"
_CHECK_HOSTS = "-Ddatastax-java-driver.advanced.ssl-engine-factory.hostname-validation=true"
# By default it offers two that no server with an elliptic key can take, and that let whoever records today and gets the
# server's key tomorrow read it all.
_CIPHERS = (
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    *(
        f"TLS_ECDHE_{key}_WITH_AES_{cipher}"
        for key in ("ECDSA", "RSA")
        for cipher in ("256_GCM_SHA384", "128_GCM_SHA256")
    ),
)
# Java's own keystore format: magic number, version; and what an entry that is a certificate begins with.
_MAGIC, _VERSION, _CERTIFICATE = 0xFEEDFEED, 2, 2
# Java signs a store with its password and this. The password is empty: what is in the store is no secret.
_SALT = b"Mighty Aphrodite"


def tls_conf(settings: CassandraSettings, home: Path) -> dict[str, str]:
    """Return the connector's options for TLS; none without `ssl_cafile`.

    The connector reads no PEM, so its trust store is written under `home`. On a cluster the workers must find it there.

    Raises:
        Misconfigured: when the file is not there or holds no certificate.
    """
    cafile = settings.client.get("ssl_cafile")
    if not cafile:
        return {}
    store = home / "spark" / "cassandra-trust.jks"
    store.parent.mkdir(parents=True, exist_ok=True)
    content = trust_store(_certificates(Path(str(cafile))))
    # ingest and analyze may start at once, and Spark reads it while another begins.
    with tempfile.TemporaryDirectory(dir=store.parent) as folder:
        new = Path(folder) / store.name
        new.write_bytes(content)
        new.replace(store)
    return {
        _ENABLED: "true",
        "spark.cassandra.connection.ssl.trustStore.path": str(store),
        "spark.cassandra.connection.ssl.enabledAlgorithms": ",".join(_CIPHERS),
    }


def checking_hosts(conf: Mapping[str, str]) -> dict[str, str]:
    """Return `conf` with the check of host names on, wherever the connector speaks TLS."""
    if conf.get(_ENABLED, "false").lower() != "true":
        return dict(conf)
    names = ("spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions")
    return {**conf, **{name: f"{conf.get(name, '')} {_CHECK_HOSTS}".strip() for name in names}}


def trust_store(certificates: list[bytes]) -> bytes:
    """Return a Java keystore that trusts these certificates (DER)."""
    content = struct.pack(">III", _MAGIC, _VERSION, len(certificates))
    for number, certificate in enumerate(certificates):
        made_at = 0
        content += struct.pack(">I", _CERTIFICATE) + _text(f"ca{number}") + struct.pack(">q", made_at)
        content += _text("X.509") + struct.pack(">I", len(certificate)) + certificate
    return content + hashlib.sha1(_SALT + content, usedforsecurity=False).digest()


def _certificates(cafile: Path) -> list[bytes]:
    try:
        found = ssl.create_default_context(cafile=cafile).get_ca_certs(binary_form=True)
    except OSError as fault:
        raise Misconfigured(f"cassandra.client.ssl_cafile: cannot read {cafile}: {fault.strerror}") from None
    return list(found)


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()
