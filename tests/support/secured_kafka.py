"""A Kafka that wants TLS, a login, and a right for everything: SASL_SSL, SCRAM-SHA-512, ACLs."""

import base64
import subprocess
import threading
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
)

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.local import server
from harmonystate.edges.local.kafka_server import kafka_server
from harmonystate.edges.local.ports import LOOPBACK, free_ports
from harmonystate.edges.local.server import JVM_ARGS, Jvm
from harmonystate.edges.local.servers import supplies_for
from tests.support.services import SHORT_LIVED
from tests.support.tls import STORE_PASSWORD, Identity

_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"

Right = tuple[ACLOperation, ResourceType, str]


class SecuredKafka:
    """One broker on loopback.

    Attributes:
        address: where it shows the certificate of `here`.
        elsewhere: where it shows the certificate of another host.
        passwords: of each user; `admin` may do everything, the others what they are allowed to.
    """

    def __init__(self, folder: Path, users: Sequence[str], here: Identity, elsewhere: Identity) -> None:
        port, other_port = free_ports(2)
        self.address, self.elsewhere = f"{LOOPBACK}:{port}", f"{LOOPBACK}:{other_port}"
        self.ca = here.ca
        self.passwords = {user: f"{user}-{uuid.uuid4()}" for user in (*users, "admin", "broker")}
        own = kafka_server(LOOPBACK, port, folder, Jvm("384m", SHORT_LIVED), avoid=[other_port])

        def prepare(java_home: Path, jars: Sequence[Path]) -> None:
            # Its own way would make the data folder under plain settings, without users.
            (folder / "data").mkdir(parents=True)
            (folder / "data/meta.properties").touch()
            own.prepare(java_home, jars)
            (folder / "data/meta.properties").unlink()
            path = folder / "conf/server.properties"
            more = _settings(port, other_port, here, elsewhere, self.passwords["broker"])
            path.write_text(_changed(path.read_text(), more))
            _format(folder, java_home, self.passwords)

        self._server = replace(own, prepare=prepare, answers=lambda *_: self._has_started())

    def settings(self, user: str = "admin", **changed: object) -> KafkaSettings:
        """Return the right settings for this user, `changed` where a test wants them wrong."""
        right = {
            "bootstrap_servers": self.address,
            "username": user,
            "password": self.passwords[user],
            "client": {"security_protocol": "SASL_SSL", "ssl_cafile": str(self.ca)},
        }
        return KafkaSettings.model_validate(right | changed)

    def start(self) -> None:
        supplies = supplies_for([self._server])
        server.start(self._server, supplies.java_home, supplies.jars["kafka"])
        server.await_answer(self._server, threading.Event())

    def stop(self) -> None:
        server.stop(self._server.folder)

    def allow(self, rights: dict[str, Sequence[Right]]) -> None:
        """Give each user these rights, with `x*` for all that begins with x; wait until the broker knows the last."""
        acls = [
            ACL(f"User:{user}", "*", operation, ACLPermissionType.ALLOW, _pattern(kind, name))
            for user, granted in rights.items()
            for operation, kind, name in granted
        ]
        with open_admin(self.settings()) as admin:
            admin.create_acls(acls)

    def _has_started(self) -> bool:
        # Its log says when; a client of the plain protocol is not answered.
        log = self._server.folder / "log/server.log"
        return log.exists() and "Kafka Server started" in log.read_text()


def _pattern(kind: ResourceType, name: str) -> ResourcePattern:
    if name != "*" and name.endswith("*"):
        return ResourcePattern(kind, name.removesuffix("*"), ACLResourcePatternType.PREFIXED)
    return ResourcePattern(kind, name)


def _settings(port: int, other_port: int, here: Identity, elsewhere: Identity, password: str) -> dict[str, str]:
    inner = "broker"
    addresses = f"CLIENT://{LOOPBACK}:{port},ELSEWHERE://{LOOPBACK}:{other_port}"
    login = f'{_SCRAM} required username="{inner}" password="{password}";'
    return {
        "listeners": addresses,
        "advertised.listeners": addresses,
        "listener.security.protocol.map": "CONTROLLER:SSL,CLIENT:SASL_SSL,ELSEWHERE:SASL_SSL",
        "inter.broker.listener.name": "CLIENT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": login,
        "listener.name.elsewhere.scram-sha-512.sasl.jaas.config": login,
        **_certificate("", here),
        **_certificate("listener.name.elsewhere.", elsewhere),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(here.ca),
        # Controllers know each other by certificate, so that nobody without one is a superuser.
        "listener.name.controller.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:admin;User:{inner};User:CN=server",
    }


def _certificate(prefix: str, identity: Identity) -> dict[str, str]:
    return {
        f"{prefix}ssl.keystore.type": "PKCS12",
        f"{prefix}ssl.keystore.location": str(identity.store),
        f"{prefix}ssl.keystore.password": STORE_PASSWORD,
    }


def _changed(text: str, more: dict[str, str]) -> str:
    """Return a properties file with these values; the addresses of the controller stay."""
    lines = []
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.endswith("listeners"):
            lines.append(f"{key}={more[key]},{value.rpartition(',')[2]}")
        elif key not in more:
            lines.append(line)
    lines += [f"{key}={value}" for key, value in more.items() if not key.endswith("listeners")]
    return "\n".join([*lines, ""])


def _format(folder: Path, java_home: Path, passwords: dict[str, str]) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    users = [f"--add-scram=SCRAM-SHA-512=[name={user},password={password}]" for user, password in passwords.items()]
    tool = ["kafka.tools.StorageTool", "format", "--standalone", "--config=conf/server.properties"]
    java = [java_home / "bin/java", "-XX:TieredStopAtLevel=1", f"@{folder / JVM_ARGS}"]
    # It prints what it makes of the passwords: nobody is to see that.
    subprocess.run(
        [*java, *tool, f"--cluster-id={cluster_id}", *users], cwd=folder, check=True, capture_output=True, timeout=300
    )
