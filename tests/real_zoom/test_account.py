"""Against a real Zoom account: reads only, and only where its credentials are in the environment."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from momentum.errors import ActionRequired, ErrorCode
from momentum.outbound.client import ApiClient
from momentum.providers.zoom import Zoom

NEEDED = ("ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "MOMENTUM_REAL_ZOOM_REFRESH_TOKEN")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.real_zoom,
    pytest.mark.skipif(not all(os.environ.get(name) for name in NEEDED), reason=f"set {', '.join(NEEDED)} to run against a real account"),
]


class Unhurried:
    async def wait(self, key, *, per_second, per_day=None):
        pass

    async def pause(self, key, until):
        pytest.fail(f"Zoom asked for a pause until {until}")

    async def back_off(self, key):
        pytest.fail("Zoom keeps refusing our calls")

    async def ease(self, key):
        pass


class Held:
    """One grant for the whole test; Zoom rotates the refresh token, so the new one is printed for the next run."""

    account, api_base = "real", None

    def __init__(self, grant):
        self.grant = grant

    async def token(self):
        return self.grant.access_token

    async def replace(self, refused):
        raise ActionRequired(ErrorCode.RECONNECT_REQUIRED, "The token was refused.")

    async def suspend(self, state, reason, *, scopes=()):
        pytest.fail(reason)


async def test_whose_account_it_is_what_it_recorded_and_one_recording(capfd):
    async with ApiClient() as client:
        zoom = Zoom(
            client,
            Unhurried(),
            client_id=os.environ["ZOOM_CLIENT_ID"],
            client_secret=os.environ["ZOOM_CLIENT_SECRET"],
            redirect_uri=os.environ.get("ZOOM_REDIRECT_URI", "http://localhost:8000/api/zoom/auth"),
            oauth_base="https://zoom.us",
            api_base="https://api.zoom.us/v2",
            plan="free",
            scopes=(),
            clock=lambda: datetime.now(UTC),
        )
        access = Held(await zoom.refresh(os.environ["MOMENTUM_REAL_ZOOM_REFRESH_TOKEN"]))
        with capfd.disabled():  # else nobody sees it where the test passes
            print("\nMOMENTUM_REAL_ZOOM_REFRESH_TOKEN of the next run:", access.grant.refresh_token)  # noqa: T201 -- Zoom rotates it
        account = await zoom.account(access)
        assert account.user_id
        today = datetime.now(UTC).date()
        found = [r async for page in zoom.recordings(access, since=today - timedelta(days=90), until=today) for r in page]
        if found:
            again = await zoom.recording(access, found[0].instance_id)
            assert again.instance_id == found[0].instance_id
            assert all(f.download_url for f in again.files if f.ready)
