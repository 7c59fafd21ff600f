"""Where secrets may come from: the environment, or a file that only its owner can read; never the YAML."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harmonystate.config.file import read_secret
from harmonystate.errors import Misconfigured

# Keys that hold a secret; each has a second key, `<key>_file`, that names its file.
SECRETS = (("discord", "token"), ("cassandra", "password"), ("kafka", "password"), ("grafana", "token"))
# Sections' free options, of which some hold secrets too, such as ssl_password or spark.cassandra.auth.password.
_FREE = (("kafka", "client"), ("cassandra", "client"), ("spark", "conf"))
_BETTER = {
    "kafka.client.sasl_plain_password": "HARMONY_KAFKA__PASSWORD",
    "spark.conf.spark.cassandra.auth.password": "HARMONY_CASSANDRA__PASSWORD",
}
# By their last words: `ssl_keyfile`, `secret.file` or `credentials.provider` name a path or a class, and two that end
# in credentials a file and a way. Azure's go on with the account that they are of.
_SECRET_NAME = re.compile(
    r"""(password | passwd | secret | token | (?<!application_)(?<!kerberos[.]renewal[.])credentials?
        | (secret|secret_access|private|account)[._-]key | api[._-]?key | fs[.]azure[.]sas[.][\w-]+)
        ([.][\w-]+([.]z\d+)?[.](dfs|blob)[.][\w.-]+)?$""",
    re.IGNORECASE | re.VERBOSE,
)


def is_secret(option: str) -> bool:
    """Say whether the value of a free option of this name is a secret."""
    return _SECRET_NAME.search(option) is not None


def refuse_in_yaml(yaml: Mapping[str, Any], path: Path | None) -> None:
    """Raise Misconfigured when the YAML holds a secret."""
    for fault in faults_in_yaml(yaml):
        raise Misconfigured(f"{path}: {fault}")


def faults_in_yaml(yaml: Mapping[str, Any]) -> Iterator[str]:
    """Say of each secret that the YAML holds where else it belongs."""
    for section, key in SECRETS:
        if _values(yaml, section).get(key) is not None:
            variable = f"HARMONY_{section}__{key}".upper()
            yield f"{section}.{key}: a secret does not belong here: use {key}_file or {variable}"
    for section, key, option in _free_secrets(yaml):
        name = f"{section}.{key}.{option}"
        variable = f"HARMONY_{section}__{key}".upper() + ("" if section == "spark" else f"__{option.upper()}")
        yield f"{name}: a secret does not belong here: use {_BETTER.get(name, variable)}"


def filled_from_files(merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with each secret taken from its file where the environment has not named it."""
    filled = dict(merged)
    for section, key in SECRETS:
        values = _values(merged, section)
        if values.get(key) is None and (file := values.get(f"{key}_file")):
            filled[section] = {**values, key: read_secret(str(file), f"{section}.{key}_file")}
    return filled


def with_passwords(yaml: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with some password for each user who has none here."""
    filled = dict(yaml)
    for section in ("cassandra", "kafka"):
        values = _values(yaml, section)
        if values.get("username") is not None and values.get("password") is None:
            filled[section] = {**values, "password": "from the environment"}
    return filled


def _free_secrets(yaml: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for section, key in _FREE:
        for option in _values(_values(yaml, section), key):
            if is_secret(option):
                yield section, key, option


def _values(content: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    values = content.get(section)
    return values if isinstance(values, Mapping) else {}
