import pytest

from harmonystate.edges.local.addresses import one_broker, one_node
from harmonystate.errors import Misconfigured


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("127.0.0.1:9092", ("127.0.0.1", 9092)),
        ("localhost:1", ("localhost", 1)),
        ("127.9.9.9:65535", ("127.9.9.9", 65535)),
    ],
)
def test_a_broker_on_loopback_is_ours_to_start(named, expected):
    assert one_broker(named) == expected


@pytest.mark.parametrize(
    "named",
    [
        "192.168.0.1:9092",
        "kafka:9092",
        "127.0.0.1:9092,127.0.0.1:9093",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:x",
        ":9092",
        "0.0.0.0:9092",
    ],
)
def test_any_other_broker_is_not(named):
    with pytest.raises(Misconfigured, match=r"kafka\.bootstrap_servers"):
        one_broker(named)


def test_a_node_on_loopback_is_ours_to_start():
    assert one_node(["127.0.0.1"]) == "127.0.0.1"


@pytest.mark.parametrize("named", [["10.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["cassandra"], ["::"], [""]])
def test_any_other_node_is_not(named):
    with pytest.raises(Misconfigured, match=r"cassandra\.contact_points"):
        one_node(named)
