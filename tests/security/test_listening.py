"""S8: whatever we start listens on loopback only."""

import ipaddress
import os

import psutil
import pytest

from harmonystate.config import DashboardSettings
from harmonystate.edges.local.ports import free_ports
from tests.support.harmony import start_harmony
from tests.support.services import write_config


def listeners(pids):
    """Return the addresses on which these processes listen."""
    return [
        (connection.pid, connection.laddr.ip)
        for connection in psutil.net_connections("inet")
        if connection.pid in pids and connection.status == psutil.CONN_LISTEN
    ]


def holders_of(found):
    return {pid for pid, _ in found}


def reachable_from_elsewhere(found):
    return [(pid, ip) for pid, ip in found if not _address(ip).is_loopback]


def _address(ip):
    address = ipaddress.ip_address(ip)
    return getattr(address, "ipv4_mapped", None) or address


def holders(*ports):
    return {
        connection.pid
        for connection in psutil.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port in ports
    }


@pytest.mark.services
def test_kafka_cassandra_and_spark_listen_on_loopback_only(stack, spark):
    # A Python worker and its parent come with the first of our functions.
    assert spark.sparkContext.parallelize([1]).map(lambda number: number + 1).collect() == [2]
    servers = holders(int(stack.kafka.rpartition(":")[2]), stack.cassandra_port)
    jvm = spark.sparkContext._gateway.proc
    family = {jvm.pid, os.getpid(), *(child.pid for child in psutil.Process(jvm.pid).children(recursive=True))}

    found = listeners(servers | family)

    assert holders_of(found) >= servers | {jvm.pid}
    assert reachable_from_elsewhere(found) == []


@pytest.mark.services
def test_the_dashboard_listens_on_loopback_only_unless_told_otherwise(offline_config):
    config = offline_config.model_copy(update={"dashboard": DashboardSettings(port=free_ports(1)[0])})
    with start_harmony(write_config(config, config.local.home / "harmony.yaml"), "dashboard") as child:
        try:
            assert child.stdout.readline() == f"http://127.0.0.1:{config.dashboard.port}/\n"
            family = {child.pid, *(process.pid for process in psutil.Process(child.pid).children(recursive=True))}
            found = listeners(family)
        finally:
            child.terminate()
            child.communicate(timeout=300)

    assert holders_of(found) == {child.pid}
    assert reachable_from_elsewhere(found) == []


def test_an_address_that_others_can_reach_is_told_apart():
    open_to_others = [(1, "0.0.0.0"), (1, "::"), (1, "192.0.2.1")]

    assert reachable_from_elsewhere([*open_to_others, (1, "127.0.0.2"), (1, "::1"), (1, "::ffff:127.0.0.1")]) == (
        open_to_others
    )
