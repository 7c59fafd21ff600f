"""What Grafana's own API says of the datasource: https://grafana.com/docs/grafana/latest/developers/http_api/data_source/"""

import asyncio
import json
from typing import Any, NamedTuple

import aiohttp

from harmonystate.config import GrafanaSettings
from harmonystate.errors import Unavailable

# Those of grafana/provisioning/datasources and of every panel.
UID, KIND = "harmony-cassandra", "hadesarchitect-cassandra-datasource"
WITHIN_S = 10.0


class Answer(NamedTuple):
    """What a GET came to; `body` is {} where it is no JSON object."""

    status: int
    body: dict[str, Any]


def version(settings: GrafanaSettings) -> str:
    """Return the version of Grafana; it says that to anybody, or is silent about it.

    Raises:
        Unavailable: when nobody answers, or somebody else does.
    """
    answer = _get(settings, "/api/health")
    if answer.status != 200 or "database" not in answer.body:
        raise Unavailable(f"what answers at {settings.url} is no Grafana (status {answer.status})")
    return str(answer.body.get("version", "unknown"))


def datasource(settings: GrafanaSettings) -> Answer:
    """Ask for our datasource: 200 with its `type`, 404 where it is not there, 401 or 403 without a right."""
    return _get(settings, f"/api/datasources/uid/{UID}")


def health(settings: GrafanaSettings) -> Answer:
    """Let the plugin ask Cassandra: 200 when it answers, else a `message`."""
    return _get(settings, f"/api/datasources/uid/{UID}/health")


def _get(settings: GrafanaSettings, path: str) -> Answer:
    try:
        return asyncio.run(_ask(settings, path))
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise Unavailable(f"no Grafana at {settings.url}: {str(fault) or type(fault).__name__}") from fault


async def _ask(settings: GrafanaSettings, path: str) -> Answer:
    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"} if settings.token else {}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN_S), headers=headers) as session,
        # Who sends us elsewhere, such as to a page for the login, shall not get the token there.
        session.get(f"{(settings.url or '').rstrip('/')}{path}", allow_redirects=False) as answer,
    ):
        return Answer(answer.status, _object(await answer.read()))


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
