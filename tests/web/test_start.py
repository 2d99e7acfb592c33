"""The first steps, and the sandbox that goes all of them: where it may run, what it reaches, and that it goes without a trace."""

import os
import re
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from momentum.embedded import locks
from momentum.errors import Conflict, ErrorCode, NotFound, Permanent
from momentum.model import Recording
from momentum.store import processings, recordings
from momentum.trial import Place, Trial

pytestmark = pytest.mark.anyio

TOM = "tom.reed@momentum.example"
FORMER = {
    "zoom_client_id": None,
    "zoom_client_secret": None,
    "jwt_secret": None,
    "zoom_redirect_uri": "http://localhost:8000/api/zoom/auth",
    "zoom_oauth_base": "https://zoom.us",
    "zoom_api_base": "https://api.zoom.us/v2",
}
"""What makes the local default of a world's settings."""


def text_of(page):
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2]).split())


def ticks(page):
    """How the three steps stand."""
    return re.findall(r'<li class="(done|running|to_come)"><h2>', page.text)


class TestWithAZoomApp:
    """Somebody whose operator has set up Zoom."""

    async def test_each_step_is_ticked_as_it_is_done(self, world):
        browser = await world.browser()
        start = await browser.get("/start")
        assert ticks(start) == ["done", "running", "to_come"]
        assert 'href="/connect/zoom"' in start.text
        assert "sandbox" not in start.text
        begun = await browser.get("/connect/zoom")
        assert (await browser.get("/api/zoom/auth", params=await world.consent(begun.headers["location"]))).status_code == 200
        start = await browser.get("/start")
        assert ticks(start) == ["done", "done", "running"]
        assert "maya.chen@momentum.example" in start.text
        ((process, back),) = re.findall(
            r'action="(/recordings/[^"]+/process)"><input type="hidden" name="back" value="([^"]+)"', start.text
        )
        assert (await browser.post(process, data={"back": back})).headers["location"] == "/start"
        start = await browser.get("/start")
        assert "Waiting for its turn" in start.text
        assert 'data-live="/start/events"' in start.text
        await world.keep_document(await world.user_id_of(browser))
        start = await browser.get("/start")
        assert ticks(start) == ["done"] * 3
        assert re.search(r'href="/deliverables/[^"]+">Weekly planning<', start.text)

    async def test_the_page_hears_of_what_is_done_elsewhere(self, world):
        async with world.served():
            page = await world.browser(transport=None)
            async with page.stream("GET", "/start/events") as response:
                told = (line async for line in response.aiter_lines() if line.startswith("data"))
                assert {await anext(told), await anext(told)} == {f'data: {{"changed": "{one}"}}' for one in ("connection", "processing")}
                await world.program("bob").connect(TOM)
                browser = await world.browser()
                await browser.connect()
                assert await anext(told) == 'data: {"changed": "connection"}'
                await world.keep_document(await world.user_id_of(browser))
                assert await anext(told) == 'data: {"changed": "processing"}'  # of Tom's connection nothing was said
                await told.aclose()

    async def test_what_is_wrong_is_said_with_one_button(self, world):
        browser = await world.browser()
        begun = await browser.get("/connect/zoom")
        await browser.get("/api/zoom/auth", params=await world.consent(begun.headers["location"]))
        world.zoom.faults.set("scope_missing", scope="cloud_recording:read:list_user_recordings")
        start = await browser.get("/start")
        assert "cloud_recording:read:list_user_recordings" in start.text
        start = await browser.get("/start")
        assert ticks(start)[1] == "running"
        assert "Connect Zoom again" in start.text

    async def test_the_sandbox_is_refused(self, world):
        browser = await world.browser()
        assert (await browser.post("/start/sandbox")).status_code == 403


class TestInTheLocalDefault:
    """Somebody at their own machine, with nothing configured."""

    @pytest.fixture
    def world_settings(self, world_settings):
        return world_settings.model_copy(update=FORMER)

    @pytest.fixture
    async def tried(self, world):
        """A browser whose person has tried the sandbox, to the consent page and back."""
        browser = await world.browser()
        pressed = await browser.post("/start/sandbox")
        assert 'http-equiv="refresh" content="0; url=/connect/zoom"' in pressed.text
        begun = await browser.get("/connect/zoom")
        back = await browser.get("/api/zoom/auth", params=await world.consent(begun.headers["location"]))
        assert (back.status_code, back.headers["location"]) == (303, "/start")
        return browser

    async def test_the_operator_reads_what_to_set_up(self, world):
        start = await (await world.browser()).get("/start")
        assert ticks(start) == ["running", "to_come", "to_come"]
        assert f"{world.base}/api/zoom/auth" in start.text
        for words in ("user:read:user", "cloud_recording:read:list_user_recordings", "ZOOM_CLIENT_SECRET", "ZOOM_REDIRECT_URI"):
            assert words in start.text
        assert 'action="/start/sandbox"' in start.text

    async def test_one_button_leads_to_a_processing_and_another_takes_all_away(self, world, tried):
        start = await tried.get("/start")
        assert ticks(start) == ["done", "done", "running"]
        assert "Spring release planning" in text_of(start)
        assert "Waiting for its turn" in start.text
        user_id = await world.user_id_of(tried)
        assert (await tried.post("/start/sandbox/remove")).headers["location"] == "/start"
        start = await tried.get("/start")
        assert ticks(start) == ["running", "to_come", "to_come"]
        assert "Try with the sandbox" in start.text
        async with world.app.database.person(user_id) as connection:
            assert not (await processings.page(connection, user_id, size=1)).rows
        assert "zoom" not in world.app.providers

    async def test_every_process_of_this_home_reaches_it_and_nothing_beside_it(self, world, tried):
        elsewhere = Trial(world.app.settings, world.app.limiter, world.clock)
        try:
            provider = elsewhere.providers()["zoom"]
            base = urlsplit(provider.authorize_url(state="s", challenge="c"))
            assert (await elsewhere._reached.client.request("GET", f"{base.scheme}://{base.netloc}/__faults")).status == 200
            for other in (f"http://127.0.0.1:{world.port}/", "http://localhost:80/", "http://10.0.0.1/"):
                with pytest.raises(Permanent) as refused:
                    await elsewhere._reached.client.request("GET", other)
                assert refused.value.code is ErrorCode.ADDRESS_REFUSED
            with pytest.raises(Permanent):
                await world.app.client.request("GET", f"http://{base.hostname}:{base.port + 1}/")
            with pytest.raises(Conflict), elsewhere.announced(Place("http://127.0.0.1:9", "http://127.0.0.1:9", "id", "secret")):
                pass
            await world.site.state.trying.stop()
            assert elsewhere.providers() == {}
        finally:
            await elsewhere.aclose()

    async def test_after_a_restart_it_is_started_again_or_removed(self, world, tried):
        await world.site.state.trying.stop()
        with pytest.raises(NotFound, match="run the sandbox"):
            world.app.provider("zoom")
        start = await tried.get("/start")
        assert "Start the sandbox again" in start.text
        assert "Remove the sandbox" in start.text
        await tried.post("/start/sandbox")
        begun = await tried.get("/connect/zoom")
        back = await tried.get("/api/zoom/auth", params=await world.consent(begun.headers["location"]))
        assert back.headers["location"] == "/start"
        assert "Waiting for its turn" in (await tried.get("/start")).text

    async def test_a_file_that_was_left_by_a_killed_process_counts_for_nothing(self, world, tried):
        home = world.app.settings.home
        left = (home / "trial.json").read_text()
        await world.site.state.trying.stop()
        assert not (home / "trial.json").exists()
        (home / "trial.json").write_text(left)
        assert world.app.trial.providers() == {}
        another_asks = locks.share(home / "trial.lock")
        assert world.app.trial.providers() == {}
        os.close(another_asks)

    async def test_samples_never_stand_among_recordings_of_a_real_account(self, world):
        browser = await world.browser()
        user_id = await world.user_id_of(browser)
        await world.keep_recording(user_id, Recording("real==", "1", "Real one", world.clock(), None, 5, 1, None, ()))
        assert 'action="/start/sandbox"' not in (await browser.get("/start")).text
        assert (await browser.post("/start/sandbox")).status_code == 409
        await browser.post("/start/sandbox/remove")
        async with world.app.database.person(user_id) as connection:
            assert await recordings.find(connection, user_id, "zoom", "real==")


@pytest.mark.parametrize(
    "setting",
    [
        {"jwt_secret": SecretStr("x" * 32)},
        {"zoom_client_id": "id", "zoom_client_secret": SecretStr("secret")},
        {"host": "0.0.0.0"},
        {"public_url": "https://momentum.example"},
        {"oidc_issuer": "https://id.example", "oidc_client_id": "momentum", "oidc_client_secret": SecretStr("secret")},
    ],
)
def test_outside_of_the_local_default_there_is_no_sandbox(kek_settings, setting):
    local = kek_settings.model_copy(update=FORMER | {"host": "127.0.0.1", "public_url": None, "jwt_jwks_url": None})
    assert Trial(local, None, None).is_allowed
    assert not Trial(local.model_copy(update=setting), None, None).is_allowed
