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

from harmonystate.config import secrets
from harmonystate.config.file import read_yaml
from harmonystate.config.models import Config, Environment
from harmonystate.errors import BadUsage, Misconfigured

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
        BadUsage: naming the option, when a flag is what is wrong.
    """
    yaml = read_yaml(path) if path else {}
    secrets.refuse_in_yaml(yaml, path)
    environment = read_environment()
    named = _named(flags)
    merged = secrets.filled_from_files(merge(merge(yaml, environment), named))
    try:
        return Config.model_validate(merged)
    except ValidationError as fault:
        error = fault.errors()[0]
    if holds(named, error["loc"]):
        option = str(error["loc"][-1]).replace("_", "-")
        raise BadUsage(f"--{option}: {_reason(error)}")
    origin = "environment" if holds(environment, error["loc"]) else path
    raise Misconfigured(f"{origin}: {explain(error)}")


def explain(error: ErrorDetails) -> str:
    """Return where a value is wrong, and why."""
    return f"{'.'.join(map(str, error['loc']))}: {_reason(error)}"


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one source over another, key by key."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _named(flags: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {section: {k: v for k, v in values.items() if v is not None} for section, values in flags.items()}


def read_environment() -> dict[str, Any]:
    """Return what HARMONY_… variables say.

    Raises:
        Misconfigured: when one of them names no key.
    """
    _refuse_unknown_variables()
    try:
        return EnvSettingsSource(Environment)()
    except SettingsError as fault:
        raise Misconfigured(f"environment: {fault}") from None


def _refuse_unknown_variables() -> None:
    """pydantic-settings reads only what it knows, so a typo at the top would be silent."""
    known = {f"HARMONY_{path.replace('.', '__')}".upper() for path in _known_paths(Config)}
    for variable in os.environ:
        name = variable.upper()  # pydantic-settings reads them in any case
        if name.startswith("HARMONY_") and name not in NOT_KEYS and name.split("__")[0] not in known:
            raise Misconfigured(f"environment: {variable}: unknown key{_nearest(name, known)}")


def holds(source: object, path: tuple[int | str, ...]) -> bool:
    """Say whether what is wrong at `path` came from this source; below a list, the whole list did."""
    for part in path:
        if not isinstance(source, Mapping):
            return True
        if part not in source:
            return False
        source = source[part]
    return True


def _reason(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return f"unknown key{_nearest('.'.join(map(str, error['loc'])), _known_paths(Config))}"
    if error["type"] == "model_type":
        return "expected keys of its own"
    return error["msg"].removeprefix("Value error, ")


def _nearest(name: str, known: Iterator[str] | set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _known_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _known_paths(field.annotation, f"{prefix}{name}.")
