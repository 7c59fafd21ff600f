import os
import socket

from harmonystate.edges.local.ports import free_ports, holder, in_use, kept_ports


def test_free_ports_differ_and_nobody_listens_on_them():
    ports = free_ports(50)

    assert len(set(ports)) == 50
    assert not any(in_use("127.0.0.1", port) for port in ports)


def test_free_ports_are_not_among_those_of_outgoing_connections():
    assert all(port < 32_768 for port in free_ports(50))


def test_a_port_somebody_listens_on_is_in_use_and_its_holder_is_named():
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        assert in_use("127.0.0.1", port)
        assert f"pid {os.getpid()}" in holder(port)

    assert not in_use("127.0.0.1", port)


def test_a_port_nobody_holds_has_no_name():
    assert holder(free_ports(1)[0]) == "another process"


def test_ports_are_drawn_once_and_kept(tmp_path):
    path = tmp_path / "cassandra/ports.json"

    first = kept_ports(path, ["storage_port", "jmx_port"])

    assert kept_ports(path, ["storage_port", "jmx_port"]) == first
    assert len(set(first.values())) == 2


def test_a_port_that_is_asked_for_later_leaves_the_kept_ones_alone(tmp_path):
    first = kept_ports(tmp_path / "ports.json", ["storage_port"])

    kept_ports(tmp_path / "ports.json", ["jmx_port"])

    assert kept_ports(tmp_path / "ports.json", ["storage_port"]) == first


def test_a_damaged_file_of_ports_is_drawn_anew(tmp_path):
    (tmp_path / "ports.json").write_text("{")

    assert kept_ports(tmp_path / "ports.json", ["jmx_port"]).keys() == {"jmx_port"}


def test_a_kept_port_gives_way_to_one_that_another_server_will_take(tmp_path):
    first = kept_ports(tmp_path / "ports.json", ["storage_port"])["storage_port"]

    second = kept_ports(tmp_path / "ports.json", ["storage_port"], avoid=[first])["storage_port"]

    assert second != first
    assert kept_ports(tmp_path / "ports.json", ["storage_port"], avoid=[first]) == {"storage_port": second}
