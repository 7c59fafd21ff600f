"""Reads the YAML and the secret files, strictly: small, no aliases, no code, no secret where others can read it."""

import os
import stat
from pathlib import Path
from typing import Any

import yaml

from harmonystate.errors import Misconfigured

MAX_YAML_BYTES = 64 * 1024


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses aliases (a small file that grows without bound) and a key given twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=self.get_mark())  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read the config file.

    Raises:
        Misconfigured: when it is not there, too large, or not a YAML mapping.
    """
    text = _read(path, "config file")
    if len(text) > MAX_YAML_BYTES:
        raise Misconfigured(f"{path}: larger than {MAX_YAML_BYTES} bytes")
    try:
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else "?"
        raise Misconfigured(f"{path}: line {line}: {fault.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise Misconfigured(f"{path}: not YAML: {str(fault).splitlines()[0]}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise Misconfigured(f"{path}: expected sections such as `kafka:` at the top")
    return content


def read_secret(path: Path, key: str) -> str:
    """Read a secret file, without the newline at its end.

    Raises:
        Misconfigured: when it is not there, empty, or readable by others (files under $CREDENTIALS_DIRECTORY are
            systemd's own and always fine).
    """
    text = _read(path, key).decode(errors="replace").strip()
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if not (credentials and path.is_relative_to(credentials)) and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Misconfigured(f"{key}: {path} is readable by others: chmod 600 {path}")
    if not text:
        raise Misconfigured(f"{key}: {path} is empty")
    return text


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise Misconfigured(f"{what}: cannot read {path}: {fault.strerror}") from None
