"""A Cassandra that wants TLS, a login, and a grant for everything."""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import connected
from harmonystate.edges.local import server
from harmonystate.edges.local.cassandra_server import cassandra_server
from harmonystate.edges.local.ports import LOOPBACK, free_ports
from harmonystate.edges.local.server import JVM_ARGS, Jvm
from harmonystate.edges.local.servers import supplies_for
from harmonystate.errors import HarmonyError
from tests.support.services import SHORT_LIVED
from tests.support.tls import STORE_PASSWORD, Identity

_SECURED = """
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
client_encryption_options:
  enabled: true
  optional: false
  require_client_auth: false
  keystore: {store}
  keystore_password: {password}
  store_type: PKCS12
"""
_USERS = ("app", "reader", "stranger")


class SecuredCassandra:
    """One node on loopback.

    Attributes:
        passwords: `app` has the grants that every command but setup needs, `reader` may not write, `stranger` has none.
    """

    def __init__(self, folder: Path, here: Identity) -> None:
        self.port = free_ports(1)[0]
        self.ca = here.ca
        self.passwords = {"cassandra": "cassandra"}
        self.passwords |= {user: f"{user}-{uuid.uuid4()}" for user in _USERS}
        own = cassandra_server(LOOPBACK, self.port, folder, Jvm("512m", SHORT_LIVED))

        def prepare(java_home: Path, jars: Sequence[Path]) -> None:
            own.prepare(java_home, jars)
            with (folder / "conf/cassandra.yaml").open("a") as yaml:
                yaml.write(_SECURED.format(store=here.store, password=STORE_PASSWORD))
            arguments = folder / JVM_ARGS
            # Else the first role is made after 10 s.
            arguments.write_text("-Dcassandra.superuser_setup_delay_ms=0\n" + arguments.read_text())

        self._server = replace(own, prepare=prepare, answers=lambda *_: self._lets_us_in())

    def settings(self, user: str = "app", **changed: object) -> CassandraSettings:
        """Return the right settings for this user, `changed` where a test wants them wrong."""
        right = {
            "contact_points": LOOPBACK,
            "port": self.port,
            "username": user,
            "password": self.passwords[user],
            "client": {"ssl_cafile": str(self.ca)},
        }
        return CassandraSettings.model_validate(right | changed)

    def start(self) -> None:
        """Start it, apply the schema, make the roles."""
        supplies = supplies_for([self._server])
        server.start(self._server, supplies.java_home, supplies.jars["cassandra"])
        server.await_answer(self._server, threading.Event())
        admin = self.settings("cassandra")
        schema.apply(admin)
        with connected(admin) as session:
            for user in _USERS:
                session.execute(f"CREATE ROLE {user} WITH PASSWORD = '{self.passwords[user]}' AND LOGIN = true")
            for right, user in (("SELECT", "app"), ("MODIFY", "app"), ("SELECT", "reader")):
                session.execute(f"GRANT {right} ON KEYSPACE {admin.keyspace} TO {user}")

    def stop(self) -> None:
        server.stop(self._server.folder)

    def _lets_us_in(self) -> bool:
        try:
            with connected(self.settings("cassandra")):
                return True
        except HarmonyError:
            return False
