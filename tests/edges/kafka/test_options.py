import pytest
from kafka.net.transport import KafkaSSLTransport
from pydantic import SecretStr

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.options import client_options, servers
from harmonystate.errors import Misconfigured


def refusal(**settings):
    with pytest.raises(Misconfigured) as refused:
        client_options(KafkaSettings(**settings))
    return str(refused.value)


def test_several_servers_are_named_with_commas():
    assert servers(KafkaSettings(bootstrap_servers="a:1, b:2 ,[::1]:3")) == ["a:1", "b:2", "[::1]:3"]


@pytest.mark.parametrize("named", ["localhost", "localhost:", "a:1,b", "a:x", "a:0", "a:65536", ":9092", ","])
def test_a_server_without_host_or_port_is_refused_by_the_key_s_path(named):
    assert refusal(bootstrap_servers=named).startswith("kafka.bootstrap_servers: expected host:port")


def test_an_option_of_the_client_reaches_it():
    assert client_options(KafkaSettings(client={"request_timeout_ms": 1234}))["request_timeout_ms"] == 1234


@pytest.mark.parametrize("name", ["snappy", "rot13", 7, ["lz4"]])
def test_a_compression_whose_library_is_not_here_is_refused_before_a_broker_is_asked(name):
    assert refusal(client={"compression_type": name}).startswith("kafka.client.compression_type: expected gzip or lz4")


@pytest.mark.parametrize("name", ["gzip", "lz4", None])
def test_a_compression_whose_library_is_here_is_taken(name):
    assert client_options(KafkaSettings(client={"compression_type": name}))["compression_type"] == name


@pytest.mark.parametrize("name", ["max_poll_records", "linger_ms", "ssl_check_hostname", "client_rack"])
def test_options_that_only_one_kind_of_client_has_are_known(name):
    value = {"ssl_check_hostname": False, "client_rack": "r1"}.get(name, 7)

    assert client_options(KafkaSettings(client={name: value}))[name] == value


def test_an_unknown_option_is_refused_with_the_nearest_known_one():
    assert refusal(client={"security_protokol": "SSL"}) == (
        "kafka.client.security_protokol: unknown key; did you mean kafka.client.security_protocol?"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("isolation_level", "read_uncommitted"),
        ("enable_auto_commit", True),
        ("acks", 1),
        ("transactional_id", "x"),
        ("transaction_timeout_ms", 1000),
        ("group_instance_id", "x"),
        ("auto_offset_reset", "latest"),
    ],
)
def test_what_our_promises_rest_on_is_not_for_the_config(name, value):
    assert refusal(client={name: value}) == f"kafka.client.{name}: is harmony's own to set"


def test_a_password_among_the_client_s_options_is_refused_without_being_repeated():
    text = refusal(client={"sasl_plain_password": "canary"})

    assert text == "kafka.client.sasl_plain_password: use kafka.password_file"


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ({"request_timeout_ms": "soon"}, "kafka.client.request_timeout_ms: expected a number"),
        ({"request_timeout_ms": True}, "kafka.client.request_timeout_ms: expected a number"),
        ({"ssl_check_hostname": "no"}, "kafka.client.ssl_check_hostname: expected true or false"),
        ({"ssl_cafile": "/nowhere/ca.pem"}, "kafka.client.ssl_cafile: no such file: /nowhere/ca.pem"),
        (
            {"ssl_cafile": __file__},
            f"kafka.client.ssl_cafile: {__file__} is not PEM, as `openssl x509 -inform der` makes it",
        ),
        (
            {"ssl_ciphers": "ECDHE+AESGCM"},
            "kafka.client.ssl_ciphers: kafka-python does not keep to it: bound them at the brokers (ssl.cipher.suites)",
        ),
        ({"selector": "epoll"}, "kafka.client.selector: takes an object of Python, which a config cannot hold"),
        (
            {"security_protocol": "TLS"},
            "kafka.client.security_protocol: expected one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
        ),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_by_its_path(client, said):
    assert refusal(client=client) == said


def test_a_user_logs_in_over_tls_unless_told_otherwise():
    options = client_options(
        KafkaSettings(bootstrap_servers="kafka.example:9093", username="app", password=SecretStr("s3cret"))
    )

    assert {name: options[name] for name in options if "sasl" in name or "security" in name} == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "app",
        "sasl_plain_password": "s3cret",
    }


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "PLAINTEXT", "SSL"])
def test_a_password_never_leaves_this_host_unprotected(protocol):
    text = refusal(
        bootstrap_servers="127.0.0.1:9092,kafka.example:9092",
        username="app",
        password=SecretStr("canary"),
        client={"security_protocol": protocol},
    )

    assert text.startswith("kafka.client.security_protocol: ")
    assert "canary" not in text


@pytest.mark.parametrize("server", ["127.0.0.1:9092", "127.0.0.2:9092", "localhost:9092", "[::1]:9092"])
def test_on_loopback_a_plain_login_is_accepted(server):
    options = client_options(
        KafkaSettings(
            bootstrap_servers=server,
            username="app",
            password=SecretStr("s"),
            client={"security_protocol": "SASL_PLAINTEXT"},
        )
    )

    assert options["security_protocol"] == "SASL_PLAINTEXT"


def test_a_user_without_a_password_is_refused():
    assert refusal(username="app").startswith("kafka.username is set, but no password")


def test_the_ciphers_that_we_refuse_are_those_that_the_client_would_not_hand_on():
    """When a release hands them on, they need be refused no more."""
    assert "ssl_ciphers" not in KafkaSSLTransport.DEFAULT_CONFIG
