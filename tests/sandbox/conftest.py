"""A sandbox with a clock of its own, and a client that has been through consent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx2
import pytest

from momentum.sandbox import Sandbox, running_sandbox

NOW = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
REDIRECT = "http://localhost:8000/api/zoom/auth"


class Person:
    """Somebody with tokens for the sandbox."""

    def __init__(self, zoom: Sandbox, http: httpx2.AsyncClient, tokens: dict) -> None:
        self.zoom, self.http, self.tokens = zoom, http, tokens

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens['access_token']}"}

    async def get(self, path: str, **query: str) -> httpx2.Response:
        return await self.http.get(f"{self.zoom.api_base}{path}", params=query or None, headers=self.bearer)

    async def refresh(self) -> httpx2.Response:
        return await token(self.zoom, self.http, grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])

    async def file(self, file_type: str, meeting: str = "81230000003") -> dict:
        files = (await self.get(f"/meetings/{meeting}/recordings")).json()["recording_files"]
        return next(file for file in files if file["file_type"] == file_type)

    async def download(self, url: str, **headers: str) -> httpx2.Response:
        """As a careful client does it: the token to the first host only."""
        first = await self.http.get(url, headers=self.bearer)
        return await self.http.get(first.headers["location"], headers=headers) if first.status_code == 302 else first


async def token(zoom: Sandbox, http: httpx2.AsyncClient, **form: str) -> httpx2.Response:
    return await http.post(f"{zoom.oauth_base}/oauth/token", data=form, auth=(zoom.client_id, zoom.client_secret))


async def code(zoom: Sandbox, http: httpx2.AsyncClient, **more: str) -> str:
    query = {"response_type": "code", "client_id": zoom.client_id, "redirect_uri": REDIRECT, "auto_approve": "1", **more}
    answer = await http.get(f"{zoom.oauth_base}/oauth/authorize", params=query)
    return httpx2.URL(answer.headers["location"]).params["code"]


async def connect(zoom: Sandbox, http: httpx2.AsyncClient, **more: str) -> Person:
    answer = await token(zoom, http, grant_type="authorization_code", code=await code(zoom, http, **more), redirect_uri=REDIRECT)
    assert answer.status_code == 200, answer.text
    return Person(zoom, http, answer.json())


@pytest.fixture
async def zoom() -> AsyncIterator[Sandbox]:
    async with running_sandbox(now=lambda: NOW) as sandbox:
        yield sandbox


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
async def maya(zoom: Sandbox, http: httpx2.AsyncClient) -> Person:
    return await connect(zoom, http)


@pytest.fixture
def walk() -> SimpleNamespace:
    """The steps of the flow, for tests that take them one by one."""
    return SimpleNamespace(token=token, code=code, connect=connect, redirect=REDIRECT, now=NOW)
