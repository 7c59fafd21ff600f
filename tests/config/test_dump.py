"""A config that was written for another process is the same config there, and tells no secret."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.config import Config, dump, load

milliseconds = st.integers(1000, 1826 * 86_400_000).map(lambda ms: f"{ms}ms")
intervals = st.decimals("0.001", 10**9, places=3).map(lambda ms: f"{ms}ms")
rates = st.builds("{}/{}".format, st.integers(1, 10_000), st.sampled_from(["s", "min", "h", "d"]))
configs = st.fixed_dictionaries(
    {
        "kafka": st.fixed_dictionaries(
            {"topics": st.just({"global1": "g", "global2": "g"}), "client": st.just({"ssl_cafile": "a"})}
        ),
        "cassandra": st.fixed_dictionaries({"report_ttl": milliseconds, "contact_points": st.just(["a", "::1"])}),
        "spark": st.fixed_dictionaries(
            {
                "conf": st.just({"spark.a": True, "spark.b": 1, "spark.c": 0.5, "spark.d": "null"}),
                "trigger_interval": intervals,
            }
        ),
        "produce": st.fixed_dictionaries({"rate": rates, "alert_ratio": st.decimals(0, 1).map(str)}),
        "local": st.just({"home": "state"}),
    }
)


def test_the_defaults_come_back(tmp_path: Path):
    assert load(dump.write(Config(), tmp_path / "new" / "harmony.yaml")) == Config()


@given(configs)
def test_any_config_comes_back(tmp_path_factory: pytest.TempPathFactory, sections: dict[str, Any]):
    config = Config.model_validate(sections)

    assert load(dump.write(config, tmp_path_factory.getbasetemp() / "dumped.yaml")) == config


def test_a_rate_that_no_unit_makes_whole_comes_back_nearly(tmp_path: Path):
    config = Config.model_validate({"produce": {"rate": Fraction(1, 7)}})
    back = load(dump.write(config, tmp_path / "harmony.yaml"))

    assert float(back.produce.rate) == pytest.approx(1 / 7)


def test_no_secret_is_written(tmp_path: Path):
    secrets = {
        "discord": {"token": "canary"},
        "cassandra": {"password": "canary"},
        "kafka": {"password": "canary", "client": {"ssl_password": "canary", "ssl_cafile": "ca.pem"}},
        "spark": {"conf": {"spark.ssl.keyStorePassword": "canary"}},
    }
    path = dump.write(Config.model_validate(secrets), tmp_path / "harmony.yaml")

    assert "canary" not in path.read_text()
    assert load(path).kafka.client == {"ssl_cafile": "ca.pem"}
