"""What a broker that hangs up is asked, and what becomes of its answers; with a real broker: tests/security."""

import socket
import struct
import threading
from contextlib import contextmanager

import pytest

from harmonystate.edges.kafka import connect, hangup
from harmonystate.edges.kafka.hangup import why_it_hangs_up

LOGIN = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "PLAIN",
    "sasl_plain_username": "harmony",
    "sasl_plain_password": "canary",
}


def test_asking_ends_within_the_15_s_that_a_command_has():
    assert connect.REQUIRE_BOOTSTRAP_MS / 1000 + hangup._ALL_WITHIN_S + hangup._WITHIN_S < 15


def handshake(code, *mechanisms):
    names = b"".join(struct.pack(f">h{len(name)}s", len(name), name.encode()) for name in mechanisms)
    return framed(struct.pack(">hi", code, len(mechanisms)) + names)


def authenticated(code):
    return framed(struct.pack(">hhiq", code, -1, 0, 0))


def framed(body):
    return struct.pack(">ii", 4 + len(body), 0) + body


@contextmanager
def broker(*answers):
    """Give these answers to whoever comes, one for each request, and then hang up; a TLS hello is no request."""

    def serve():
        for _ in range(2):
            connection, _ = server.accept()
            with connection:
                for answer in answers:
                    if connection.recv(4096)[:1] == b"\x16":
                        break
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([handshake(0, "PLAIN"), authenticated(58)], "refuses the login: check kafka.username and its password"),
        (
            [handshake(33, "SCRAM-SHA-256", "SCRAM-SHA-512")],
            "takes no login by PLAIN: set kafka.client.sasl_mechanism to one of SCRAM-SHA-256, SCRAM-SHA-512",
        ),
        (
            [handshake(34)],
            "wants no login: remove kafka.username, and set kafka.client.security_protocol to SSL or PLAINTEXT",
        ),
    ],
)
def test_what_it_objects_to_is_said_with_what_to_do(answers, said):
    with broker(*answers) as address:
        reason = why_it_hangs_up({"bootstrap_servers": [address], **LOGIN})

    assert str(reason) == f"Kafka at {address} {said}"


@pytest.mark.parametrize(
    "answers",
    [
        [handshake(0, "PLAIN"), authenticated(0)],
        [struct.pack(">i", 2**31 - 1)],
        [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        [handshake(0, "PLAIN"), b"\x00"],
        [],
    ],
    ids=["all is well", "an endless answer", "another protocol", "half an answer", "silence"],
)
def test_what_nobody_can_tell_is_not_guessed(answers):
    with broker(*answers) as address:
        assert why_it_hangs_up({"bootstrap_servers": [address], **LOGIN}) is None


def test_where_nobody_listens_nobody_is_asked():
    assert why_it_hangs_up({"bootstrap_servers": ["127.0.0.1:1"], **LOGIN}) is None


def test_a_login_by_ticket_is_not_tried():
    with broker(handshake(0, "GSSAPI")) as address:
        assert why_it_hangs_up({"bootstrap_servers": [address], **LOGIN, "sasl_mechanism": "GSSAPI"}) is None
