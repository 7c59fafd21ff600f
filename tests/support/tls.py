"""Certificates for one test run, made by the keytool that every Java brings."""

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harmonystate.edges.local.java import find_java

# Of files that live as long as a test; keytool asks for one.
STORE_PASSWORD = "of-the-tests"
_KEY = ("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2")


@dataclass(frozen=True)
class Identity:
    """A certificate of a server, signed by an authority of its own.

    Attributes:
        store: PKCS12: the server's key and its chain.
        ca: PEM: the authority, for those who are to trust it.
    """

    store: Path
    ca: Path


def make_identity(folder: Path, name: str, host: str) -> Identity:
    """Make a server's certificate for `host`, such as ip:127.0.0.1 or dns:kafka.example."""
    store = folder / f"{name}.p12"
    authority = ("-dname", f"CN={name} authority", "-ext", "bc:c", "-ext", "ku:c=keyCertSign,cRLSign")
    _keytool(store, "-genkeypair", "-alias", "authority", *authority, *_KEY)
    server = ("-alias", "server", "-signer", "authority", "-dname", "CN=server", "-ext", f"san={host}")
    _keytool(store, "-genkeypair", *server, *_KEY)
    ca = folder / f"{name}.pem"
    _keytool(store, "-exportcert", "-rfc", "-alias", "authority", "-file", str(ca))
    # Whoever shows this store to the world shows the server's key, not the authority's.
    _keytool(store, "-delete", "-alias", "authority")
    return Identity(store, ca)


def make_identities(folder: Path, hosts: Sequence[tuple[str, str]]) -> list[Identity]:
    """Make several, (name, host), side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(lambda wanted: make_identity(folder, *wanted), hosts))


def _keytool(store: Path, *arguments: str) -> None:
    keytool = find_java() / "bin/keytool"
    java = ("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")
    where = ("-storetype", "PKCS12", "-keystore", str(store), "-storepass", STORE_PASSWORD)
    subprocess.run([keytool, *java, *arguments, *where], check=True, capture_output=True, timeout=300)
