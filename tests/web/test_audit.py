"""What people do leaves an entry; what they only look at in lists does not."""

import inspect
from types import SimpleNamespace

import pytest
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from momentum.errors import ErrorCode, Unavailable
from momentum.store import audit
from momentum.web import witness
from momentum.web.witness import network_of, source_of

pytestmark = pytest.mark.anyio

SAFE = {"GET", "HEAD"}
NOT_NOTED = {
    ("DELETE", "/api/me"): "notes itself, with the deletion",
    ("POST", "/language"): "sets a cookie of the browser's own",
    ("POST", "/api/recordings/process"): "notes each recording for itself",
    ("POST", "/settings/data/delete"): "notes itself, with the deletion",
    ("POST", "/recordings/process"): "notes each recording for itself",
    ("POST", "/recordings/found"): "notes each recording for itself",
    ("POST", "/recordings/look"): "asks the provider what there is; nothing of anybody's changes",
}
READ = {
    *("/api/deliverables/{deliverable_id}", "/api/transcripts/{transcript_id}", "/api/me/audit"),
    *("/api/me/archive", "/settings/audit"),
    *("/meetings/{recording_id}", "/meetings/{recording_id}/analysis", "/deliverables/{deliverable_id}/changes"),
    *(f"/transcripts/{{transcript_id}}/{what}" for what in ("correct", "corrections", "segments/{segment}")),
    "/corrections/{correction_id}/elsewhere",
    *("/api/deliverables/{deliverable_id}/export", "/api/transcripts/{transcript_id}/export"),
    *("/api/transcripts/{transcript_id}/corrections", "/api/corrections/{correction_id}/elsewhere"),
}
"""Reading that shows what was said, or who did what."""


def routes(world):
    routers = [included.original_router for included in world.site.routes if hasattr(included, "original_router")]
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def is_audited(route):
    return any(inspect.getmodule(d.dependency) is witness for d in route.dependencies)


@pytest.fixture
def told(world):
    """The entries of somebody's, oldest first."""

    async def read(client):
        await audit.chain(world.app.database)
        entries = (await client.get("/api/me/audit")).json()["entries"]
        return [(e["action"], e["object"], e["outcome"]) for e in reversed(entries)]

    return read


@pytest.fixture
def strangers(world):
    async def read():
        await audit.chain(world.app.database)
        return [(e["action"], e["outcome"], e["source"]) async for _, e in audit.entries(world.app.database) if e["actor"] == "unknown"]

    return read


async def test_every_route_that_changes_or_reveals_something_is_noted(world):
    expected = {(m, r.path) for r in routes(world) for m in r.methods if m not in SAFE or r.path in READ}
    noted = {(m, r.path) for r in routes(world) for m in r.methods if is_audited(r)}
    assert expected - noted == set(NOT_NOTED)


async def test_what_a_person_did_stands_in_their_trail_in_order(world, ada, told, clock):
    _, transcript_id, deliverable_id = await world.keep_document(await world.user_id("ada"))
    await ada.get(f"/api/transcripts/{transcript_id}", params={"format": "vtt"})
    await ada.get(f"/api/deliverables/{deliverable_id}")
    await ada.delete("/api/zoom/disconnect")
    assert await told(ada) == [
        ("connection.begin", None, "ok"),
        ("connection.complete", None, "ok"),
        ("transcript.read", f"transcript:{transcript_id}", "ok"),
        ("deliverable.read", f"deliverable:{deliverable_id}", "ok"),
        ("connection.end", None, "ok"),
    ]


async def test_what_was_refused_stands_there_with_its_reason(world, told):
    ada = world.program("ada")
    await ada.post("/api/zoom/auth", json={"state": "made-up", "code": "x"})
    await ada.post("/api/zoom/auth", json={"state": ""})
    await ada.post("/api/zoom/download/81230000001")
    await ada.post("/api/processings/6f0e0a52-6f7c-4a53-9d62-0f5b1f6a7c11/cancel")
    assert [(action, outcome) for action, _, outcome in await told(ada)] == [
        ("connection.complete", "oauth_state_invalid"),
        ("connection.complete", "invalid_request"),
        ("processing.ask", "not_connected"),
        ("processing.cancel", "not_found"),
    ]


async def test_a_processing_is_named_by_its_own_id(ada, told):
    asked = (await ada.post("/api/zoom/download/81230000001")).json()
    assert ("processing.ask", f"processing:{asked['processing_id']}", "ok") in await told(ada)


async def test_another_persons_document_is_refused_and_noted_with_who_tried(world, told):
    _, transcript_id, _ = await world.keep_document(await world.user_id("ada"))
    bob = world.program("bob")
    await bob.get(f"/api/transcripts/{transcript_id}")
    assert await told(bob) == [("transcript.read", f"transcript:{transcript_id}", "not_found")]
    assert await told(world.program("ada")) == []


async def test_pages_are_noted_like_the_api(world, told):
    browser = await world.browser()
    processing, _, deliverable_id = await world.keep_document(await world.user_id_of(browser))
    await browser.read(deliverable_id)
    await browser.post(f"/processings/{processing.id}/retry")
    actions = [(action, outcome) for action, _, outcome in await told(browser)]
    assert actions == [("session.begin", "ok"), ("meeting.read", "ok"), ("processing.retry", "processing_finished")]


async def test_a_browser_that_did_not_begin_is_noted(world, strangers):
    begun = (await world.program("ada").get("/api/zoom/auth-url")).json()
    sent_back = await world.consent(begun["auth_url"])
    await world.program(None).get("/api/zoom/auth", params=sent_back)
    assert ("connection.complete", "unproven", "127.0.0.0/24") in await strangers()


async def test_who_knocks_often_is_noted_once_a_minute(world, strangers, clock):
    stranger = world.program(None)
    for _ in range(20):
        await stranger.get("/api/me", headers={"authorization": "Bearer nonsense"})
    assert await strangers() == [("authenticate", "token_invalid", "127.0.0.0/24")]
    clock.advance(minutes=2)
    await stranger.get("/api/me", headers={"authorization": "Bearer nonsense"})
    assert len(await strangers()) == 2


async def test_who_shows_nothing_is_not_noted(world, strangers):
    await world.program(None).get("/api/me")
    assert await strangers() == []


async def test_the_last_entry_of_a_person_is_their_deletion(world):
    ada = world.program("ada")
    await ada.delete("/api/me")
    await audit.chain(world.app.database)
    ((_, entry),) = [row async for row in audit.entries(world.app.database)]
    assert (entry["action"], entry["outcome"]) == ("person.delete", "ok")
    assert (await audit.verify(world.app.database)).broken_at is None


async def test_an_entry_that_cannot_be_written_is_in_the_log_and_costs_nobody_their_answer(world, logged, monkeypatch):
    _, transcript_id, _ = await world.keep_document(await world.user_id("ada"))

    async def away(*_, **__):
        raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "away")

    monkeypatch.setattr(audit, "note", away)
    assert (await world.program("ada").get(f"/api/transcripts/{transcript_id}")).status_code == 200
    assert [e["action"] for e in logged if e["event"] == "audit_entry_lost"] == ["transcript.read"]


async def test_pages_of_the_trail(world):
    ada = world.program("ada")
    for _ in range(5):
        await ada.post("/api/me/sign-out")
        world.clock.advance(seconds=5)
        ada = world.program("ada")
    await audit.chain(world.app.database)
    first = (await ada.get("/api/me/audit", params={"page_size": 3})).json()
    rest = (await ada.get("/api/me/audit", params={"page_size": 3, "before": first["next_before"]})).json()
    assert (len(first["entries"]), len(rest["entries"]), rest["next_before"]) == (3, 2, None)


# --- where from -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "source"),
    [
        ("203.0.113.7", "", (), "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", (), "203.0.113.7"),
        ("10.0.0.2", "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.1, 10.0.0.9", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.2", "10.0.0.3", ("10.0.0.0/8",), "10.0.0.3"),
        ("10.0.0.2", "6.6.6.6|198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        ("fe80::1%eth0", "", (), "fe80::1"),
        ("10.0.0.2", "not an address", ("10.0.0.0/8",), None),
        ("::ffff:203.0.113.7", "", (), "203.0.113.7"),
        ("2001:db8::7", "", (), "2001:db8::7"),
        (None, "", (), None),
    ],
)
def test_the_source_is_the_last_address_that_nobody_could_make_up(peer, forwarded, trusted, source):
    request = SimpleNamespace(
        client=SimpleNamespace(host=peer) if peer else None,
        headers=Headers(raw=[(b"x-forwarded-for", line.encode()) for line in forwarded.split("|") if line]),
    )
    assert source_of(request, trusted) == source


def test_a_strangers_address_is_cut_to_its_network():
    assert [network_of(a) for a in ("203.0.113.7", "2001:db8:1:2::7", None)] == ["203.0.113.0/24", "2001:db8:1::/48", None]


async def test_an_open_tab_of_somebody_who_is_gone_loses_no_entry_and_fills_no_trail(world, strangers, logged):
    ada = world.program("ada")
    await ada.get("/api/zoom/status")
    await ada.delete("/api/me")
    for _ in range(5):
        assert (await ada.get("/api/zoom/status")).status_code == 401
    assert [e for e in logged if e["event"] == "audit_entry_lost"] == []
    assert await strangers() == [("authenticate", "person_deleted", "127.0.0.0/24")]


async def test_an_old_token_of_somebody_who_signed_out_is_noted_once_a_minute(world, told):
    old = world.program("ada")
    await old.get("/api/zoom/status")
    world.clock.advance(seconds=5)
    await old.post("/api/me/sign-out")
    for _ in range(5):
        assert (await old.get("/api/zoom/status")).status_code == 401
    world.clock.advance(seconds=5)
    entries = await told(world.program("ada"))
    assert [entry for entry in entries if entry[0] == "authenticate"] == [("authenticate", None, "token_expired")]
