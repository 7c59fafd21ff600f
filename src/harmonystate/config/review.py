"""What a config comes to, key by key, and where each value comes from; all that is wrong with a file."""

import os
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr, ValidationError

from harmonystate.config import secrets
from harmonystate.config.dump import plain
from harmonystate.config.file import read_yaml
from harmonystate.config.load import explain, holds, load, read_environment
from harmonystate.config.models import Config
from harmonystate.errors import Misconfigured

MASK = "********"


class Setting(NamedTuple):
    """A key with its value, as a person would write it, and its origin: a file, a variable, or "default"."""

    key: str
    value: Any
    origin: str


def settings(path: Path | None) -> list[Setting]:
    """Return every key of the config in use, in the order of the file that we ship; secrets are masked.

    Raises:
        Misconfigured: as `load` does.
    """
    config = load(path)
    yaml, environment = read_yaml(path) if path else {}, read_environment()
    content = config.model_dump()
    # pydantic turns a Fraction into text of its own, such as 1/10.
    content["produce"]["rate"] = config.produce.rate
    return [
        Setting(".".join(key), _shown(key[-1], value), _origin(key, content, yaml, environment, path))
        for key, value in _leaves(content)
    ]


def faults(path: Path) -> list[str]:
    """Return all that is wrong with a file, whatever the environment says; each with the path of its key."""
    return examine(path)[0]


def examine(path: Path) -> tuple[list[str], Config]:
    """Return the faults of a file, and what of it holds, the rest at its defaults; the environment does not count.

    A password that the file leaves to the environment is taken for given: that is no fault of the file.
    """
    try:
        yaml = read_yaml(path)
    except Misconfigured as fault:
        return [str(fault).removeprefix(f"{path}: ")], Config()
    found = list(secrets.faults_in_yaml(yaml))
    try:
        yaml = secrets.filled_from_files(yaml)
    except Misconfigured as fault:
        found.append(str(fault))
    try:
        Config.model_validate(yaml)
    except ValidationError as fault:
        found += [explain(error) for error in fault.errors()]
        yaml = _without(yaml, {error["loc"][:2] for error in fault.errors()})
    return found, Config.model_validate(secrets.with_passwords(yaml))


def _without(yaml: Mapping[str, Any], faulty: Container[tuple[int | str, ...]]) -> dict[str, Any]:
    """Leave sections out, and keys of sections."""
    return {
        section: {key: value for key, value in values.items() if (section, key) not in faulty}
        for section, values in yaml.items()
        if (section,) not in faulty
    }


def _leaves(content: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in content.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _shown(name: str, value: Any) -> Any:
    if value is not None and (isinstance(value, SecretStr) or secrets.is_secret(name)):
        return MASK
    return plain(value)


def _origin(
    key: tuple[str, ...],
    content: Mapping[str, Any],
    yaml: Mapping[str, Any],
    environment: Mapping[str, Any],
    path: Path | None,
) -> str:
    if _names(environment, key):
        return f"environment, {_variable(key)}"
    if _names(yaml, key):
        return str(path)
    if key in secrets.SECRETS and content[key[0]][key[1]] is not None:
        return str(content[key[0]][f"{key[1]}_file"])
    return "default"


def _names(source: Mapping[str, Any], key: tuple[str, ...]) -> bool:
    return key[0] in source and holds(source, key)


def _variable(key: tuple[str, ...]) -> str:
    """Return the variable that holds a key: its own, or, where it was given as JSON, that of a part above."""
    there = {name.upper() for name in os.environ}
    names = [f"HARMONY_{'__'.join(key[:end])}".upper() for end in range(len(key), 0, -1)]
    return next((name for name in names if name in there), names[0])
