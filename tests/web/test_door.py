"""Who is let in: by token, by cookie, from where."""

import base64
import json
import re

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from momentum.web.links import local_person, sign_in_link

pytestmark = pytest.mark.anyio

AN_ID = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"
CLOSED = [
    ("GET", "/api/zoom/auth-url"),
    ("POST", "/api/zoom/auth"),
    ("GET", "/api/zoom/meetings"),
    ("POST", "/api/zoom/download/81230000001"),
    ("GET", "/api/zoom/status"),
    ("DELETE", "/api/zoom/disconnect"),
    ("GET", "/api/zoom/allowance"),
    ("GET", "/api/me/audit"),
    ("GET", "/api/processings"),
    ("GET", "/api/processings/events"),
    ("GET", f"/api/processings/{AN_ID}"),
    ("GET", f"/api/processings/{AN_ID}/events"),
    ("POST", f"/api/processings/{AN_ID}/cancel"),
    ("POST", f"/api/processings/{AN_ID}/retry"),
    ("GET", "/api/deliverables"),
    ("GET", f"/api/deliverables/{AN_ID}"),
    ("GET", f"/api/deliverables/{AN_ID}/versions"),
    ("GET", f"/api/deliverables/{AN_ID}/diff"),
    ("POST", f"/api/deliverables/{AN_ID}/again"),
    ("POST", f"/api/deliverables/{AN_ID}/retry"),
    ("GET", "/api/search"),
    ("POST", "/api/ask"),
    ("GET", f"/api/deliverables/{AN_ID}/shares"),
    ("POST", f"/api/deliverables/{AN_ID}/shares"),
    ("DELETE", f"/api/shares/{AN_ID}"),
    ("GET", "/api/recordings"),
    ("POST", "/api/recordings/process"),
    ("GET", "/api/status"),
    ("GET", "/api/templates"),
    ("POST", "/api/templates"),
    ("GET", f"/api/templates/{AN_ID}"),
    ("PUT", f"/api/templates/{AN_ID}"),
    ("DELETE", f"/api/templates/{AN_ID}"),
    ("GET", f"/api/deliverables/{AN_ID}/receipt"),
    ("GET", f"/api/transcripts/{AN_ID}"),
    ("GET", f"/api/transcripts/{AN_ID}/analysis"),
    ("GET", f"/api/transcripts/{AN_ID}/analysis/timeline.svg"),
    ("GET", "/api/me/voices"),
    ("POST", "/api/me/voices"),
    ("DELETE", f"/api/me/voices/{AN_ID}"),
    ("GET", "/api/me/redaction"),
    ("PUT", "/api/me/redaction"),
    ("GET", "/api/me/archive"),
    ("GET", "/api/me/keys"),
    ("POST", "/api/me/keys"),
    ("DELETE", f"/api/me/keys/{AN_ID}"),
    ("GET", "/api/me/sessions"),
    ("DELETE", f"/api/me/sessions/{AN_ID}"),
    ("GET", "/api/me"),
    ("PATCH", "/api/me"),
    ("DELETE", "/api/me"),
    ("POST", "/api/me/sign-out"),
    ("POST", f"/api/transcripts/{AN_ID}/corrections"),
    ("GET", f"/api/transcripts/{AN_ID}/corrections"),
    ("GET", f"/api/transcripts/{AN_ID}/export"),
    ("POST", f"/api/deliverables/{AN_ID}/corrections"),
    ("GET", f"/api/deliverables/{AN_ID}/export"),
    ("DELETE", f"/api/corrections/{AN_ID}"),
    ("GET", f"/api/corrections/{AN_ID}/elsewhere"),
    ("POST", f"/api/corrections/{AN_ID}/elsewhere"),
]


async def test_every_route_of_the_api_but_the_callback_wants_to_know_who_asks(world, refuses):
    nobody = world.program(None)
    described = {
        (method.upper(), re.sub(r"{\w+_id}", AN_ID, path.replace("{meeting_id}", "81230000001").replace("{picture}", "timeline")))
        for path, item in world.site.openapi()["paths"].items()
        if path.startswith("/api/")
        for method in item
    } - {("GET", "/api/zoom/auth")}
    assert described == set(CLOSED)
    for method, path in CLOSED:
        answer = await nobody.request(method, path, json={"state": "x", "code": "y"} if path.endswith("/auth") else None)
        assert "Sign in" in refuses(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_profile_is_made_at_the_first_valid_token(world):
    me = (await world.program("seven").get("/api/me")).json()
    assert (me["issuer"], me["subject"]) == ("momentum", "seven")
    assert (await world.program("seven").get("/api/me")).json() == me


async def test_tokens_of_strangers_are_refused(world, refuses):
    now = int(world.clock().timestamp())
    claims = {"iss": "momentum", "aud": "authenticated", "sub": "ada", "exp": now + 600}
    pieces = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)]
    forged = {
        "none": ".".join((*pieces, "")),
        "another secret": world.token(secret="another-secret-of-more-than-32-bytes!!!!"),
        "another audience": world.token(audience="somebody-else"),
        "asymmetric where a secret is set": jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048), algorithms=["RS256"]),
        "another digest": jwt.encode({"alg": "HS512"}, claims, OctKey.import_key("x" * 64), algorithms=["HS512"]),
        "no token at all": "abc",
    }
    for name, token in forged.items():
        client = world.program(None)
        client.headers["authorization"] = f"Bearer {token}"
        for path in ("/api/me", "/api/zoom/status"):
            assert token not in refuses(await client.get(path), 401, "token_invalid"), name


async def test_an_expired_token_is_refused_also_when_it_was_good_before(world, refuses):
    client = world.program("ada")
    assert (await client.get("/api/zoom/status")).status_code == 200
    world.clock.advance(hours=1, seconds=29)
    assert (await client.get("/api/zoom/status")).status_code == 200  # clocks may differ by half a minute
    world.clock.advance(seconds=2)
    refuses(await client.get("/api/zoom/status"), 401, "token_expired")


async def test_another_way_of_authorizing_is_not_a_token(world, refuses):
    client = world.program(None)
    refuses(await client.get("/api/me", headers={"authorization": "Basic YWRhOnB3"}), 401, "not_authenticated")
    refuses(await client.get("/api/me", headers={"authorization": "Bearer"}), 401, "not_authenticated")


async def test_no_token_in_a_url(world, refuses):
    token = world.token()
    refuses(await world.program(None).get("/api/me", params={"access_token": token, "token": token}), 401, "not_authenticated")


async def test_a_deleted_persons_old_tokens_are_refused_at_once_and_for_good(world, refuses):
    client = world.program("ada")
    assert (await client.get("/api/zoom/status")).status_code == 200  # now the token is known to be good
    assert (await client.delete("/api/me")).json()["deleted"] is True
    for path in ("/api/zoom/status", "/api/me", "/api/processings", "/api/zoom/status"):
        refuses(await client.get(path), 401, "person_deleted")
    world.clock.advance(days=400)
    refuses(await world.program("ada").get("/api/me"), 401, "person_deleted")


async def test_signing_out_everywhere_ends_sessions_and_tokens_made_before(world, refuses):
    browser, client, other = await world.browser(), world.program("local"), world.program("bob")
    assert (await browser.get("/api/me")).json() == (await client.get("/api/me")).json()
    for program in (client, other):
        assert (await program.get("/api/zoom/status")).status_code == 200
    world.clock.advance(minutes=1)
    assert (await client.post("/api/me/sign-out")).status_code == 204
    refuses(await client.get("/api/zoom/status"), 401, "token_expired")
    refuses(await client.get("/api/me"), 401, "token_expired")
    refuses(await browser.get("/api/me"), 401, "not_authenticated")
    assert (await other.get("/api/zoom/status")).status_code == 200
    assert (await world.program("local").get("/api/zoom/status")).status_code == 200  # a token of this moment


# --- the session of a browser -----------------------------------------------------------------------


async def test_a_sign_in_link_works_once(world):
    path = (await sign_in_link(world.app, next_path="/deliverables/x")).removeprefix(world.app.settings.base_url)
    browser = await world.browser(signed_in=False)
    first = await browser.get(path)
    assert (first.status_code, first.headers["location"]) == (303, "/deliverables/x")
    cookie = first.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/"))
    again = await (await world.browser(signed_in=False)).get(path)
    assert (again.status_code, "used up" in again.text, "set-cookie" in again.headers) == (410, True, False)


async def test_a_sign_in_link_lives_ten_minutes(world):
    path = (await sign_in_link(world.app)).removeprefix(world.app.settings.base_url)
    world.clock.advance(minutes=10, seconds=1)
    assert (await (await world.browser(signed_in=False)).get(path)).status_code == 410


async def test_a_session_lasts_a_month(world, refuses):
    browser = await world.browser()
    world.clock.advance(days=29)
    assert (await browser.get("/api/me")).status_code == 200
    world.clock.advance(days=2)
    refuses(await browser.get("/api/me"), 401, "not_authenticated")


async def test_another_sites_page_may_not_use_the_session(world, refuses):
    browser = await world.browser()
    for origin in ("https://evil.example", "null", "http://localhost:1", "http://localhost.evil.example"):
        for method, path in (("DELETE", "/api/me"), ("DELETE", "/api/zoom/disconnect"), ("POST", "/api/zoom/auth")):
            answer = await browser.request(method, path, json={"state": "x", "code": "y"}, headers={"origin": origin})
            refuses(answer, 403, "origin_refused")
        # Reading needs the cookie, which browsers keep from other sites.
        assert (await browser.get("/api/me", headers={"origin": origin})).status_code == 200


async def test_an_unsafe_request_by_session_must_name_its_origin(world, refuses):
    browser = await world.browser()
    request = browser.build_request("DELETE", "/api/me")
    refuses(await browser.send(request), 403, "origin_refused")


async def test_our_own_pages_may(world):
    browser = await world.browser()
    for host in ("localhost", "127.0.0.1", "[::1]"):
        answer = await browser.post("/api/me/sign-out", headers={"origin": f"http://{host}:{world.port}"})
        assert answer.status_code in {204, 401}
    assert (await browser.get("/api/me")).status_code == 401


async def test_a_token_needs_no_origin(world):
    assert (await world.program().post("/api/me/sign-out", headers={"origin": "https://app.example"})).status_code == 204


async def test_signing_out_ends_the_session_on_the_server(world):
    browser = await world.browser()
    kept = dict(browser.cookies)
    assert (await browser.post("/leave")).status_code == 303
    thief = await world.browser(signed_in=False)
    thief.cookies.update(kept)
    assert (await thief.get("/api/me")).status_code == 401


async def test_the_local_person_can_begin_anew_after_deleting_everything(world):
    browser = await world.browser()
    before = (await browser.get("/api/me")).json()["id"]
    assert (await browser.delete("/api/me")).status_code == 200
    after = (await (await world.browser()).get("/api/me")).json()["id"]
    assert after != before
    # `momentum token` goes on with the same person.
    again = await local_person(world.app.database, world.app.settings)
    assert (await world.program(again.subject).get("/api/me")).json()["id"] == after


async def test_a_token_made_in_the_second_of_a_sign_out_and_after_it_is_good(world, refuses):
    world.clock.advance(microseconds=300_000)
    before = world.program("ada")
    world.clock.advance(microseconds=1)
    assert (await before.post("/api/me/sign-out")).status_code == 204
    assert (await world.program("ada").get("/api/me")).status_code == 200
    assert "or in that second" in refuses(await before.get("/api/me"), 401, "token_expired")
