"""Asks a server, in a few bytes of its own protocol, whether it is ready: an open port is not yet an answer."""

import socket
import struct

TIMEOUT_S = 2.0

# Metadata v1 for no topic at all: size; api key 3, version 1, correlation id 1, client id "up"; an empty array.
_KAFKA_METADATA = struct.pack(">ihhih2si", 16, 3, 1, 1, 2, b"up", 0)
# OPTIONS (opcode 5) in a frame of the native protocol v4; the answer is SUPPORTED (opcode 6), once the node has joined.
_CQL_OPTIONS = struct.pack(">BBhBi", 0x04, 0, 0, 0x05, 0)


def kafka_answers(host: str, port: int) -> bool:
    """Say whether the broker there knows of itself as alive (before that, topics cannot be made)."""
    answer = _ask(host, port, _KAFKA_METADATA, 12)
    if answer is None:
        return False
    correlation, brokers = struct.unpack_from(">ii", answer, 4)
    return (correlation, brokers > 0) == (1, True)


def cassandra_answers(host: str, port: int) -> bool:
    """Say whether the node there speaks CQL."""
    answer = _ask(host, port, _CQL_OPTIONS, 9)
    return answer is not None and answer[0] & 0x80 != 0 and answer[4] == 0x06


def _ask(host: str, port: int, question: bytes, length: int) -> bytes | None:
    """Return the first `length` bytes of the answer, or None when it does not come."""
    answer = b""
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_S) as connection:
            connection.sendall(question)
            while len(answer) < length:
                part = connection.recv(length - len(answer))
                if not part:
                    return None
                answer += part
    except OSError:
        return None
    return answer
