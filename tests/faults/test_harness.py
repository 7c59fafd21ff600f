"""The harness sees what it is there to see: losses, doubles and disorder; and its proxy does what it is told."""

import socket
import threading
from collections import Counter
from xml.etree import ElementTree

import pytest
from kafka.errors import NodeNotReadyError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed
from harmonystate.edges.local.ports import LOOPBACK, free_ports
from tests.support.account import Account, Verdict, compare
from tests.support.chart import Panel, draw
from tests.support.fault_table import lines, row_of
from tests.support.kafka import wait_until
from tests.support.proxy import Api, Proxy
from tests.support.samples import Sample, Sampler, longest_above_s, slopes
from tests.support.watcher import Sight, Watcher, longest_pause_s

TRUTH = {7: ["a", "b", "c"], 8: ["d"]}


def test_the_same_is_the_same():
    assert compare(TRUTH, TRUTH) == Verdict(done=4)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({7: ["a", "c"], 8: ["d"]}, Verdict(3, lost=1)),
        ({7: ["a", "b", "b", "c"], 8: ["d"]}, Verdict(4, doubled=1)),
        ({7: ["a", "c", "b"], 8: ["d"]}, Verdict(4, disordered=1)),
        ({7: ["a", "b", "c"], 8: ["d", "of nobody"]}, Verdict(4, doubled=1)),
        ({}, Verdict(0, lost=4)),
    ],
)
def test_whatever_is_wrong_is_counted(found, verdict):
    assert compare(TRUTH, found) == verdict
    assert not verdict.holds


def test_one_byte_makes_another_text():
    reports = [b'{"reportId":"%b","droneId":7}' % name for name in (b"a", b"b")]

    assert Account(reports).texts == Account(reports).texts
    assert Account(reports).texts != Account([reports[0], reports[1] + b" "]).texts
    assert Account(reports).order == {7: ["a", "b"]}


def looks(*seen):
    """Return a condition that sees these, one after the other, and the last for ever; it raises what is a fault."""
    left = list(seen)

    def look():
        one = left.pop(0) if left[1:] else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    return look


def test_where_kafka_has_not_answered_there_is_another_look():
    wait_until(looks(NodeNotReadyError(), False, TransactionFailed(), True), every_s=0)


def test_where_kafka_never_answers_it_is_said_at_the_end():
    with pytest.raises(AssertionError, match="the end did not come about within 0 s") as late:
        wait_until(looks(NodeNotReadyError()), within_s=0, what="the end")

    assert isinstance(late.value.__cause__, NodeNotReadyError)


@pytest.mark.parametrize("fault", [Fenced(), ValueError()])
def test_no_other_fault_is_waited_out(fault):
    with pytest.raises(type(fault)):
        wait_until(looks(fault, True))


def test_the_table_sums_up_all_that_was_compared_in_the_order_of_the_tests():
    rows = [
        row_of("R10", "late", (Verdict(5), Verdict(9, lost=2)), None),
        row_of("R2", "early", (Verdict(1, doubled=1, disordered=3),), 1.25),
    ]

    assert [line.split() for line in lines(rows)][1:] == [
        ["R2", "early", "1", "0", "1", "3", "1.2", "s"],
        ["R10", "late", "9", "2", "0", "0", "-"],
    ]


def test_what_grows_is_seen_in_the_life_that_is_asked_for_and_after_its_warm_up():
    sampler = Sampler(dict, {})
    sampler.samples += [Sample(60.0 * minute, "memory", "bot", 7, 50 + minute / 5) for minute in range(20)]
    sampler.samples += [Sample(60.0 * minute, "memory", "loop", 8, 40 * (minute > 2)) for minute in range(20)]
    sampler.samples += [Sample(60.0 * minute, "memory", "loop", 9, minute) for minute in range(20)]

    grows = slopes(sampler, "memory", {"bot": 7, "loop": 8, "gone": 1}, after_s=180)

    assert grows == {"bot": pytest.approx(2), "loop": pytest.approx(0)}


def test_a_lag_is_away_from_calm_between_two_samples_of_calm_and_for_ever_if_it_does_not_return():
    points = [(0, 3), (5, 900), (30, 2), (35, 1)]

    assert longest_above_s(points, 10) == 30
    assert longest_above_s([*points, (40, 11)], 10) == float("inf")


def test_a_chart_has_a_line_for_each_life_and_a_mark_for_each_fault(tmp_path):
    lives = [[(0, 1), (60, 2), (120, 2), (180, 2)], [(200, 5), (240, 1)]]

    draw(tmp_path / "chart.svg", "a & b", [Panel("memory", {"bot <1>": lives})], until_s=240, marks=[190.0])

    drawn = ElementTree.parse(tmp_path / "chart.svg")
    kinds = Counter(element.tag.rpartition("}")[2] for element in drawn.iter())
    texts = {element.text for element in drawn.iter() if element.text}
    assert (kinds["polyline"], {"a & b", "memory", "bot <1>", "4 min"} <= texts) == (2, True)
    assert [path.get("class") for path in drawn.iter() if path.get("class") == "f"] == ["f"]
    (first, _) = [line.get("points").split() for line in drawn.iter() if line.get("points")]
    assert len(first) == 3  # the middle of three that are level is not drawn


@pytest.mark.parametrize(
    ("sights", "pause_s"),
    [
        ([(0, 1_500), (0, 3_000), (1, 2_000), (1, 4_000)], 2),
        ([(0, 1_500), (0, 4_500), (0, 4_900), (1, 3_000)], 3),  # between two of one partition
        ([(0, 2_000), (0, 4_000)], 4),  # the other one: nothing at all
        ([(0, 1_200), (0, 1_600), (1, 3_000), (1, 4_000)], 3.4),  # nothing any more
        ([(0, 500), (1, 900)], 4),  # before it began
    ],
)
def test_a_pause_is_the_longest_time_without_a_sight_in_any_partition_to_the_end(sights, pause_s):
    seen = [Sight(partition, written_ms=0, seen_ms=seen_ms) for partition, seen_ms in sights]

    assert longest_pause_s(seen, [0, 1], since_ms=1_000, until_ms=5_000) == pause_s


def test_a_recovery_ends_when_what_was_written_after_the_fault_is_seen():
    watcher = Watcher(KafkaSettings(), "alert")
    # What stood there before and is seen late says nothing; the second is held back by an open transaction.
    watcher.sights["alert"] += [Sight(0, 900, 1_100), Sight(1, 1_200, 9_000), Sight(0, 1_300, 4_000)]

    assert [watcher.recovery_s("alert", fault_ms) for fault_ms in (1_000, 1_250, 1_300)] == [3, 2.75, None]


def frame(body):
    return len(body).to_bytes(4, "big") + body


def request(api, text, client=b"anybody"):
    header = api.to_bytes(2, "big") + bytes(2 + 4) + len(client).to_bytes(2, "big") + client
    return frame(header + text)


@pytest.fixture
def proxied():
    """A server that answers each frame with the same frame, behind a proxy; and how to talk to it."""
    port, target = free_ports(2)
    listener = socket.create_server((LOOPBACK, target))

    def echo():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        while data := connection.recv(4096):
            connection.sendall(data)

    threading.Thread(target=echo, daemon=True).start()
    with Proxy(port, target) as proxy, socket.create_connection((LOOPBACK, port)) as client:
        client.settimeout(10)
        yield proxy, client
    listener.close()


def test_the_proxy_passes_on_what_it_is_not_told_to_hinder(proxied):
    proxy, client = proxied

    client.sendall(request(Api.PRODUCE, b"one"))

    assert client.recv(100) == request(Api.PRODUCE, b"one")
    assert (proxy.passed[Api.PRODUCE], proxy.met.total()) == (1, 0)


def test_the_proxy_loses_replies_of_one_kind_and_of_no_other(proxied):
    proxy, client = proxied
    proxy.lose(Api.END_TXN)

    client.sendall(request(Api.PRODUCE, b"one"))
    assert client.recv(100) == request(Api.PRODUCE, b"one")
    client.sendall(request(Api.END_TXN, b"two"))

    assert client.recv(100) == b""
    assert (proxy.met[Api.END_TXN], proxy.met.total()) == (1, 1)


def test_the_proxy_holds_a_reply_and_then_passes_it_on(proxied):
    proxy, client = proxied
    proxy.hold(Api.ADD_OFFSETS, 0.2)

    client.sendall(request(Api.ADD_OFFSETS, b"one"))

    assert client.recv(100) == request(Api.ADD_OFFSETS, b"one")
    assert (proxy.met[Api.ADD_OFFSETS], proxy.met.total()) == (1, 1)


def test_the_proxy_holds_only_what_goes_to_the_client_that_is_named(proxied):
    proxy, client = proxied
    proxy.hold(Api.PRODUCE, 0.2, client="harmony-produce-")

    for name in (b"harmony-alert-bot-a", b"harmony-produce-day"):
        client.sendall(request(Api.PRODUCE, b"one", name))
        assert client.recv(100) == request(Api.PRODUCE, b"one", name)
        assert proxy.met[Api.PRODUCE] == (name == b"harmony-produce-day")
    assert proxy.met.of(Api.PRODUCE, "harmony-produce-") == 1
    assert [proxy.passed.of(Api.PRODUCE, name) for name in ("harmony-", "harmony-alert-bot-a")] == [2, 1]


def test_the_proxy_withholds_a_request_and_all_behind_it_until_the_client_hangs_up(proxied):
    proxy, client = proxied
    proxy.withhold(Api.PRODUCE, client="harmony-produce-")

    client.sendall(request(Api.END_TXN, b"one", b"harmony-produce-day"))
    assert client.recv(100) == request(Api.END_TXN, b"one", b"harmony-produce-day")
    client.sendall(request(Api.PRODUCE, b"two", b"harmony-produce-day") + request(Api.END_TXN, b"three"))
    wait_until(lambda: proxy.met.of(Api.PRODUCE, "harmony-produce-"))
    client.shutdown(socket.SHUT_WR)

    assert client.recv(100) == b""
    assert [proxy.passed[api] for api in (Api.PRODUCE, Api.END_TXN)] == [0, 1]
