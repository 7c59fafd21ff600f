import socket
import threading

import pytest

from harmonystate.edges.local import probe
from harmonystate.edges.local.ports import free_ports


@pytest.fixture
def answering():
    """Listen, and answer whoever connects with given bytes; returns the port."""
    open_sockets = []

    def listen(answer: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        open_sockets.append(listener)

        def serve() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield listen
    for one in open_sockets:
        one.close()


@pytest.mark.parametrize("answers", [probe.kafka_answers, probe.cassandra_answers])
@pytest.mark.parametrize("said", [b"", b"\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_an_open_port_that_speaks_something_else_is_no_answer(answering, answers, said):
    assert not answers("127.0.0.1", answering(said))


@pytest.mark.parametrize("answers", [probe.kafka_answers, probe.cassandra_answers])
def test_a_port_where_nobody_is_gives_no_answer(answers):
    assert not answers("127.0.0.1", free_ports(1)[0])


def test_a_server_that_says_nothing_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(probe, "TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert not probe.kafka_answers("127.0.0.1", listener.getsockname()[1])


def test_a_broker_that_knows_of_no_broker_alive_is_not_ready(answering):
    nobody = (12).to_bytes(4) + (1).to_bytes(4) + (0).to_bytes(4)
    one = (12).to_bytes(4) + (1).to_bytes(4) + (1).to_bytes(4)

    assert not probe.kafka_answers("127.0.0.1", answering(nobody))
    assert probe.kafka_answers("127.0.0.1", answering(one))


def test_only_supported_is_cassandras_answer_to_options(answering):
    error, supported = bytes([0x84, 0, 0, 0, 0x00]), bytes([0x84, 0, 0, 0, 0x06])

    assert not probe.cassandra_answers("127.0.0.1", answering(error + bytes(4)))
    assert probe.cassandra_answers("127.0.0.1", answering(supported + bytes(4)))


@pytest.mark.services
def test_the_real_ones_answer_each_its_own_protocol(stack):
    host, port = stack.kafka.rsplit(":", 1)
    kafka, cassandra = (host, int(port)), (stack.cassandra_host, stack.cassandra_port)

    assert probe.kafka_answers(*kafka)
    assert probe.cassandra_answers(*cassandra)
    assert not probe.kafka_answers(*cassandra)
    assert not probe.cassandra_answers(*kafka)
