"""Cipher suites in Java's words: what OpenSSL calls ECDHE-RSA-AES256-GCM-SHA384."""

import re
import ssl

_SUITE = re.compile(
    r"(?:(?P<exchange>ECDHE|DHE)-(?P<signature>ECDSA|RSA)-)?"
    r"(?:AES(?P<bits>128|256)-(?P<gcm>GCM-)?(?P<hash>SHA\d*)|CHACHA20-POLY1305)"
)


def java_suites(ciphers: str) -> list[str]:
    """Return, in its order, those suites of a list as OpenSSL takes it, `ECDHE+AESGCM:!aNULL` say, that Java has too.

    Those of TLS 1.3 are among them, as they are with OpenSSL whatever the list says.

    Raises:
        ssl.SSLError: when OpenSSL finds nothing in the list.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(ciphers)
    return [suite for cipher in context.get_ciphers() if (suite := _in_java(cipher["name"]))]


def _in_java(name: str) -> str | None:
    if name.startswith("TLS_") and "CCM" not in name:
        return name
    if not (parts := _SUITE.fullmatch(name)):
        return None
    exchange = f"{parts['exchange']}_{parts['signature']}" if parts["exchange"] else "RSA"
    if not parts["bits"]:
        return f"TLS_{exchange}_WITH_CHACHA20_POLY1305_SHA256"
    return f"TLS_{exchange}_WITH_AES_{parts['bits']}_{'GCM' if parts['gcm'] else 'CBC'}_{parts['hash']}"
