import socket

import pytest
from cassandra import AuthenticationFailed, ConsistencyLevel, InvalidRequest, OperationTimedOut, Unauthorized
from cassandra.cluster import NoHostAvailable

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra import connect, schema
from harmonystate.edges.cassandra.causes import unreached
from harmonystate.edges.cassandra.connect import check_options, connected, open_session, reachable, translating
from harmonystate.errors import Misconfigured, Unavailable

SETTINGS = CassandraSettings(username="harmony")


def translated(fault):
    """Return what a fault of the driver becomes."""
    with pytest.raises(Exception) as raised, translating(SETTINGS):  # noqa: PT011
        raise fault
    return raised.value


@pytest.fixture
def silent():
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def swallowing():
    """A port whose queue is full: who knocks hears nothing, as behind a firewall."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.create_connection(server.getsockname()):
        yield server.getsockname()[1]


def test_nobody_there_is_said_at_once_with_host_port_and_what_to_do(offline_config):
    settings = offline_config.cassandra

    with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{settings.port} .*harmony up"), open_session(settings):
        pass

    assert not reachable(settings)


def test_a_host_that_swallows_packets_is_not_said_to_have_nobody_who_listens(swallowing, monkeypatch):
    monkeypatch.setattr(connect, "_REACH_WITHIN_S", 0.2)

    with pytest.raises(Unavailable, match=r"does not answer \(timed out\)"):  # noqa: SIM117
        with open_session(CassandraSettings(port=swallowing)):
            pass


def test_harmony_up_is_named_only_where_every_contact_point_is_one_that_it_could_start():
    here = CassandraSettings(contact_points=("127.0.0.1", "localhost"))
    partly_elsewhere = CassandraSettings(contact_points=("127.0.0.1", "cassandra-1.example"))
    refused = [ConnectionRefusedError(111, "Connection refused")]

    assert str(unreached(here, refused)).endswith("(nobody listens): `harmony up` starts a local one")
    assert str(unreached(partly_elsewhere, refused)).endswith("example:9042 does not answer (nobody listens)")


def test_of_contact_points_that_differ_in_why_the_odd_one_is_told():
    faults = [ConnectionRefusedError(111, "Connection refused"), OSError(-2, "Name or service not known")]

    assert "(Name or service not known)" in str(unreached(SETTINGS, faults))


def test_somebody_who_never_answers_is_given_up_within_15_s(silent, monkeypatch):
    assert connect._REACH_WITHIN_S + connect._CONNECT_WITHIN_S < 15
    monkeypatch.setattr(connect, "_CONNECT_WITHIN_S", 0.5)

    with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{silent}"), open_session(CassandraSettings(port=silent)):
        pass


def test_who_takes_connections_and_never_answers_is_not_there(silent, monkeypatch):
    monkeypatch.setattr(connect, "_REACH_WITHIN_S", 0.2)

    assert not reachable(CassandraSettings(port=silent))


@pytest.mark.services
def test_who_answers_is_there(config):
    assert reachable(config.cassandra)


def test_a_wrong_password_is_told_apart():
    refused = AuthenticationFailed("Provided username harmony and/or password are incorrect")

    fault = translated(NoHostAvailable("no host", {"127.0.0.1:9042": refused}))

    assert isinstance(fault, Misconfigured)
    assert "refuses user harmony" in str(fault)


def test_too_few_nodes_to_look_a_password_up_are_no_wrong_password():
    refused = AuthenticationFailed("[Bad credentials] Cannot achieve consistency level LOCAL_QUORUM")

    assert isinstance(translated(NoHostAvailable("no host", {"127.0.0.1:9042": refused})), Unavailable)


def test_that_no_node_is_left_is_said_in_plain_words():
    fault = translated(NoHostAvailable("Unable to complete the operation against any hosts", {}))

    assert isinstance(fault, Unavailable)
    assert "(no node is up)" in str(fault)


def test_a_missing_grant_is_the_config_s_fault():
    fault = translated(Unauthorized("User harmony has no MODIFY permission"))

    assert isinstance(fault, Misconfigured)
    assert "grants user harmony too little: User harmony has no MODIFY permission" in str(fault)


def test_a_server_that_is_slow_is_away():
    assert isinstance(translated(OperationTimedOut()), Unavailable)


def test_a_statement_that_cassandra_does_not_understand_is_a_bug_of_ours():
    assert isinstance(translated(InvalidRequest("no such column")), InvalidRequest)


def test_an_unknown_option_is_named(silent):
    settings = CassandraSettings(port=silent, client={"contact_point": "x"})

    with pytest.raises(Misconfigured, match=r"cassandra\.client\.contact_point"), open_session(settings):
        pass


@pytest.mark.parametrize("option", ["ssl_options", "ssl_context", "auth_provider", "contact_points", "port", "cloud"])
def test_an_option_that_goes_round_one_of_ours_is_refused_with_it(silent, option):
    settings = CassandraSettings(port=silent, client={option: {}})

    with pytest.raises(Misconfigured, match=rf"cassandra\.client\.{option}: use cassandra\."), open_session(settings):
        pass


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("execution_profiles", {}, "is harmony's own to set"),
        ("execution_profiles", {"a": 1}, "is harmony's own to set"),
        ("load_balancing_policy", "RoundRobinPolicy", "is harmony's own to set"),
        ("default_retry_policy", "FallthroughRetryPolicy", "is harmony's own to set"),
        ("reconnection_policy", 1, "is harmony's own to set"),
        ("timestamp_generator", "x", "takes an object of Python, which a config cannot hold"),
        ("endpoint_factory", "x", "takes an object of Python, which a config cannot hold"),
        ("sockopts", [[1]], "takes an object of Python, which a config cannot hold"),
        ("connect_timeout", "soon", "expected a number"),
        ("executor_threads", True, "expected a number"),
        ("token_metadata_enabled", "no", "expected true or false"),
        ("compression", "rot13", "expected true, false or lz4"),
        ("protocol_version", 99, "expected one of 66, 65, 6, 5, 4, 3, 2, 1"),
        ("cql_version", 3, "expected a text"),
        ("self", 1, "cassandra-driver's Cluster has no such option"),
    ],
)
def test_an_option_that_cannot_be_or_would_break_a_promise_is_refused_before_anything_is_asked(option, value, said):
    with pytest.raises(Misconfigured) as refused:
        check_options(CassandraSettings(client={option: value}))

    assert str(refused.value) == f"cassandra.client.{option}: {said}"


@pytest.mark.parametrize(
    "client",
    [
        {"compression": "lz4", "protocol_version": 4, "connect_timeout": 3, "cql_version": "3.4.7"},
        {"compression": False, "idle_heartbeat_interval": 0, "schema_metadata_enabled": True},
    ],
)
def test_an_option_that_can_be_is_taken(client):
    check_options(CassandraSettings(client=client))


@pytest.mark.parametrize("client", [{"executor_threads": 0}, {"metrics_enabled": True}])
def test_what_only_the_driver_knows_to_be_wrong_is_the_config_s_fault_too(silent, client):
    with (
        pytest.raises(Misconfigured, match=r"^cassandra\.client: "),
        connected(CassandraSettings(port=silent, client=client)),
    ):
        pass


def test_a_certificate_s_place_that_is_none_is_named():
    with pytest.raises(Misconfigured, match=r"ssl_cafile: cannot read 3"):
        check_options(CassandraSettings(client={"ssl_cafile": 3}))


def test_a_user_without_a_password_is_no_login(silent):
    with pytest.raises(Misconfigured, match=r"cassandra\.username is set, but no password"):  # noqa: SIM117
        with open_session(CassandraSettings(port=silent, username="harmony")):
            pass


def test_a_certificate_that_is_not_there_is_named(silent):
    settings = CassandraSettings(port=silent, client={"ssl_cafile": "/nowhere/ca.pem"})

    with pytest.raises(Misconfigured, match=r"ssl_cafile: cannot read /nowhere/ca\.pem"), open_session(settings):
        pass


@pytest.mark.services
def test_without_setup_its_name_is_said(config):
    with pytest.raises(Misconfigured, match="run `harmony setup`"), open_session(config.cassandra):
        pass


@pytest.mark.services
def test_a_data_center_that_is_not_there_is_named(config):
    elsewhere = config.cassandra.model_copy(update={"datacenter": "paris"})

    with pytest.raises(Misconfigured, match=r"cassandra\.datacenter: paris, .* knows only datacenter1"):  # noqa: SIM117
        with connected(elsewhere):
            pass


@pytest.mark.services
def test_a_session_uses_the_keyspace_and_reads_what_a_quorum_has(config):
    schema.apply(config.cassandra)

    with open_session(config.cassandra) as session:
        found = session.execute("SELECT value FROM settings WHERE name = 'shards'")
        assert found.one().value == "4"
        assert session.cluster.profile_manager.default.consistency_level == ConsistencyLevel.LOCAL_QUORUM
