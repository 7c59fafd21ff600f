"""Finds the config file, merges the sources, and says what is wrong by the key's path."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SettingsError

from harmonystate.config.file import read_secret, read_yaml
from harmonystate.config.models import Config
from harmonystate.errors import Misconfigured

# Keys that hold a secret, each with the key that names its file.
SECRETS = (("discord", "token"), ("cassandra", "password"), ("kafka", "password"))
NOT_KEYS = {"HARMONY_CONFIG", "HARMONY_CRASH_AT"}


def find(explicit: Path | None) -> Path | None:
    """Return the config file in use: the first that exists, or None when there is none (all defaults)."""
    if explicit is not None:
        return explicit
    if named := os.environ.get("HARMONY_CONFIG"):
        return Path(named)
    places = (
        Path("config/harmony.yaml"),
        platformdirs.user_config_path("harmony") / "harmony.yaml",
        Path("/etc/harmony/harmony.yaml"),
    )
    return next((place for place in places if place.exists()), None)


def load(path: Path | None, **flags: Mapping[str, Any]) -> Config:
    """Merge flags, environment, secret files, YAML and defaults.

    Args:
        path: the file, as `find` returns it.
        flags: sections with what the command line named; a value of None was not named.

    Raises:
        Misconfigured: naming the key's path, and the nearest known key where it is unknown.
    """
    yaml = read_yaml(path) if path else {}
    _refuse_secrets(yaml, path)
    _refuse_unknown_variables()
    try:
        environment = EnvSettingsSource(Config)()
    except SettingsError as fault:
        raise Misconfigured(f"environment: {fault}") from None
    sources = {"command line": _named(flags), "environment": environment, str(path): yaml}
    merged = _merge(_merge(yaml, environment), sources["command line"])
    for section, key in SECRETS:
        _fill_secret(merged, section, key)
    try:
        return Config.model_validate(merged)
    except ValidationError as fault:
        error = fault.errors()[0]
        origin = next((name for name, source in sources.items() if _holds(source, error["loc"])), "defaults")
        raise Misconfigured(f"{origin}: {_explain(error)}") from None


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _named(flags: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {section: {k: v for k, v in values.items() if v is not None} for section, values in flags.items()}


def _fill_secret(merged: dict[str, Any], section: str, key: str) -> None:
    """Take a secret from its file where the environment has not named it."""
    values = merged.get(section)
    if not isinstance(values, dict) or values.get(key) is not None or not values.get(f"{key}_file"):
        return
    secret = read_secret(Path(str(values[f"{key}_file"])).expanduser(), f"{section}.{key}_file")
    merged[section] = {**values, key: secret}


def _refuse_secrets(yaml: Mapping[str, Any], path: Path | None) -> None:
    for section, key in SECRETS:
        values = yaml.get(section)
        if isinstance(values, Mapping) and values.get(key) is not None:
            variable = f"HARMONY_{section}__{key}".upper()
            raise Misconfigured(f"{path}: {section}.{key}: a secret does not belong here: use {key}_file or {variable}")


def _refuse_unknown_variables() -> None:
    """pydantic-settings reads only what it knows, so a typo at the top would be silent."""
    sections = {f"HARMONY_{name}".upper() for name in Config.model_fields}
    for variable in os.environ:
        if variable.startswith("HARMONY_") and variable not in NOT_KEYS and variable.split("__")[0] not in sections:
            raise Misconfigured(f"environment: {variable}: unknown key{_nearest(variable, sections)}")


def _holds(source: object, path: tuple[int | str, ...]) -> bool:
    for part in path:
        if not isinstance(source, Mapping) or part not in source:
            return False
        source = source[part]
    return True


def _explain(error: ErrorDetails) -> str:
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key{_nearest(path, _known_paths(Config))}"
    return f"{path}: {error['msg'].removeprefix('Value error, ')}"


def _nearest(name: str, known: Iterator[str] | set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _known_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _known_paths(field.annotation, f"{prefix}{name}.")
