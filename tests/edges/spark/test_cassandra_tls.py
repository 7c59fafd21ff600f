import hashlib
import struct
from pathlib import Path

import pytest

from harmonystate.config import CassandraSettings, Config, LocalSettings
from harmonystate.edges.spark import cassandra_tls
from harmonystate.edges.spark.cassandra_tls import checking_hosts, tls_conf, trust_store
from harmonystate.edges.spark.conf import spark_conf
from harmonystate.errors import Misconfigured

ENABLED = "spark.cassandra.connection.ssl.enabled"
CHECK = "-Ddatastax-java-driver.advanced.ssl-engine-factory.hostname-validation=true"


def test_a_trust_store_holds_each_certificate_and_java_s_signature():
    store = trust_store([b"first", b"second!"])

    assert struct.unpack_from(">III", store) == (0xFEEDFEED, 2, 2)
    assert store.index(b"first") < store.index(b"second!")
    # Java's: SHA-1 of the password (here none), these words, and the content.
    assert store[-20:] == hashlib.sha1(b"Mighty Aphrodite" + store[:-20]).digest()


def test_without_an_authority_there_is_no_tls(tmp_path):
    assert tls_conf(CassandraSettings(), tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_is_none_is_named(tmp_path, content):
    cafile = tmp_path / "ca.pem"
    if content:
        cafile.write_text(content)

    with pytest.raises(Misconfigured, match=rf"cassandra\.client\.ssl_cafile: cannot read {cafile}"):
        tls_conf(CassandraSettings(client={"ssl_cafile": str(cafile)}), tmp_path)


def test_two_that_start_at_once_do_not_take_the_store_from_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr(cassandra_tls, "_certificates", lambda cafile: [cafile.name.encode()])
    replace, others = Path.replace, ["other"]

    def after_another(new, store):
        if others:
            tls_conf(CassandraSettings(client={"ssl_cafile": others.pop()}), tmp_path)
        return replace(new, store)

    monkeypatch.setattr(Path, "replace", after_another)

    conf = tls_conf(CassandraSettings(client={"ssl_cafile": "ours"}), tmp_path)

    store = Path(conf["spark.cassandra.connection.ssl.trustStore.path"])
    assert store.read_bytes() == trust_store([b"ours"])
    assert list(store.parent.iterdir()) == [store]


def test_the_host_s_name_is_checked_wherever_the_connector_speaks_tls_whatever_the_user_has_set():
    mine = {ENABLED: "true", "spark.driver.extraJavaOptions": "-Dx=y"}

    conf = checking_hosts(mine)

    assert conf["spark.driver.extraJavaOptions"] == f"-Dx=y {CHECK}"
    assert conf["spark.executor.extraJavaOptions"] == CHECK


def test_without_tls_nothing_is_added(tmp_path):
    conf = spark_conf(Config(local=LocalSettings(home=tmp_path)), app="ingest", jars=[], logs=tmp_path)

    assert checking_hosts(conf) == conf
