"""Why a broker hangs up: asked in a few bytes of its own protocol, because kafka-python mostly loses the answer.

A broker that refuses a login says so and hangs up at once; where both arrive together, the client sees the latter only.
"""

import socket
import ssl
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kafka.net.sasl import get_sasl_mechanism

from harmonystate.errors import Misconfigured

# A command says within 15 s what is wrong, and the client has taken 5 of them.
_ALL_WITHIN_S = 5.0
_WITHIN_S = 2.0
_ROUNDS = 4
# The others take tickets and tokens from elsewhere.
_TRIED = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_LONGEST_ANSWER = 64 * 1024
_HANDSHAKE, _AUTHENTICATE = 17, 36
_UNSUPPORTED_MECHANISM, _NO_SASL_HERE, _REFUSED = 33, 34, 58


def why_it_hangs_up(options: Mapping[str, Any]) -> Misconfigured | None:
    """Return what is wrong with our security options, by the first broker that answers; None when none can tell.

    Args:
        options: as `client_options` returns them. A password is sent only where the client itself would send it.
    """
    deadline = time.monotonic() + _ALL_WITHIN_S
    for address in options["bootstrap_servers"]:
        if time.monotonic() > deadline:
            break
        host, _, port = address.rpartition(":")
        with suppress(OSError, struct.error, ValueError):
            if (reason := _ask(host.strip("[]"), int(port), options)) is not None:
                return Misconfigured(f"Kafka at {address} {reason}")
    return None


def _ask(host: str, port: int, options: Mapping[str, Any]) -> str | None:
    protocol = options.get("security_protocol", "PLAINTEXT")
    if not protocol.endswith("SSL") and _speaks_tls(host, port):
        return "speaks TLS: set kafka.client.security_protocol to SASL_SSL, or to SSL where it wants no login"
    with socket.create_connection((host, port), timeout=_WITHIN_S) as connection:
        if not protocol.endswith("SSL"):
            return _log_in(connection, host, options)
        context = ssl.create_default_context(cafile=options.get("ssl_cafile"))
        context.check_hostname = options.get("ssl_check_hostname", True)
        with context.wrap_socket(connection, server_hostname=host) as secured:
            return _log_in(secured, host, options)


def _log_in(connection: socket.socket, host: str, options: Mapping[str, Any]) -> str | None:
    mechanism = options.get("sasl_mechanism") or "SCRAM-SHA-512"
    has_login = "sasl_plain_username" in options
    code, offered = _shake_hands(connection, mechanism)
    if code == _NO_SASL_HERE:
        no_login = "wants no login: remove kafka.username, and set kafka.client.security_protocol to SSL or PLAINTEXT"
        return no_login if has_login else None
    if not has_login:
        return "wants a login: set kafka.username and kafka.password_file"
    if code == _UNSUPPORTED_MECHANISM:
        return f"takes no login by {mechanism}: set kafka.client.sasl_mechanism to one of {', '.join(offered)}"
    if mechanism in _TRIED and _is_refused(connection, get_sasl_mechanism(mechanism)(host=host, **options)):
        return "refuses the login: check kafka.username and its password"
    return None


def _is_refused(connection: socket.socket, login: Any) -> bool:
    for _ in range(_ROUNDS):
        if login.is_done():
            break
        code, answer = _authenticate(connection, login.auth_bytes())
        if code == _REFUSED:
            return True
        login.receive(answer)
    return False


def _shake_hands(connection: socket.socket, mechanism: str) -> tuple[int, list[str]]:
    """Return the error code, and the mechanisms that the broker offers."""
    answer = _exchange(connection, _HANDSHAKE, struct.pack(f">h{len(mechanism)}s", len(mechanism), mechanism.encode()))
    code, count = struct.unpack_from(">hi", answer)
    offered, at = [], 6
    for _ in range(count):
        (length,) = struct.unpack_from(">h", answer, at)
        offered.append(answer[at + 2 : at + 2 + length].decode())
        at += 2 + length
    return code, offered


def _authenticate(connection: socket.socket, token: bytes) -> tuple[int, bytes]:
    """Return the error code, and the broker's part of the exchange."""
    answer = _exchange(connection, _AUTHENTICATE, struct.pack(">i", len(token)) + token)
    code, length = struct.unpack_from(">hh", answer)
    message = max(0, length)
    (size,) = struct.unpack_from(">i", answer, 4 + message)
    return code, answer[8 + message : 8 + message + max(0, size)]


def _exchange(connection: socket.socket, api: int, body: bytes) -> bytes:
    """Send one request, version 1, without a client id; return the answer behind its correlation id."""
    request = struct.pack(">hhih", api, 1, 0, -1) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", _receive(connection, 4))
    if size > _LONGEST_ANSWER:
        raise ValueError("this is no answer of Kafka's")
    return _receive(connection, size)[4:]


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionResetError
        received += part
    return received


def _speaks_tls(host: str, port: int) -> bool:
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=_WITHIN_S) as connection:
            unchecked.wrap_socket(connection, server_hostname=host).close()
    except OSError:
        return False
    return True
