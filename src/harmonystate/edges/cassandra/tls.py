"""TLS with Cassandra: who shows which certificate, asked before the driver starts, which mixes the answers up."""

import socket
import ssl

from harmonystate.config import CassandraSettings
from harmonystate.errors import Misconfigured

_TRIES_TLS_S = 2.0


def context(settings: CassandraSettings) -> ssl.SSLContext | None:
    """Return what trusts `cassandra.client.ssl_cafile` and checks host names; None without it, and so without TLS.

    Raises:
        Misconfigured: when the file is not there or holds no certificate.
    """
    cafile = settings.client.get("ssl_cafile")
    if not cafile:
        return None
    try:
        return ssl.create_default_context(cafile=str(cafile))
    except OSError as fault:
        raise Misconfigured(f"cassandra.client.ssl_cafile: cannot read {cafile}: {fault.strerror}") from None


def shake_hands(connection: socket.socket, host: str, context: ssl.SSLContext) -> None:
    """Make sure that the node has a certificate that we trust, for this host.

    Raises:
        Misconfigured: saying which of the two is wrong, or that the node does not speak TLS.
        OSError: when it hangs up.
    """
    where = f"Cassandra at {host}:{connection.getpeername()[1]}"
    try:
        context.wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLCertVerificationError as fault:
        if "mismatch" in fault.verify_message:
            raise Misconfigured(
                f"{where} has a certificate for another host: check cassandra.contact_points"
            ) from fault
        raise Misconfigured(
            f"{where} has a certificate that we do not trust: check cassandra.client.ssl_cafile"
        ) from fault
    except ssl.SSLError as fault:
        raise Misconfigured(f"{where} does not speak TLS: remove cassandra.client.ssl_cafile") from fault


def speaks_tls(host: str, port: int) -> bool:
    """Say whether a node answers TLS, whatever its certificate; nothing is sent."""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=_TRIES_TLS_S) as connection:
            unchecked.wrap_socket(connection, server_hostname=host).close()
    except OSError:
        return False
    return True
