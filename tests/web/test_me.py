"""The person themselves, and whether the service lives."""

import asyncio

import pytest

from momentum.errors import Unavailable
from momentum.store import profiles
from momentum.web.api import health

pytestmark = pytest.mark.anyio


async def test_who_you_are(world):
    client = world.program(None)
    client.headers["authorization"] = f"Bearer {world.token('ada', name='Ada Byron')}"
    me = (await client.get("/api/me")).json()
    assert (me["issuer"], me["subject"], me["display_name"], me["email"]) == ("momentum", "ada", "Ada Byron", None)


async def test_deleting_everything_revokes_removes_and_counts(world, ada):
    await ada.get("/api/zoom/meetings")
    await world.keep_document(await world.user_id("ada"))
    gone = (await ada.delete("/api/me")).json()
    assert gone["deleted"] is True
    assert gone["removed"]["recordings"] == 5  # three, one in the trash, and the one kept here
    assert (gone["removed"]["processings"], gone["removed"]["transcripts"], gone["removed"]["deliverables"]) == (1, 1, 1)
    assert gone["removed"]["connections"] == 1
    assert [r.path for r in world.zoom.requests].count("/oauth/revoke") == 1


async def test_who_deletes_everything_while_connecting_leaves_no_grant_behind(world, refuses):
    ada = world.program("ada")
    sent = await world.consent((await ada.get("/api/zoom/auth-url")).json()["auth_url"])
    provider, asked, gate = world.app.provider("zoom"), asyncio.Event(), asyncio.Event()
    account = provider.account

    async def account_later(access):
        asked.set()
        await gate.wait()
        return await account(access)

    provider.account = account_later
    connecting = asyncio.create_task(ada.post("/api/zoom/auth", json=sent))
    await asked.wait()
    assert (await ada.delete("/api/me")).status_code == 200
    gate.set()

    refuses(await connecting, 401, "person_deleted")
    assert world.zoom.grants.live_sets() == 0


async def test_a_request_that_the_deletion_overtakes_is_refused(world, refuses):
    ada, user_id = world.program("ada"), await world.user_id("ada")
    async with world.app.database.person(user_id) as connection:
        await profiles.delete(connection, user_id)
        late = asyncio.create_task(ada.get("/api/zoom/auth-url"))
        done, _ = await asyncio.wait([late], timeout=0.3)
        assert not done
    refuses(await late, 401, "person_deleted")


async def test_the_account_is_free_again_for_somebody_else(world, ada):
    await ada.delete("/api/me")
    assert (await world.program("bob").connect())["connected"] is True


async def test_alive_and_ready(world):
    nobody = world.program(None)
    assert (await nobody.get("/healthz")).json() == {"status": "ok", "database": None}
    assert [(one.status_code, one.content) for one in [await nobody.head(path) for path in ("/healthz", "/readyz")]] == [(200, b"")] * 2
    assert (await nobody.get("/readyz")).json() == {"status": "ok", "database": True}


async def test_while_the_database_is_away_every_route_says_so_and_recovers_by_itself(world, cut_off, refuses):
    program, nobody, browser = world.program("ada"), world.program(None), await world.browser()
    assert (await program.get("/api/zoom/status")).status_code == 200
    with cut_off():
        for path in ("/api/zoom/status", "/api/me", "/api/zoom/meetings", "/api/processings"):
            answer = await program.get(path)
            assert "database" in refuses(answer, 503, "database_unavailable")
            assert int(answer.headers["retry-after"]) > 0
        refuses(await nobody.get("/readyz"), 503, "database_unavailable")
        assert (await nobody.get("/healthz")).status_code == 200
        page = await browser.get("/recordings")
        assert (page.status_code, "The database cannot be reached" in page.text) == (503, True)
        assert page.headers["content-type"].startswith("text/html")
    for path in ("/api/zoom/status", "/api/me"):
        assert (await program.get(path)).status_code == 200
    assert (await nobody.get("/readyz")).status_code == 200
    assert (await browser.get("/recordings")).status_code == 200


async def test_a_database_without_room_is_not_ready_and_says_why(world, refuses):
    with pytest.raises(Unavailable):
        async with world.app.database.nobody() as connection:
            await connection.exec_driver_sql("do $$ begin raise exception 'no room' using errcode = '53100'; end $$")
    assert "disk is full" in refuses(await world.program(None).get("/readyz"), 503, "disk_full")


async def test_a_database_that_hangs_is_not_ready(world, refuses, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.0)
    refuses(await world.program(None).get("/readyz"), 503, "database_unavailable")
