"""The doctor before a Grafana, played by what its API answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from harmonystate.commands.doctor.examining import examine
from harmonystate.commands.doctor.grafana import GRAFANA
from harmonystate.config import Config, GrafanaSettings
from harmonystate.core.checkup import Check, Level
from harmonystate.edges.grafana.datasource import KIND, UID

HEALTHY = {"database": "ok", "version": "12.1.0"}
TOKEN = "glsa_canary"


@contextmanager
def grafana(answers: dict[str, tuple[int, object]], token: str | None = None) -> Iterator[str]:
    """Answer these paths; below /api/datasources only with the token, where one is wanted."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers.get(self.path, (404, {"message": "Not found"}))
            if token and "datasources" in self.path and self.headers["Authorization"] != f"Bearer {token}":
                status, body = 401, {"message": "Unauthorized"}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def checks(answers: dict, *, wants: str | None = None, token: str | None = None) -> list[Check]:
    with grafana({"/api/health": (200, HEALTHY), **answers}, wants) as url:
        settings = GrafanaSettings(url=url, token=SecretStr(token) if token else None)
        return list(examine(GRAFANA, Config(grafana=settings)).checks)


OURS = {f"/api/datasources/uid/{UID}": (200, {"type": KIND}), f"/api/datasources/uid/{UID}/health": (200, {})}


def test_a_grafana_with_our_datasource_is_well():
    found = checks(OURS, wants=TOKEN, token=TOKEN)

    assert [check.level for check in found] == [Level.OK, Level.OK]
    assert "Grafana 12.1.0" in found[0].says


@pytest.mark.parametrize(
    ("answers", "token", "level", "says"),
    [
        ({}, TOKEN, Level.FAIL, f"Grafana has no datasource {UID} (404)"),
        (OURS, "wrong", Level.FAIL, "does not let us look at its datasources (401)"),
        (OURS, None, Level.WARN, "does not let us look at its datasources (401)"),
        ({f"/api/datasources/uid/{UID}": (200, {"type": "prometheus"})}, TOKEN, Level.FAIL, "is of type prometheus"),
        (
            {**OURS, f"/api/datasources/uid/{UID}/health": (400, {"message": "no hosts\navailable"})},
            TOKEN,
            Level.FAIL,
            "does not reach Cassandra: no hosts available",
        ),
    ],
)
def test_what_is_wrong_with_the_datasource_is_said(answers, token, level, says):
    found = checks(answers, wants=TOKEN, token=token)[-1]

    assert (found.level, found.id) == (level, "grafana-datasource")
    assert says in found.says
    assert found.hint
    assert TOKEN not in str(found)


def test_a_grafana_that_is_away_is_one_failure():
    with grafana({}) as url:
        pass

    (found,) = examine(GRAFANA, Config(grafana=GrafanaSettings(url=url))).checks

    assert (found.level, found.id) == (Level.FAIL, "grafana-answers")
    assert url in found.says


def test_somebody_else_at_the_address_is_no_grafana():
    (found,) = checks({"/api/health": (200, ["hello"])})

    assert "is no Grafana (status 200)" in found.says


def test_without_a_grafana_there_is_nothing_to_look_at():
    assert [check.level for check in examine(GRAFANA, Config()).checks] == [Level.OK]


def test_the_datasource_is_that_of_the_provisioning():
    (file,) = (Path(__file__).parents[3] / "grafana/provisioning/datasources").glob("*.y*ml")
    (provisioned,) = yaml.safe_load(file.read_text())["datasources"]

    assert (provisioned["uid"], provisioned["type"]) == (UID, KIND)
