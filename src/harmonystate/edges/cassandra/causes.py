"""Why Cassandra does not let us work, in one line; the driver keeps the causes in a dictionary."""

from collections.abc import Sequence

from cassandra import AuthenticationFailed, Unauthorized
from cassandra.cluster import NoHostAvailable
from cassandra.connection import ConnectionException

from harmonystate.config import CassandraSettings
from harmonystate.core.loopback import is_loopback
from harmonystate.edges.cassandra import tls
from harmonystate.errors import HarmonyError, Misconfigured, Unavailable


def where(settings: CassandraSettings) -> str:
    """Name the contact points, such as `Cassandra at 127.0.0.1:9042`."""
    return "Cassandra at " + ", ".join(f"{host}:{settings.port}" for host in settings.contact_points)


def explain(fault: Exception, settings: CassandraSettings) -> HarmonyError:
    """Return what a fault of the driver means: the config (login, grant, TLS), or a server that is away."""
    causes = [*(fault.errors.values() if isinstance(fault, NoHostAvailable) else ()), fault]
    for cause in causes:
        # "Cannot achieve consistency level" also comes as bad credentials: too few nodes are up to look them up.
        if isinstance(cause, AuthenticationFailed) and "consistency level" not in str(cause):
            return _refused(settings)
        if isinstance(cause, Unauthorized):
            return Misconfigured(f"{where(settings)} grants user {settings.username} too little: {_first_line(cause)}")
    hung_up = [cause for cause in causes if isinstance(cause, OSError | ConnectionException)]
    if hung_up and "ssl_cafile" not in settings.client and tls.speaks_tls(settings.contact_points[0], settings.port):
        return Misconfigured(f"{where(settings)} speaks TLS: set cassandra.client.ssl_cafile")
    # When the driver knows of no node that is up, it tries none, and has nothing to quote.
    return away(settings, "no node is up" if isinstance(causes[0], NoHostAvailable) else _first_line(causes[0]))


def _refused(settings: CassandraSettings) -> Misconfigured:
    if settings.username is None:
        return Misconfigured(f"{where(settings)} wants a login: set cassandra.username and cassandra.password_file")
    return Misconfigured(
        f"{where(settings)} refuses user {settings.username}: check cassandra.username and its password"
    )


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]


def unreached(settings: CassandraSettings, faults: Sequence[OSError]) -> Unavailable:
    """Return that no contact point can be reached, and why: what is odder than a port on which nobody listens."""
    odd = next((fault for fault in faults if not isinstance(fault, ConnectionRefusedError)), None)
    if odd is None:
        return away(settings, "nobody listens")
    return away(settings, "timed out" if isinstance(odd, TimeoutError) else odd.strerror or _first_line(odd))


def away(settings: CassandraSettings, why: str) -> Unavailable:
    """Return that Cassandra does not answer, and how to have one, where it is one that `harmony up` starts."""
    hint = ": `harmony up` starts a local one" if all(map(is_loopback, settings.contact_points)) else ""
    return Unavailable(f"{where(settings)} does not answer ({why}){hint}")
