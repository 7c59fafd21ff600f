"""The YAML and the secret files are read strictly. One file, one fault, one line that says which."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.config.file import MAX_YAML_BYTES, read_secret, read_yaml
from harmonystate.errors import Misconfigured


def fault_of(path: Path) -> str:
    with pytest.raises(Misconfigured) as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "harmony.yaml"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "kafka:\n", "kafka: {}\n", "\ufeffkafka:\n"])
def test_an_empty_file_or_section_is_all_defaults(path: Path, text: str):
    path.write_text(text)

    assert read_yaml(path) in ({}, {"kafka": {}})


HOSTILE = {
    "an alias": (b"kafka: &k {partitions: 4}\ncassandra: *k\n", "line 2: aliases are not allowed"),
    "a billion laughs": (b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "line 2: aliases are not allowed"),
    "an alias of itself": (b"a: &a\n  b: *a\n", "line 2: aliases are not allowed"),
    "a merge": (b"alerts:\n  <<: {threshold: 3}\n", "line 2: a key that is not a name"),
    "a key given twice": (
        b"alerts: {threshold: 2}\nanalysis: {}\nalerts: {threshold: 3}\n",
        "line 3: alerts is given twice",
    ),
    "a key given twice below": (b"alerts:\n  threshold: 2\n  threshold: 3\n", "line 3: threshold is given twice"),
    "a key twice, once in quotes": (b"alerts: {}\n'alerts': {}\n", "line 2: alerts is given twice"),
    "a number as key": (b"1: 2\n", "line 1: a key that is not a name"),
    "a list as key": (b"? [kafka]\n: 2\n", "line 1: a key that is not a name"),
    "a mapping as key": (b"? {kafka: 1}\n: 2\n", "line 1: a key that is not a name"),
    "yes as key": (b"kafka:\n  yes: 1\n", "line 2: a key that is not a name"),
    "code": (b"a: !!python/object/apply:os.system ['true']\n", "line 1: could not determine a constructor"),
    "a Python name": (b"a: !!python/name:os.system ''\n", "line 1: could not determine a constructor"),
    "an unknown tag": (b"a: !vault secret\n", "line 1: could not determine a constructor"),
    "a list": (b"- kafka\n", "expected sections"),
    "a text": (b"kafka\n", "expected sections"),
    "a number": (b"9092\n", "expected sections"),
    "two documents": (b"kafka: {}\n---\nkafka: {}\n", "line 2: expected a single document"),
    "an open bracket": (b"kafka: {partitions: 4\n", "line 2: while parsing a flow mapping"),
    "a tab": (b"kafka:\n\tpartitions: 4\n", "line 2: while scanning"),
    "no UTF-8": (b"kafka: {bootstrap_servers: '\xff'}\n", "not YAML"),
    "NUL": (b"kafka: \0\n", "not YAML"),
    "an ELF binary": (b"\x7fELF\x02\x01\x01" + bytes(100), "not YAML"),
    "60,000 brackets": (b"[" * 60_000, "not YAML"),
    "30,000 lists": (b"- " * 30_000, "not YAML"),
    "an integer of 5,000 digits": (b"a: " + b"9" * 5000, "not YAML"),
    "a byte too many": (b"#" * (MAX_YAML_BYTES + 1), f"larger than {MAX_YAML_BYTES} bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(path: Path, name: str):
    content, said = HOSTILE[name]
    path.write_bytes(content)

    assert said in fault_of(path)


def test_a_file_of_exactly_64_kib_is_read(path: Path):
    path.write_bytes(b"#" * (64 * 1024))

    assert read_yaml(path) == {}


def test_a_file_that_is_not_there_or_a_folder_is_named(path: Path):
    assert "No such file" in fault_of(path)
    assert "Is a directory" in fault_of(path.parent)


def test_an_endless_file_is_refused():
    assert "larger than" in fault_of(Path("/dev/zero"))


@given(st.one_of(st.binary(), st.text(st.sampled_from("ab:{}[]&*!?-|>'\"#%@` \n\t,1.~"))))
def test_arbitrary_bytes_are_a_mapping_or_misconfigured_and_nothing_worse(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str
):
    path = tmp_path_factory.getbasetemp() / "arbitrary.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with suppress(Misconfigured):
        assert isinstance(read_yaml(path), dict)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.touch(mode=0o600)
    return path


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"canary", "canary"),
        (b"canary\n", "canary"),
        (b"canary\r\n", "canary"),
        (b" can ary \n", " can ary "),
        (b"\xc3\xa9", "é"),
    ],
)
def test_a_secret_is_what_the_file_says_without_the_newline_at_its_end(secret: Path, content: bytes, value: str):
    secret.write_bytes(content)

    assert read_secret(secret, "kafka.password_file") == value


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o660, 0o777])
def test_a_secret_that_others_can_reach_is_refused_with_the_remedy(secret: Path, mode: int):
    secret.write_text("canary")
    secret.chmod(mode)

    with pytest.raises(Misconfigured, match=rf"kafka.password_file: .*: chmod 600 {secret}") as caught:
        read_secret(secret, "kafka.password_file")
    assert "canary" not in str(caught.value)


def test_systemd_s_credentials_may_be_readable(secret: Path, monkeypatch: pytest.MonkeyPatch):
    secret.write_text("canary")
    secret.chmod(0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))

    assert read_secret(secret, "discord.token_file") == "canary"


def test_a_secret_of_another_user_is_refused(secret: Path, monkeypatch: pytest.MonkeyPatch):
    secret.write_text("canary")
    monkeypatch.setattr(os, "geteuid", lambda: 4712)
    if secret.stat().st_uid == 0:  # only root may write root's files
        os.chown(secret, 4711, -1)

    with pytest.raises(Misconfigured, match=r"password_file: .* belongs to another user: chown 4712 "):
        read_secret(secret, "cassandra.password_file")


def test_a_way_round_the_credentials_folder_is_none(secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    secret.chmod(0o444)
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    with pytest.raises(Misconfigured, match="readable by others"):
        read_secret(tmp_path / "credentials" / ".." / "password", "discord.token_file")


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "not UTF-8"), (b"x" * 70_000, "larger")]
)
def test_a_secret_that_cannot_be_one_is_refused(secret: Path, content: bytes, said: str):
    secret.write_bytes(content)

    with pytest.raises(Misconfigured, match=rf"cassandra.password_file: .*{said}"):
        read_secret(secret, "cassandra.password_file")


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(Misconfigured, match=r"discord.token_file: cannot read .*/token: No such file"):
        read_secret(tmp_path / "token", "discord.token_file")
