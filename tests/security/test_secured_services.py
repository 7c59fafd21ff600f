"""S1, S2: who has the right certificate, login and rights works; of all others each is told apart in one line."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError

from harmonystate.commands import stream_alerts
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.local.jars import fetch
from harmonystate.edges.local.java import find_java
from harmonystate.edges.spark.cassandra_tls import tls_conf
from harmonystate.edges.spark.faults import cause_of
from harmonystate.edges.spark.kafka_source import source_options
from harmonystate.edges.spark.session import open_spark
from harmonystate.errors import HarmonyError, Misconfigured
from tests.support.canaries import files_with, names_in
from tests.support.chain import produce, some_reports
from tests.support.harmony import run_harmony
from tests.support.kafka import read
from tests.support.services import write_config

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]


def refusal(call):
    """Return what `call` is refused with: config, one line; how soon is a matter of constants, see tests/edges."""
    with pytest.raises(HarmonyError) as refused:
        call()
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == Misconfigured.exit_code, refused.value
    return str(refused.value)


@pytest.fixture
def sad_report(secured):
    """A report that leads to an alert waits in both topics."""
    produce(secured.config(Path("unused")), some_reports(1))


TLS = {"security_protocol": "SASL_SSL"}
KAFKA = {
    "a wrong password": (
        lambda s: s.kafka.settings(password="wrong"),
        "refuses the login: check kafka.username and its password",
    ),
    "an unknown user": (
        lambda s: s.kafka.settings(username="mallory"),
        "refuses the login: check kafka.username and its password",
    ),
    "no login": (
        lambda s: s.kafka.settings(username=None, client={"security_protocol": "SSL", "ssl_cafile": str(s.kafka.ca)}),
        "wants a login: set kafka.username and kafka.password_file",
    ),
    "another authority": (
        lambda s: s.kafka.settings(client=TLS | {"ssl_cafile": str(s.stranger)}),
        "has a certificate that we do not trust: check kafka.client.ssl_cafile",
    ),
    "no authority": (
        lambda s: s.kafka.settings(client=TLS),
        "has a certificate that we do not trust: check kafka.client.ssl_cafile",
    ),
    "another host": (
        lambda s: s.kafka.settings(bootstrap_servers=s.kafka.elsewhere, client=TLS | {"ssl_cafile": str(s.stranger)}),
        "has a certificate for another host: check kafka.bootstrap_servers",
    ),
    "no TLS": (
        lambda s: s.kafka.settings(username=None, client={}),
        "speaks TLS: set kafka.client.security_protocol to SASL_SSL",
    ),
    "a login without TLS": (
        lambda s: s.kafka.settings(client={"security_protocol": "SASL_PLAINTEXT"}),
        "speaks TLS: set kafka.client.security_protocol to SASL_SSL",
    ),
    "another mechanism": (
        lambda s: s.kafka.settings(client=TLS | {"sasl_mechanism": "PLAIN", "ssl_cafile": str(s.kafka.ca)}),
        "takes no login by PLAIN: set kafka.client.sasl_mechanism to one of SCRAM-SHA-512",
    ),
}


@pytest.mark.parametrize("wrong", KAFKA)
def test_kafka_says_what_is_wrong_and_what_to_do(secured, wrong):
    settings_of, said = KAFKA[wrong]
    settings = settings_of(secured)

    told = refusal(lambda: require(settings, ["global1"]))

    assert told.startswith(f"Kafka at {settings.bootstrap_servers} {said}")


LACKS = {
    "nobody": "READ or WRITE on topic alert, dead-letter, global1",
    "blind": "READ on topic global1",
    "mute": "WRITE on topic alert",
    "alone": "READ on group stream-alerts",
    "unsure": "WRITE on transactional id harmony-stream-alerts-a",
}


@pytest.mark.parametrize("user", LACKS)
def test_a_missing_right_is_named(secured, sad_report, tmp_path, user):
    config = secured.config(tmp_path, user)

    told = refusal(lambda: stream_alerts.run(config, once=True, instance="a"))

    assert told == f"Kafka gives us no right: grant kafka.username {LACKS[user]}"


def test_a_stage_that_may_not_bury_a_record_does_not_pass_over_it(secured, tmp_path):
    settings, broken = secured.kafka.settings(), f"no report {uuid.uuid4()}".encode()
    produce(secured.config(tmp_path), some_reports(1), broken)
    (place,) = [record for record in read(settings, "global1") if record.value == broken]

    told = refusal(lambda: stream_alerts.run(secured.config(tmp_path, "letterless"), once=True, instance="a"))

    assert told == "Kafka gives us no right: grant kafka.username WRITE on topic dead-letter"
    offset, _ = committed(settings, "stream-alerts", "global1").get(place.partition, (0, ""))
    assert offset <= place.offset

    assert stream_alerts.run(secured.config(tmp_path), once=True, instance="a") == 0
    assert [letter.value for letter in read(settings, "dead-letter")].count(broken) == 1


def run_ingest(config, folder):
    """Run it as a process of its own; where it tries again instead, it gives up after a minute."""
    impatient = config.spark.model_copy(update={"stall_after": timedelta(minutes=1)})
    file = write_config(config.model_copy(update={"spark": impatient}), folder / "harmony.yaml")
    passwords = {
        f"HARMONY_{name}__PASSWORD": settings.password.get_secret_value()
        for name, settings in (("KAFKA", config.kafka), ("CASSANDRA", config.cassandra))
    }
    return run_harmony(file, "ingest", "--once", **passwords)


INGEST_LACKS = {
    "nobody": "READ or WRITE on topic dead-letter, global2",
    "blind": "READ on topic global2",
    "alone": "READ on group ingest",
}


@pytest.mark.parametrize("user", INGEST_LACKS)
def test_a_right_that_ingest_lacks_is_named_by_spark_too(secured, sad_report, tmp_path, user):
    ended = run_ingest(secured.config(tmp_path / "home", user), tmp_path)

    assert f"Kafka gives us no right: grant kafka.username {INGEST_LACKS[user]}" in ended.stderr
    assert ended.returncode == Misconfigured.exit_code


def test_a_grant_that_ingest_lacks_is_named_by_the_connector_too(secured, sad_report, tmp_path):
    config = secured.config(tmp_path / "home")
    config = config.model_copy(update={"cassandra": secured.cassandra.settings("reader")})

    ended = run_ingest(config, tmp_path)

    assert "Cassandra grants user reader too little: User reader has no MODIFY permission on" in ended.stderr
    assert ended.returncode == Misconfigured.exit_code


CASSANDRA = {
    "a wrong password": (
        lambda s: s.cassandra.settings(password="wrong"),
        "refuses user app: check cassandra.username and its password",
    ),
    "an unknown user": (
        lambda s: s.cassandra.settings(username="mallory"),
        "refuses user mallory: check cassandra.username and its password",
    ),
    "no login": (
        lambda s: s.cassandra.settings(username=None),
        "wants a login: set cassandra.username and cassandra.password_file",
    ),
    "another authority": (
        lambda s: s.cassandra.settings(client={"ssl_cafile": str(s.stranger)}),
        "has a certificate that we do not trust: check cassandra.client.ssl_cafile",
    ),
    "another host": (
        # TLS ends before any protocol begins, so that Kafka can stand in for Cassandra.
        lambda s: s.cassandra.settings(
            port=int(s.kafka.elsewhere.rpartition(":")[2]), client={"ssl_cafile": str(s.stranger)}
        ),
        "has a certificate for another host: check cassandra.contact_points",
    ),
    "no TLS": (lambda s: s.cassandra.settings(client={}), "speaks TLS: set cassandra.client.ssl_cafile"),
    "no grant": (
        lambda s: s.cassandra.settings("stranger"),
        "grants user stranger too little",
    ),
}


@pytest.mark.parametrize("wrong", CASSANDRA)
def test_cassandra_says_what_is_wrong_and_what_to_do(secured, wrong):
    settings_of, said = CASSANDRA[wrong]
    settings = settings_of(secured)

    def use():
        with open_session(settings) as session:
            session.execute("SELECT * FROM report_hours LIMIT 1")

    told = refusal(use)

    assert told.startswith(f"Cassandra at {settings.contact_points[0]}:{settings.port} {said}")


def test_whoever_has_all_rights_works_from_end_to_end(run):
    assert {
        name: (ended.returncode, ended.stderr[-500:]) for name, ended in run.ended.items() if ended.returncode
    } == {}

    made = [record for record in read(run.config.kafka, "global2") if record.value.startswith(b"{")]
    assert len(made) >= 300
    assert len(read(run.config.kafka, "alert")) >= 15
    assert len(read(run.config.kafka, "delivery")) >= 15
    with open_session(run.config.cassandra) as session:
        assert len(list(session.execute("SELECT reportid FROM report"))) == len(made)
        assert list(session.execute("SELECT rank FROM saddest"))


def test_no_secret_is_in_a_command_line_an_output_a_log_or_a_checkpoint(run):
    assert run.seen == set()
    said = [ended.stdout + ended.stderr for ended in run.ended.values()]
    assert [text for text in said if any(secret in text for secret in run.secrets)] == []
    assert files_with(run.secrets, run.config.local.home) == []
    assert {path.suffix for path in run.config.local.home.rglob("*")} >= {".log", ".out"}


@pytest.fixture(scope="module")
def trusting_spark(secured, tmp_path_factory):
    """Spark, which trusts the authorities of both certificates: so it is the host's name that it can refuse."""
    folder = tmp_path_factory.mktemp("spark")
    both = folder / "both.pem"
    both.write_text(secured.kafka.ca.read_text() + secured.stranger.read_text())
    config = secured.config(folder / "home")
    trusting = config.cassandra.model_copy(update={"client": {"ssl_cafile": str(both)}})
    config = config.model_copy(update={"cassandra": trusting})
    with open_spark(config, app="tests", jars=fetch(["spark"])["spark"], java_home=find_java()) as session:
        yield session


@pytest.fixture(scope="module")
def foreign_trust(secured, tmp_path_factory):
    """A trust store that does not hold the authority of Cassandra's certificate."""
    stranger = secured.cassandra.settings(client={"ssl_cafile": str(secured.stranger)})
    return tls_conf(stranger, tmp_path_factory.mktemp("foreign"))["spark.cassandra.connection.ssl.trustStore.path"]


USER, PASSWORD = "spark.cassandra.auth.username", "spark.cassandra.auth.password"
CONNECTOR = {
    "another host": (
        lambda s, _: {"spark.cassandra.connection.port": s.kafka.elsewhere.rpartition(":")[2]},
        "No subject alternative",
    ),
    "a wrong password": (lambda *_: {PASSWORD: "wrong"}, "username app and/or password are incorrect"),
    "another authority": (
        lambda _, trust: {"spark.cassandra.connection.ssl.trustStore.path": trust},
        "unable to find valid certification path",
    ),
    "no grant": (
        lambda s, _: {USER: "stranger", PASSWORD: s.cassandra.passwords["stranger"]},
        "User stranger has no SELECT permission",
    ),
}


@pytest.mark.parametrize("wrong", CONNECTOR)
def test_the_connector_says_what_is_wrong(secured, trusting_spark, foreign_trust, wrong):
    options_of, said = CONNECTOR[wrong]
    table = {"keyspace": "harmony", "table": "report"}
    reader = trusting_spark.read.format("org.apache.spark.sql.cassandra").options(**table)
    reader.load().limit(1).collect()

    with pytest.raises(Py4JJavaError) as refused:
        reader.options(**options_of(secured, foreign_trust)).load().limit(1).collect()

    told = cause_of(refused.value)
    assert said in told
    assert "\n" not in told


def test_spark_s_kafka_source_refuses_another_host(secured, sad_report, trusting_spark):
    def first(settings):
        reader = trusting_spark.read.format("kafka").options(**source_options(settings, "global1"))
        return reader.load().limit(1).collect()

    assert first(secured.kafka.settings(client=TLS | {"ssl_cafile": str(secured.kafka.ca)}))

    other = secured.kafka.settings(
        bootstrap_servers=secured.kafka.elsewhere, client=TLS | {"ssl_cafile": str(secured.stranger)}
    )
    with pytest.raises(Py4JJavaError) as refused:
        first(other)

    assert "No subject alternative" in cause_of(refused.value)


def test_no_log_names_anybody_not_even_with_v(run):
    logs = [path.read_text(errors="replace") for path in (run.config.local.home / "logs").iterdir()]

    assert names_in("\n".join([*logs, *(ended.stderr for ended in run.ended.values())])) == []
    assert names_in(str(run.told)) != []
    assert names_in(run.ended["analyze"].stdout) != []
