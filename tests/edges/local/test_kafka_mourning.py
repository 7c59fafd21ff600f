"""When a broker has ended the controller runs alone first; the real one is in tests/faults/test_broker_dies.py."""

import sys
from pathlib import Path

import pytest

from harmonystate.edges.local import kafka_mourning
from harmonystate.edges.local.kafka_mourning import mourn

NO_JAVA = ["/nowhere/java"]
LOG = "data/__cluster_metadata-0/0.log"
# Writes what a controller says into its log, and goes on writing metadata until it is stopped.
SAYS = """
import pathlib, time
pathlib.Path("log/controller.log").write_text({!r})
while True:
    time.sleep(0.05)
    with open({!r}, "a") as log:
        log.write("x")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("data/__cluster_metadata-0", "log", "conf"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / LOG).touch()
    return tmp_path


def controller(said: str) -> list[str]:
    return [sys.executable, "-c", SAYS.format(said, LOG)]


def test_what_never_ran_is_not_mourned(tmp_path: Path):
    mourn(tmp_path, NO_JAVA, controller_port=1)


def test_what_is_only_formatted_is_not_mourned_either(folder: Path):
    (folder / LOG).rename(folder / "data/__cluster_metadata-0/0.checkpoint")

    mourn(folder, NO_JAVA, controller_port=1)


def test_what_died_is_mourned_until_the_controller_has_given_it_up(folder: Path):
    mourn(folder, controller("Fencing broker 1 at epoch 15"), controller_port=4711)

    assert "listeners=CONTROLLER://127.0.0.1:4711" in (folder / "conf/controller.properties").read_text()
    # It says so first: one write later that is on its way, and after another it is there.
    assert (folder / LOG).stat().st_size >= 2


def test_what_was_said_of_an_earlier_death_is_not_taken_for_this_one(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kafka_mourning, "_NOTHING_TO_DO_S", 0.1)
    (folder / "log/controller.log").write_text("Fencing broker 1 at epoch 15")

    mourn(folder, controller("Becoming the active controller at epoch 2"), controller_port=1)

    assert "Fencing" not in (folder / "log/controller.log").read_text()


def test_what_was_given_up_before_is_not_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kafka_mourning, "_NOTHING_TO_DO_S", 0.1)

    mourn(folder, controller("Becoming the active controller at epoch 2"), controller_port=1)


def test_a_controller_that_ends_by_itself_is_not_waited_for(folder: Path):
    """What is wrong with it is wrong with the broker too, which will say so."""
    mourn(folder, [sys.executable, "-c", ""], controller_port=1)
