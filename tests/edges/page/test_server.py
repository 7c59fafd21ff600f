"""Under which names the page answers. (The page itself: tests/commands/test_dashboard.py.)"""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from harmonystate.edges.page import server


def answer(listens_at, asked_for):
    application = FastAPI(openapi_url=None)
    server._refuse_other_names(application, listens_at)
    application.get("/")(lambda: "ours")
    return asyncio.run(status_of(application, {"Host": asked_for}))


async def status_of(application, headers):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://here") as client:
        return (await client.get("/", headers=headers)).status_code


@pytest.mark.parametrize(
    ("listens_at", "asked_for"),
    [
        ("127.0.0.1", "127.0.0.1:8050"),
        ("127.0.0.1", "localhost:8050"),
        ("127.0.0.2", "127.0.0.2"),
        ("::1", "[::1]:8050"),
        ("::1", "localhost:8050"),
        ("192.0.2.1", "dashboard.example:8050"),
        ("::", "dashboard.example"),
    ],
)
def test_it_answers_under_its_own_names_and_off_loopback_under_any(listens_at, asked_for):
    assert answer(listens_at, asked_for) == 200


@pytest.mark.parametrize("listens_at", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_a_stranger_s_name_that_leads_to_this_host_gets_no_page(listens_at):
    assert answer(listens_at, "evil.example:8050") == 400
