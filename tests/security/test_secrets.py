"""S3: where a secret may come from, and that not even a bug tells it. (With real services: test_secured_services.)"""

import subprocess
import sys

import pytest

from tests.support.harmony import HARMONY
from tests.support.services import child_environment, write_config

CANARY = "canary-5f1c"


@pytest.fixture
def harmony(offline_config, tmp_path):
    """Run a command that needs no service; `more` stands in the section kafka of the YAML."""
    path = write_config(offline_config, tmp_path / "harmony.yaml")

    def run(more="", **variables):
        path.write_text(path.read_text().replace("kafka:\n", f"kafka:\n{more}", 1))
        command = [HARMONY, "produce", "--output", "-", "--count", "1", "-v", "--config", path]
        return subprocess.run(command, env=child_environment(**variables), capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secrets" / "password"
    path.parent.mkdir()
    path.write_text(f"{CANARY}\n")
    return path


def keyed(path):
    # The file has both keys at null, and a key may stand there once only.
    return {"HARMONY_KAFKA__USERNAME": "harmony", "HARMONY_KAFKA__PASSWORD_FILE": str(path)}


def test_a_secret_that_others_can_read_is_78_with_the_remedy(harmony, secret):
    secret.chmod(0o644)

    ended = harmony(**keyed(secret))

    assert ended.returncode == 78
    assert ended.stderr.endswith(f"kafka.password_file: {secret} is readable by others: chmod 600 {secret}\n")


def test_a_secret_in_the_yaml_is_78_and_not_repeated(harmony):
    ended = harmony(f"  password: {CANARY}\n")

    assert ended.returncode == 78
    assert "kafka.password: a secret does not belong here" in ended.stderr
    assert CANARY not in ended.stderr


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_of_one_s_own_is_taken_and_not_told(harmony, secret, mode):
    secret.chmod(mode)

    ended = harmony(**keyed(secret))

    assert ended.returncode == 0
    assert CANARY not in ended.stdout + ended.stderr


def test_what_systemd_hands_over_is_taken_though_others_could_read_it(harmony, secret):
    secret.chmod(0o444)

    ended = harmony(**keyed(secret), CREDENTIALS_DIRECTORY=str(secret.parent))

    assert ended.returncode == 0


BUG = """
from harmonystate.commands import stream_alerts
from harmonystate.edges.kafka.options import client_options

def run(config, **options):
    secret = client_options(config.kafka)["sasl_plain_password"]
    assert secret == "canary-5f1c"
    raise RuntimeError(f"a bug with {config!r}, {config.kafka}, {config.model_dump()}, {config.model_dump_json()}")

stream_alerts.run = run
from harmonystate.cli import main
main()
"""


def test_a_bug_with_all_of_the_config_in_its_hands_does_not_tell_it():
    secrets = {
        "HARMONY_KAFKA__USERNAME": "harmony",
        "HARMONY_KAFKA__PASSWORD": CANARY,
        "HARMONY_CASSANDRA__PASSWORD": CANARY,
        "HARMONY_DISCORD__TOKEN": CANARY,
    }

    command = [sys.executable, "-c", BUG, "stream-alerts", "-v"]
    ended = subprocess.run(
        command, env=child_environment(**secrets), capture_output=True, text=True, check=False, cwd="/"
    )

    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "RuntimeError: a bug with Config(" in ended.stderr
    assert CANARY not in ended.stdout + ended.stderr
