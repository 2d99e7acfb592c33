"""Connecting, in all the ways a browser can come back, and the ways an attacker would like it to."""

import re

import pytest

pytestmark = pytest.mark.anyio

CALLBACK = "/api/zoom/auth"
TOM = "tom.reed@momentum.example"


async def connected(client):
    return (await client.get("/api/zoom/status")).json()["connected"]


async def test_a_program_connects_by_post(world):
    connection = await world.program().connect()
    assert (connection["connected"], connection["state"], connection["account_email"]) == (True, "active", "maya.chen@momentum.example")
    assert connection["missing_scopes"] == []


async def test_the_auth_url_names_state_challenge_and_redirect(world):
    answer = await world.program().get("/api/zoom/auth-url")
    begun = answer.json()
    assert set(begun) == {"auth_url", "state", "expires_at"}
    assert begun["auth_url"].startswith(f"{world.zoom.base}/oauth/authorize?")
    assert f"state={begun['state']}" in begun["auth_url"]
    assert "code_challenge_method=S256" in begun["auth_url"]
    assert begun["expires_at"] == "2026-11-22T12:10:00Z"


async def test_the_cookie_of_the_flow_is_for_the_callback_alone_and_no_script_reads_it(world):
    answer = await world.program().get("/api/zoom/auth-url")
    (cookie,) = answer.headers.get_list("set-cookie")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "max-age=600", "path=/api/zoom/auth"} <= attributes
    assert "secure" not in attributes  # plain http on this machine


async def test_a_browser_that_began_finishes_by_being_sent_back(world):
    browser = await world.browser()
    begun = await browser.get("/connect/zoom")
    assert begun.status_code == 303
    back = await browser.get(CALLBACK, params=await world.consent(begun.headers["location"]))
    assert back.status_code == 200
    assert "Zoom is connected" in back.text
    assert await connected(browser)


async def test_a_browser_without_a_session_finishes_by_the_cookie_of_the_flow(world):
    program = world.program()
    begun = (await program.get("/api/zoom/auth-url")).json()
    browser = await world.browser(signed_in=False)
    browser.cookies = program.cookies  # a single-page app: the same browser asked for the address
    back = await browser.get(CALLBACK, params=await world.consent(begun["auth_url"]))
    assert back.status_code == 200
    assert await connected(program)


async def test_a_program_may_have_the_callback_as_json(world):
    program = world.program()
    begun = (await program.get("/api/zoom/auth-url")).json()
    back = await program.get(CALLBACK, params=await world.consent(begun["auth_url"]), headers={"accept": "application/json"})
    assert back.json()["connected"] is True


# --- attacks ----------------------------------------------------------------------------------------


async def test_fixation_a_victims_browser_with_an_attackers_code_stores_nothing(world):
    attacker, victim = world.program("mallory"), await world.browser()
    begun = (await attacker.get("/api/zoom/auth-url")).json()
    sent = await world.consent(begun["auth_url"], TOM)
    lured = await victim.get(CALLBACK, params=sent)
    assert lured.status_code == 200
    assert "Is this you?" in lured.text
    assert (await connected(attacker), await connected(victim)) == (False, False)
    # Even if the victim presses the button:
    pressed = await victim.post("/connect/zoom/finish", data=sent)
    assert pressed.status_code == 422
    assert "oauth_state_invalid" in pressed.text
    assert (await connected(attacker), await connected(victim)) == (False, False)


async def test_fixation_a_victims_code_with_an_attackers_state_stores_nothing_in_a_browser_without_session(world):
    attacker, victim = world.program("mallory"), await world.browser(signed_in=False)
    begun = (await attacker.get("/api/zoom/auth-url")).json()
    lured = await victim.get(CALLBACK, params=await world.consent(begun["auth_url"]))
    assert "Is this you?" in lured.text
    assert not await connected(attacker)


async def test_fixation_posting_another_persons_state_is_refused_and_leaves_it_good(world, refuses):
    victim, attacker = world.program("ada"), world.program("mallory")
    begun = (await victim.get("/api/zoom/auth-url")).json()
    sent = await world.consent(begun["auth_url"])
    refuses(await attacker.post(CALLBACK, json=sent), 422, "oauth_state_invalid")
    assert not await connected(attacker)
    assert (await victim.post(CALLBACK, json=sent)).status_code == 200
    assert await connected(victim)


async def test_a_session_of_somebody_else_outweighs_the_cookie_of_a_flow(world):
    mallory, victim = world.program("mallory"), await world.browser()
    begun = (await mallory.get("/api/zoom/auth-url")).json()
    for cookie in mallory.cookies.jar:
        victim.cookies.jar.set_cookie(cookie)
    back = await victim.get(CALLBACK, params=await world.consent(begun["auth_url"], TOM))
    assert "Is this you?" in back.text
    assert not await connected(mallory)


async def test_the_page_to_finish_on_completes_for_the_person_who_began(world):
    browser = await world.browser()
    begun = await browser.get("/connect/zoom")
    sent = await world.consent(begun.headers["location"])
    elsewhere = await world.browser(signed_in=False)
    page = await elsewhere.get(CALLBACK, params=sent)
    assert "You are not signed in" in page.text
    form = dict(re.findall(r'name="(state|code)" value="([^"]+)"', page.text))
    assert form == sent
    refused = await elsewhere.post("/connect/zoom/finish", data=form)
    assert (refused.status_code, "Sign in" in refused.text) == (401, True)
    assert "Zoom is connected" in (await browser.post("/connect/zoom/finish", data=form)).text


async def test_finishing_needs_our_own_page(world):
    browser = await world.browser()
    begun = await browser.get("/connect/zoom")
    sent = await world.consent(begun.headers["location"])
    refused = await browser.post("/connect/zoom/finish", data=sent, headers={"origin": "https://evil.example"})
    assert refused.status_code == 403
    assert not await connected(browser)


# --- refusals ---------------------------------------------------------------------------------------


async def test_access_denied_is_said_on_both_ways_back(world, refuses):
    program, browser = world.program(), await world.browser()
    begun = (await program.get("/api/zoom/auth-url")).json()
    sent = await world.consent(begun["auth_url"], decision="deny")
    assert sent["error"] == "access_denied"
    sentence = refuses(await program.post(CALLBACK, json={"state": sent["state"], "error": sent["error"]}), 422, "oauth_access_denied")
    assert "not allowed" in sentence
    begun = await browser.get("/connect/zoom")
    page = await browser.get(CALLBACK, params=await world.consent(begun.headers["location"], decision="deny"))
    assert (page.status_code, "oauth_access_denied" in page.text) == (422, True)
    assert not await connected(browser)


async def test_a_state_works_once(world, refuses):
    program = world.program()
    begun = (await program.get("/api/zoom/auth-url")).json()
    sent = await world.consent(begun["auth_url"])
    assert (await program.post(CALLBACK, json=sent)).status_code == 200
    refuses(await program.post(CALLBACK, json=sent), 422, "oauth_state_invalid")
    refuses(await program.get(CALLBACK, params=sent), 422, "oauth_state_invalid")


async def test_a_state_lives_ten_minutes(world, refuses):
    program = world.program()
    begun = (await program.get("/api/zoom/auth-url")).json()
    sent = await world.consent(begun["auth_url"])
    world.clock.advance(minutes=10, seconds=1)
    refuses(await program.post(CALLBACK, json=sent), 422, "oauth_state_invalid")


async def test_a_callback_with_something_missing_is_a_sentence(world, refuses):
    program, browser = world.program(), await world.browser()
    assert "something was missing" in refuses(await program.get(CALLBACK), 422, "invalid_request")
    page = await browser.get(CALLBACK, params={"code": "only"})
    assert (page.status_code, "something was missing" in page.text) == (422, True)


async def test_neither_or_both_of_code_and_error_is_refused(world, refuses):
    program = world.program()
    refuses(await program.post(CALLBACK, json={"state": "x"}), 422, "invalid_request")
    refuses(await program.post(CALLBACK, json={"state": "x", "code": "a", "error": "b"}), 422, "invalid_request")


async def test_a_code_that_zoom_does_not_know(world, refuses):
    program = world.program()
    begun = (await program.get("/api/zoom/auth-url")).json()
    sentence = refuses(await program.post(CALLBACK, json={"state": begun["state"], "code": "made-up"}), 422, "oauth_code_invalid")
    assert "made-up" not in sentence


async def test_a_wrong_client_secret_is_said_to_the_person(world, refuses):
    program = world.program()
    begun = (await program.get("/api/zoom/auth-url")).json()
    sent = await world.consent(begun["auth_url"])
    world.zoom.faults.set("invalid_client")
    assert "client id and secret" in refuses(await program.post(CALLBACK, json=sent), 409, "oauth_client_invalid")


async def test_the_same_account_for_a_second_person_is_refused_and_the_first_is_told(world, refuses):
    ada, bob = world.program("ada"), world.program("bob")
    await ada.connect()
    begun = (await bob.get("/api/zoom/auth-url")).json()
    refuses(await bob.post(CALLBACK, json=await world.consent(begun["auth_url"])), 409, "account_already_connected")
    assert not await connected(bob)
    status = (await ada.get("/api/zoom/status")).json()
    assert (status["connected"], status["state"]) == (False, "reconnect_required")
    assert "Connect Zoom again" in status["action"]


# --- status and disconnect --------------------------------------------------------------------------


async def test_status_of_somebody_who_is_not_connected_says_what_to_do(world):
    status = (await world.program().get("/api/zoom/status")).json()
    assert (status["connected"], status["state"], status["action"]) == (False, None, "Connect Zoom.")


async def test_status_names_missing_scopes_and_what_to_do(world):
    program = world.program()
    begun = (await program.get("/api/zoom/auth-url")).json()
    sent = await world.consent(begun["auth_url"] + "&scope=user:read:user")
    connection = (await program.post(CALLBACK, json=sent)).json()
    assert (connection["connected"], connection["state"]) == (False, "scope_missing")
    assert "cloud_recording:read:list_user_recordings" in connection["missing_scopes"]
    status = (await program.get("/api/zoom/status")).json()
    assert status == connection
    assert "cloud_recording:read:list_user_recordings" in status["action"]


async def test_status_opens_no_vault_and_asks_zoom_nothing(world, ada, monkeypatch):
    asked = len(world.zoom.requests)
    monkeypatch.setattr(type(world.app.vault), "open", lambda *_, **__: pytest.fail("status needs no token"))
    assert await connected(ada)
    assert len(world.zoom.requests) == asked


async def test_disconnect_revokes_and_forgets(world, ada, refuses):
    removed = (await ada.delete("/api/zoom/disconnect")).json()
    assert (removed["disconnected"], removed["revoked"], removed["removed"]) == (True, True, {})
    assert [r.path for r in world.zoom.requests].count("/oauth/revoke") == 1
    assert not await connected(ada)
    refuses(await ada.get("/api/zoom/meetings"), 409, "not_connected")
    refuses(await ada.delete("/api/zoom/disconnect"), 404, "not_connected")


async def test_disconnect_with_delete_data_says_what_it_removed(world, ada):
    await ada.get("/api/zoom/meetings")
    meeting = (await ada.get("/api/zoom/meetings")).json()["meetings"][0]
    await ada.post(f"/api/zoom/download/{meeting['meeting_number']}")
    removed = (await ada.delete("/api/zoom/disconnect", params={"delete_data": "true"})).json()
    assert removed["removed"]["recordings"] >= 3
    assert removed["removed"]["processings"] == 1
    assert "recordings" in removed["detail"]
    assert (await ada.get("/api/processings")).json()["processings"] == []


async def test_disconnect_without_delete_data_keeps_what_was_made(world, ada):
    meeting = (await ada.get("/api/zoom/meetings")).json()["meetings"][0]
    await ada.post(f"/api/zoom/download/{meeting['meeting_number']}")
    await ada.delete("/api/zoom/disconnect")
    assert len((await ada.get("/api/processings")).json()["processings"]) == 1


async def test_disconnect_forgets_even_when_zoom_is_away_and_says_so(world, ada):
    world.zoom.faults.set("server_error", path="/oauth/revoke")
    removed = (await ada.delete("/api/zoom/disconnect")).json()
    assert (removed["disconnected"], removed["revoked"]) == (True, False)
    assert "did not confirm" in removed["detail"]


class TestWithoutZoom:
    """The operator has not set the provider up."""

    @pytest.fixture
    def world_settings(self, world_settings):
        return world_settings.model_copy(update={"zoom_client_id": None, "zoom_client_secret": None})

    @pytest.mark.parametrize("path", ["auth-url", "status", "meetings"])
    async def test_every_route_says_which_variables_to_set(self, world, refuses, path):
        sentence = refuses(await world.program().get(f"/api/zoom/{path}"), 404, "provider_not_configured")
        assert "ZOOM_CLIENT_ID" in sentence

    async def test_the_home_page_says_it_too(self, world):
        assert "ZOOM_CLIENT_ID" in (await (await world.browser()).get("/recordings")).text


class TestBehindHttps:
    """Browsers reach us by a public address."""

    @pytest.fixture
    def world_settings(self, world_settings):
        return world_settings.model_copy(update={"public_url": "https://momentum.example.org"})

    async def test_cookies_are_secure(self, world):
        (cookie,) = (await world.program().get("/api/zoom/auth-url")).headers.get_list("set-cookie")
        assert "secure" in cookie.lower()
