import pytest
from pydantic import SecretStr

from harmonystate.config import KafkaSettings
from harmonystate.edges.spark.kafka_source import security_options, source_options
from harmonystate.errors import Misconfigured

PASSWORD = SecretStr('pass"word\\')


def with_user(**client):
    return KafkaSettings(username="harmony", password=PASSWORD, client=client)


def test_the_source_reads_committed_records_from_the_beginning_and_names_no_group():
    options = source_options(KafkaSettings(bootstrap_servers="a:1,b:2"), "global2")

    assert options["kafka.bootstrap.servers"] == "a:1,b:2"
    assert options["subscribe"] == "global2"
    assert options["startingOffsets"] == "earliest"
    assert options["failOnDataLoss"] == "true"
    assert options["kafka.isolation.level"] == "read_committed"
    assert "kafka.group.id" not in options


def test_without_a_user_nothing_is_secured():
    assert security_options(KafkaSettings()) == {}


def test_a_user_means_scram_over_tls_as_for_our_other_clients():
    options = security_options(with_user())

    assert options["security.protocol"] == "SASL_SSL"
    assert options["sasl.mechanism"] == "SCRAM-SHA-512"
    assert options["sasl.jaas.config"] == (
        "org.apache.kafka.common.security.scram.ScramLoginModule required "
        'username="harmony" password="pass\\"word\\\\";'
    )


def test_the_password_may_be_plain():
    options = security_options(with_user(sasl_mechanism="PLAIN", security_protocol="SASL_PLAINTEXT"))

    assert options["security.protocol"] == "SASL_PLAINTEXT"
    assert options["sasl.jaas.config"].startswith("org.apache.kafka.common.security.plain.PlainLoginModule required")


def test_a_mechanism_that_the_source_is_not_given_is_refused():
    with pytest.raises(Misconfigured, match=r"kafka\.client\.sasl_mechanism: GSSAPI"):
        security_options(with_user(sasl_mechanism="GSSAPI"))


def test_certificates_travel_as_text_to_every_worker(tmp_path):
    ca, own, key = (tmp_path / name for name in ("ca.pem", "own.pem", "key.pem"))
    for path in (ca, own, key):
        path.write_text(f"-----{path.name}-----")

    options = security_options(
        KafkaSettings(
            client={
                "security_protocol": "SSL",
                "ssl_cafile": str(ca),
                "ssl_certfile": str(own),
                "ssl_keyfile": str(key),
            }
        )
    )

    assert options == {
        "security.protocol": "SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": "-----ca.pem-----",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": "-----own.pem-----",
        "ssl.keystore.key": "-----key.pem-----",
    }


def test_words_beside_a_certificate_may_be_of_any_encoding(tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_bytes("M\u00fcller\n-----BEGIN CERTIFICATE-----".encode("latin-1"))

    options = security_options(KafkaSettings(client={"ssl_cafile": str(ca)}))

    assert options["ssl.truststore.certificates"].endswith("-----BEGIN CERTIFICATE-----")


def test_a_certificate_that_is_not_there_is_named():
    with pytest.raises(Misconfigured, match=r"kafka\.client\.ssl_cafile: cannot read /nowhere"):
        security_options(KafkaSettings(client={"security_protocol": "SSL", "ssl_cafile": "/nowhere"}))


def test_the_host_name_is_checked_unless_the_config_says_no():
    assert security_options(KafkaSettings(client={"ssl_check_hostname": False})) == {
        "ssl.endpoint.identification.algorithm": ""
    }


@pytest.mark.parametrize("name", ["ssl_crlfile", "sasl_kerberos_service_name", "sasl_kerberos_domain_name"])
def test_what_java_has_nothing_like_is_refused_and_not_dropped(name):
    with pytest.raises(Misconfigured, match=rf"^kafka\.client\.{name}: "):
        security_options(with_user(**{name: "x"}))
