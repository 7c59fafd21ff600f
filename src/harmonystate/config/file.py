"""Reads the YAML and the secret files, strictly: small, no aliases, no code, no secret where others can read it."""

import os
import stat
from pathlib import Path
from typing import Any

import yaml

from harmonystate.errors import Misconfigured

MAX_YAML_BYTES = 64 * 1024
MAX_SECRET_BYTES = 64 * 1024
_STR = "tag:yaml.org,2002:str"


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses aliases (a small file that grows without bound), odd keys and a key given twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag != _STR:
                raise yaml.MarkedYAMLError(problem="a key that is not a name", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read the config file; an empty section is a section at its defaults.

    Raises:
        Misconfigured: when it is not there, too large, or not a YAML mapping.
    """
    text = _read(path, "config file", MAX_YAML_BYTES)
    try:
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else "?"
        problem = ", ".join(filter(None, (fault.context, fault.problem)))
        raise Misconfigured(f"{path}: line {line}: {problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise Misconfigured(f"{path}: not YAML: {str(fault).splitlines()[0]}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise Misconfigured(f"{path}: expected sections such as `kafka:` at the top")
    return {section: {} if values is None else values for section, values in content.items()}


def expanded(path: str | Path) -> Path:
    """Return the path with the home of whoever a leading `~` or `~user` means.

    Raises:
        ValueError: when there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError(f"nobody here has the home {Path(path).parts[0]}") from None


def read_secret(file: str | Path, key: str) -> str:
    """Read a secret file, without the newline at its end.

    Raises:
        Misconfigured: when it is not there, empty, no text, readable by others or another's (files under
            $CREDENTIALS_DIRECTORY are systemd's own and always fine).
    """
    try:
        path = expanded(file)
    except ValueError as fault:
        raise Misconfigured(f"{key}: {fault}") from None
    content = _read(path, key, MAX_SECRET_BYTES)
    if not _is_credential(path):
        _require_private(path, key)
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Misconfigured(f"{key}: {path} is not UTF-8 text") from None
    if not text:
        raise Misconfigured(f"{key}: {path} is empty")
    return text


def _require_private(path: Path, key: str) -> None:
    """Refuse what somebody else, root aside, may read or could change."""
    status = path.stat()
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Misconfigured(f"{key}: {path} is readable by others: chmod 600 {path}")
    if status.st_uid not in (os.geteuid(), 0):
        raise Misconfigured(f"{key}: {path} belongs to another user: chown {os.geteuid()} {path}")


def _is_credential(path: Path) -> bool:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(credentials) and path.resolve().is_relative_to(Path(credentials or "").resolve())


def _read(path: Path, what: str, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as fault:
        raise Misconfigured(f"{what}: cannot read {path}: {fault.strerror}") from None
    if len(content) > limit:
        raise Misconfigured(f"{what}: {path} is larger than {limit} bytes")
    return content
