"""API keys: made, shown once, let in by scope, revoked; and the list of browsers."""

import re
from datetime import timedelta

import pytest

from momentum.metrics import REGISTRY
from momentum.store import audit
from momentum.store.api_keys import Scope
from momentum.web.keyed import scope_of

pytestmark = pytest.mark.anyio

ACCOUNT = {
    ("GET", "/api/{provider}/auth-url"), ("POST", "/api/{provider}/auth"), ("DELETE", "/api/{provider}/disconnect"),
    ("DELETE", "/api/me"), ("PATCH", "/api/me"), ("POST", "/api/me/sign-out"), ("PUT", "/api/me/redaction"),
    ("POST", "/api/me/voices"), ("DELETE", "/api/me/voices/{voice_id}"), ("POST", "/api/me/keys"),
    ("DELETE", "/api/me/keys/{key_id}"), ("DELETE", "/api/me/sessions/{session_id}"),
}  # fmt: skip


@pytest.fixture
def key_of(world):
    """Makes a key of somebody; gives what was answered and a program that uses it."""

    async def make(subject="ada", **wanted):
        answer = await world.program(subject).post("/api/me/keys", json={"name": "Report"} | wanted)
        assert answer.status_code == 201, answer.text
        program = world.program(None)
        program.headers["authorization"] = f"Bearer {answer.json()['key']}"
        return answer.json(), program

    return make


async def test_a_key_lets_its_person_in_until_it_is_revoked(world, key_of, refuses):
    made, program = await key_of(scopes=["read"])
    owner = world.program("ada")
    assert re.fullmatch(rf"mm_{made['prefix']}_[A-Za-z0-9]{{43}}", made["key"])
    assert (await program.get("/api/me")).json() == (await owner.get("/api/me")).json()
    assert (await program.get("/api/zoom/status")).status_code == 200
    (listed,) = (await owner.get("/api/me/keys")).json()["keys"]
    assert listed == {k: v for k, v in made.items() if k != "key"} | {"last_used_at": "2026-11-22T12:00:00Z"}
    assert (await world.program("bob").get("/api/me/keys")).json() == {"keys": []}
    refuses(await world.program("bob").delete(f"/api/me/keys/{made['id']}"), 404, "not_found")
    assert (await owner.delete(f"/api/me/keys/{made['id']}")).status_code == 204
    for path in ("/api/me", "/api/zoom/status"):
        assert made["key"] not in refuses(await program.get(path), 401, "token_invalid")
    assert (await owner.get("/api/me/keys")).json() == {"keys": []}


async def test_a_key_may_what_its_scopes_say(world, key_of, refuses):
    _, reader = await key_of()
    made, writer = await key_of(scopes=["write"])
    _, keeper = await key_of(scopes=["account"])
    form = {"name": "Retro", "purpose": "For us.", "sections": [{"heading": "Mood", "question": "How was it?"}]}
    assert made["scopes"] == ["read", "write"]
    for program in (reader, keeper):
        assert "`write`" in refuses(await program.post("/api/templates", json=form), 403, "key_scope_missing")
    assert (await writer.post("/api/templates", json=form)).status_code == 201
    assert len((await reader.get("/api/templates")).json()["templates"]) == 1
    for program in (reader, writer):
        for method, path in (("GET", "/api/zoom/auth-url"), ("DELETE", "/api/me"), ("POST", "/api/me/keys")):
            refuses(await program.request(method, path, json={"name": "x"} if method == "POST" else None), 403, "key_scope_missing")
    assert (await keeper.get("/api/zoom/auth-url")).status_code == 200
    # A key makes none that may more than itself.
    refuses(await keeper.post("/api/me/keys", json={"name": "x", "scopes": ["write"]}), 403, "key_scope_missing")
    assert (await keeper.post("/api/me/keys", json={"name": "x", "scopes": ["account"]})).status_code == 201


async def test_what_touches_the_account_is_known(world):
    routers = [included.original_router for included in world.site.routes if hasattr(included, "original_router")]
    routes = {
        (method, route.path.replace("/zoom/", "/{provider}/"))
        for router in routers
        for route in router.routes
        for method in route.methods
        if route.path.startswith("/api/") and scope_of(method, re.sub(r"{\w+}", "x", route.path)) is Scope.ACCOUNT
    }
    assert routes == ACCOUNT


async def test_a_key_ends_when_it_should(world, key_of, refuses):
    ends = (world.clock() + timedelta(days=1)).isoformat()
    _, program = await key_of(expires_at=ends)
    assert (await program.get("/api/me")).status_code == 200
    world.clock.advance(days=1)
    refuses(await program.get("/api/me"), 401, "token_expired")
    late = await world.program("ada").post("/api/me/keys", json={"name": "x", "expires_at": ends})
    assert "expires_at" in refuses(late, 422, "invalid_request")
    for wrong in ({"name": "x", "expires_at": "9999-12-31T23:59:59-14:00"}, {"name": "\0"}, {"name": " "}):
        refuses(await world.program("ada").post("/api/me/keys", json=wrong), 422, "invalid_request")


async def test_a_key_makes_none_that_lasts_longer(world, key_of, refuses):
    ends = world.clock() + timedelta(days=1)
    _, program = await key_of(scopes=["account"], expires_at=ends.isoformat())
    for later in (None, (ends + timedelta(seconds=1)).isoformat()):
        assert "expires_at" in refuses(await program.post("/api/me/keys", json={"name": "x", "expires_at": later}), 403, "forbidden")
    assert (await program.post("/api/me/keys", json={"name": "x", "expires_at": ends.isoformat()})).status_code == 201


async def test_signing_out_everywhere_leaves_keys_and_deletion_does_not(world, key_of, refuses):
    _, program = await key_of()
    world.clock.advance(seconds=1)
    assert (await world.program("ada").post("/api/me/sign-out")).status_code == 204
    world.clock.advance(seconds=1)
    for path in ("/api/me", "/api/zoom/status"):
        assert (await program.get(path)).status_code == 200
    assert (await world.program("ada").delete("/api/me")).status_code == 200
    refuses(await program.get("/api/me"), 401, "token_invalid")


async def test_keys_are_counted_and_noted_and_stay_out_of_the_log(world, key_of, logged):
    def counted(outcome):
        return REGISTRY.get_sample_value("momentum_authentications_total", {"method": "key", "outcome": outcome}) or 0

    made, program = await key_of()
    before = [counted(outcome) for outcome in ("ok", "key_scope_missing")]
    await program.get("/api/me")
    await program.delete("/api/me")
    assert [counted(outcome) for outcome in ("ok", "key_scope_missing")] == [n + 1 for n in before]
    await world.program("ada").delete(f"/api/me/keys/{made['id']}")
    await audit.chain(world.app.database)
    acts = (await world.program("ada").get("/api/me/audit")).json()["entries"]
    noted = {(entry["action"], entry["object"], entry["outcome"]) for entry in acts}
    assert {("key.create", f"key:{made['id']}", "ok"), ("key.revoke", f"key:{made['id']}", "ok")} <= noted
    assert ("authenticate", None, "key_scope_missing") in noted
    assert made["key"].rpartition("_")[2] not in str(logged)


async def test_browsers_are_listed_and_signed_out_one_by_one(world, refuses):
    laptop, phone = await world.browser(), await world.browser()
    phone_session, laptop_session = (await phone.get("/api/me/sessions")).json()["sessions"]
    assert [s["here"] for s in (phone_session, laptop_session)] == [True, False]
    assert (await phone.delete(f"/api/me/sessions/{laptop_session['id']}")).status_code == 204
    refuses(await laptop.get("/api/me"), 401, "not_authenticated")
    refuses(await phone.delete(f"/api/me/sessions/{laptop_session['id']}"), 404, "not_found")
    refuses(await world.program("bob").delete(f"/api/me/sessions/{phone_session['id']}"), 404, "not_found")
    assert len((await phone.get("/api/me/sessions")).json()["sessions"]) == 1
