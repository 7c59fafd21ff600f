"""What `harmony` says of itself, and what it need not load to say so."""

import os
import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.cli.conftest import Harmony

# The table of the contract.
OPTIONS = {
    "produce": "--drones --rate --alert-ratio --seed --count --duration --speed --start --backfill --run --output"
    " --instance --metrics-port",
    "stream-alerts": "--threshold --once --input --output --instance --metrics-port",
    "alert-bot": "--sink --once --test --instance --metrics-port",
    "ingest": "--once --repair-checkpoint --accept-loss --metrics-port",
    "analyze": "--top --since --until --threshold --full --no-save --output --metrics-file",
    "setup": "",
    "up": "",
    "down": "--wipe --yes",
    "status": "--watch --max-age --output",
    "dashboard": "--port --host --open",
    "demo": "--exit --discord",
    "silence add": "--for --author --comment",
    "silence list": "--expired --output",
    "silence expire": "",
    "doctor": "--wait --spark --output",
    "config show": "--output",
    "config check": "",
    "verify": "--since --until --repair --limit --output",
    "trace": "--since --output",
    "forget": "--yes",
    "dead-letters list": "--stage --since --limit --output",
    "dead-letters show": "--output",
    "dead-letters replay": "--stage --since --execute --again --output",
}
COMMON = {"--config", "--verbose", "--quiet", "--log-format", "--help"}
SHORT = {"-w": "--watch", "-v": "--verbose", "-q": "--quiet", "-h": "--help", "-o": "--output"}
HEAVY = {"pyspark", "hikari", "cassandra", "kafka", "pyarrow", "pandas", "jgo", "numpy", "msgspec", "yaml"}
HEAVY |= {"nicegui", "fastapi", "uvicorn"}


def options_in(text: str) -> dict[str, str]:
    """Return the options that a help text lists, each with what is said of it."""
    joined = re.sub(r"\n {20,}", " ", text)
    found = {}
    for line in re.findall(r"^  +-.*$", joined, re.MULTILINE):
        names, _, said = line.strip().partition("  ")
        name = re.search(r"--[a-z-]+", names)
        assert name, line
        found[name[0]] = said.strip()
    return found


def test_what_a_command_is_for_fits_into_its_line(harmony: Harmony):
    commands = harmony("--help").out.partition("Commands:")[2]

    assert len(commands.splitlines()) > 18
    assert "..." not in commands


def test_harmony_alone_shows_its_help_and_ends_with_2(harmony: Harmony):
    alone, asked = harmony(), harmony("--help")

    assert (alone.code, asked.code) == (2, 0)
    assert alone.out + alone.err == asked.out
    assert asked.err == ""


def test_the_help_names_every_command_and_what_it_does(harmony: Harmony):
    listed = re.findall(r"^  ([a-z-]+)  +\S.*$", harmony("--help").out.partition("Commands:")[2], re.MULTILINE)

    assert listed == list(dict.fromkeys(command.split()[0] for command in OPTIONS))


@pytest.mark.parametrize("command", OPTIONS)
def test_a_command_has_the_options_of_the_contract_and_says_what_each_is_for(command: str, harmony: Harmony):
    answer = harmony(*command.split(), "--help")
    listed = options_in(answer.out)

    assert answer.code == 0
    assert set(listed) == {*OPTIONS[command].split(), *COMMON}
    assert all(len(said) > 10 for said in listed.values()), listed


@pytest.mark.parametrize("command", OPTIONS)
def test_a_short_option_means_the_same_everywhere(command: str, harmony: Harmony):
    pairs = re.findall(r"(-\w), (--[a-z-]+)|(--[a-z-]+), (-\w)", harmony(*command.split(), "-h").out)

    assert {(a or d, b or c) for a, b, c, d in pairs} - {("-y", "--yes")} <= set(SHORT.items())


def test_the_version_is_that_of_the_package(harmony: Harmony):
    assert harmony("--version") == (0, f"harmony {version('harmonystate')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["--help"], HEAVY | {"pydantic"}),
        ([], HEAVY | {"pydantic"}),
        # typer 0.29 itself loads pydantic where it parses the options of a command
        (["produce", "--help"], HEAVY),
        (["analyze", "--help"], HEAVY),
    ],
)
def test_help_loads_none_of_the_heavy_libraries(arguments: list[str], spared: set[str]):
    command = [sys.executable, "-X", "importtime", "-m", "harmonystate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}

    assert "typer" in loaded
    assert loaded & spared == set()


def test_help_is_readable_without_colour_and_holds_no_escape(harmony: Harmony):
    assert "\x1b" not in harmony("produce", "--help").out
