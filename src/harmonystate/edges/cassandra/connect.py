"""A session with Cassandra, or one line that says why there is none."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cassandra import (
    AuthenticationFailed,
    ConsistencyLevel,
    OperationTimedOut,
    RequestExecutionException,
    Unauthorized,
)
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import ConstantReconnectionPolicy, DCAwareRoundRobinPolicy, TokenAwarePolicy

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra import tls
from harmonystate.edges.cassandra.causes import explain, unreached, where
from harmonystate.edges.cassandra.options import free_options
from harmonystate.edges.cassandra.recorded import (
    VERSION,
    read_settings,
    refuse_newer,
    refuse_other_shards,
    version_of,
)
from harmonystate.errors import Misconfigured

# Together they stay below the 15 s after which the contract wants an answer, also when a host swallows packets.
_REACH_WITHIN_S = 4.0
_CONNECT_WITHIN_S = 8.0
_REQUEST_TIMEOUT_S = 10.0
# OPTIONS in a frame of the native protocol v4: a node answers it before any login.
_CQL_OPTIONS = bytes([4, 0, 0, 0, 5, 0, 0, 0, 0])
# Not among them: a statement that Cassandra finds invalid, which is a bug of ours.
_TRANSLATED = (NoHostAvailable, OperationTimedOut, RequestExecutionException, AuthenticationFailed, Unauthorized)


@contextmanager
def open_session(settings: CassandraSettings) -> Iterator[Session]:
    """Open a session on the keyspace that `harmony setup` made.

    Raises:
        Unavailable: when no contact point answers, within 15 s.
        Misconfigured: when setup has not been run, is another version's or has other `shards`, or Cassandra refuses us.
    """
    with connected(settings) as session:
        require_schema(session, settings)
        session.set_keyspace(settings.keyspace)
        yield session


@contextmanager
def connected(settings: CassandraSettings) -> Iterator[Session]:
    """Open a session on no keyspace; what the driver raises inside the body becomes an error of ours."""
    _reach(settings)
    cluster = _cluster(_options(settings))
    try:
        with translating(settings):
            yield _connect(cluster, settings)
    finally:
        cluster.shutdown()


@contextmanager
def translating(settings: CassandraSettings) -> Iterator[None]:
    """Turn what the driver raises for want of a server, or of a right, into Unavailable and Misconfigured."""
    try:
        yield
    except _TRANSLATED as fault:
        raise explain(fault, settings) from fault


def check_options(settings: CassandraSettings) -> None:
    """Refuse what the driver would, without asking Cassandra.

    Raises:
        Misconfigured: naming the key.
    """
    _options(settings)


def reachable(settings: CassandraSettings) -> bool:
    """Say whether any contact point answers, within 4 s; one that is frozen takes a connection and never does."""
    within, context = _REACH_WITHIN_S / len(settings.contact_points), tls.context(settings)
    return any(_answers(host, settings.port, within, context) for host in settings.contact_points)


def require_schema(session: Session, settings: CassandraSettings) -> None:
    """Refuse a keyspace without our tables or with those of another version, and a config whose `shards` differ.

    Raises:
        Misconfigured: naming `harmony setup`, or the key.
    """
    query = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s AND table_name = 'settings'"
    is_there = session.execute(query, (settings.keyspace,)).one() is not None
    recorded = read_settings(session, settings.keyspace) if is_there else {}
    if not (version := version_of(recorded)):
        raise Misconfigured(
            f"{where(settings)} has no tables of ours in keyspace {settings.keyspace}: run `harmony setup`"
        )
    refuse_newer(recorded, settings.keyspace)
    if version < VERSION:
        raise Misconfigured(f"keyspace {settings.keyspace} was set up by an older harmony: run `harmony setup`")
    refuse_other_shards(recorded, settings)


def _reach(settings: CassandraSettings) -> None:
    """Fail at once where nobody listens; the driver would try each host in turn for as long as it takes.

    With TLS, fail also where no contact point has the right certificate: the driver would not say why.
    """
    context, refused, away = tls.context(settings), [], []
    for host in settings.contact_points:
        try:
            _greet(host, settings, context)
        except Misconfigured as fault:
            refused.append(fault)
        except OSError as fault:
            away.append(fault)
        else:
            return
    raise refused[0] if refused else unreached(settings, away)


def _greet(host: str, settings: CassandraSettings, context: ssl.SSLContext | None) -> None:
    within = _REACH_WITHIN_S / len(settings.contact_points)
    with socket.create_connection((host, settings.port), timeout=within) as connection:
        if context:
            tls.shake_hands(connection, host, context)


def _answers(host: str, port: int, within_s: float, context: ssl.SSLContext | None) -> bool:
    try:
        with (
            socket.create_connection((host, port), timeout=within_s) as plain,
            context.wrap_socket(plain, server_hostname=host) if context else plain as connection,
        ):
            connection.sendall(_CQL_OPTIONS)
            return bool(connection.recv(1))
    except OSError:
        return False


def _cluster(options: dict[str, Any]) -> Cluster:
    try:
        return Cluster(**options)
    except (ValueError, TypeError, ImportError) as fault:  # a library that an option asks for is not there
        raise Misconfigured(f"cassandra.client: {fault}") from fault


def _connect(cluster: Cluster, settings: CassandraSettings) -> Session:
    try:
        return cluster.connect()
    except NoHostAvailable:
        known = {host.datacenter for host in cluster.metadata.all_hosts() if host.datacenter}
        if known and settings.datacenter not in known:
            there = ", ".join(sorted(known))
            raise Misconfigured(
                f"cassandra.datacenter: {settings.datacenter}, but {where(settings)} knows only {there}"
            ) from None
        raise


def _options(settings: CassandraSettings) -> dict[str, Any]:
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=settings.datacenter)),
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL,
        request_timeout=_REQUEST_TIMEOUT_S,
    )
    options: dict[str, Any] = {
        "contact_points": list(settings.contact_points),
        "port": settings.port,
        "protocol_version": 5,
        "execution_profiles": {EXEC_PROFILE_DEFAULT: profile},
        "reconnection_policy": ConstantReconnectionPolicy(1.0, max_attempts=None),
        "connect_timeout": _CONNECT_WITHIN_S / len(settings.contact_points),
        "control_connection_timeout": _CONNECT_WITHIN_S / len(settings.contact_points),
    }
    if context := tls.context(settings):
        options["ssl_context"] = context
    return options | _login(settings) | free_options(settings.client)


def _login(settings: CassandraSettings) -> dict[str, Any]:
    if settings.username is None:
        return {}
    if settings.password is None:
        raise Misconfigured(
            "cassandra.username is set, but no password: use cassandra.password_file or HARMONY_CASSANDRA__PASSWORD"
        )
    return {"auth_provider": PlainTextAuthProvider(settings.username, settings.password.get_secret_value())}
