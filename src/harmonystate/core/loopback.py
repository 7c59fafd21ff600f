"""Which hosts never leave this machine."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Say whether `host`, a name or an address of either family without brackets, is this machine's alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
