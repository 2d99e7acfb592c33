"""Authorization at Zoom: the address, the exchange, the refresh, the end."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from momentum.errors import ActionRequired, ErrorCode, Invalid, Permanent, Retry
from momentum.providers.oauth import OAuthApp, challenge_of, new_secret, parse_grant

pytestmark = pytest.mark.anyio

TOKEN = "/oauth/token"
GRANT = {
    "access_token": "AT",
    "token_type": "bearer",
    "refresh_token": "RT",
    "expires_in": 3599,
    "scope": "b a",
    "api_url": "https://api.zoom.us",
}
APP = OAuthApp("Zoom", "https://z/a", "https://z/t", "https://z/r", "id", "S3CRET", "http://localhost/cb", api_base_key="api_url")


async def test_the_challenge_is_the_one_of_the_standard():
    # RFC 7636, appendix B
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert len(new_secret()) == 64
    assert new_secret() != new_secret()


async def test_the_address_asks_for_a_code_with_s256(world):
    url = urlsplit(world.zoom.authorize_url(state="st&te", challenge="ch"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{world.vendor.base}/oauth/authorize"
    assert parse_qs(url.query) == {
        "response_type": ["code"],
        "client_id": ["id"],
        "redirect_uri": ["http://localhost:8000/api/zoom/auth"],
        "state": ["st&te"],
        "code_challenge": ["ch"],
        "code_challenge_method": ["S256"],
    }


async def test_a_code_becomes_a_grant(world):
    world.vendor.answers(TOKEN, GRANT)
    grant = await world.zoom.exchange(code="c", verifier="v")
    assert (grant.access_token, grant.refresh_token, grant.scopes, grant.api_base) == ("AT", "RT", ("a", "b"), "https://api.zoom.us")
    assert grant.expires_at == world.now + timedelta(seconds=3599)
    assert world.vendor.forms == [
        {"grant_type": "authorization_code", "code": "c", "redirect_uri": "http://localhost:8000/api/zoom/auth", "code_verifier": "v"}
    ]
    assert world.vendor.seen[0].headers["authorization"] == "Basic " + base64.b64encode(b"id:S3CRET").decode()


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request"])
async def test_a_refused_code_and_a_dead_refresh_token(world, error):
    world.vendor.answers(TOKEN, (400, {"reason": "x", "error": error}))
    with pytest.raises(Invalid) as refused:
        await world.zoom.exchange(code="c", verifier="v")
    assert refused.value.code is ErrorCode.CODE_INVALID
    with pytest.raises(ActionRequired) as dead:
        await world.zoom.refresh("RT")
    assert dead.value.code is ErrorCode.RECONNECT_REQUIRED
    assert len(world.vendor.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [(400, {"error": "invalid_client"}), (401, {"error": "invalid_client"}), (403, "<html>"), (400, {"error": "unsupported_grant_type"})],
)
async def test_a_refused_app_is_not_a_dead_connection(world, answer):
    world.vendor.answers(TOKEN, answer)
    for call in (world.zoom.exchange(code="c", verifier="v"), world.zoom.refresh("RT")):
        with pytest.raises(ActionRequired) as refused:
            await call
        assert refused.value.code is ErrorCode.CLIENT_INVALID


@pytest.mark.parametrize(
    "answer",
    [
        (500, "<html>"),
        (502, ""),
        (302, ""),
        (404, "<html>"),
        (400, "<html>"),
        (408, ""),
        (200, "<html>maintenance</html>"),
        (200, None),
        (200, ["x"]),
    ],
)
async def test_an_absent_zoom_keeps_the_refresh_token_alive(world, answer):
    world.vendor.answers(TOKEN, answer)
    with pytest.raises(Retry) as away:
        await world.zoom.refresh("RT")
    assert away.value.code is ErrorCode.PROVIDER_UNAVAILABLE
    assert len(world.vendor.seen) == 1


async def test_too_many_token_requests_wait_as_long_as_zoom_says(world):
    world.vendor.answers(TOKEN, (429, {"error": "slow"}, {"Retry-After": "7"}))
    with pytest.raises(Retry) as slow:
        await world.zoom.refresh("RT")
    assert (slow.value.code, slow.value.after) == (ErrorCode.PROVIDER_RATE_LIMITED, 7)


@pytest.mark.parametrize(
    "answer", [{"status": "success"}, (400, {"reason": "Invalid Token!", "error": "invalid_grant"}), (400, {"error": "x"})]
)
async def test_a_grant_that_is_dead_already_is_revoked(world, answer):
    world.vendor.answers("/oauth/revoke", answer)
    await world.zoom.revoke("AT")
    assert world.vendor.forms == [{"token": "AT"}]


async def test_revoking_with_a_refused_app_or_an_absent_zoom_is_said(world):
    world.vendor.answers("/oauth/revoke", (401, {"error": "invalid_client"}), (503, ""), (404, "<html>"))
    with pytest.raises(ActionRequired):
        await world.zoom.revoke("AT")
    for _ in range(2):
        with pytest.raises(Retry):
            await world.zoom.revoke("AT")


async def test_a_grant_in_other_forms(world):
    grant = parse_grant(APP, {"access_token": "AT", "expires_in": "60", "scope": ["b", "a"]}, now=world.now, former="OLD")
    assert (grant.refresh_token, grant.expires_at, grant.scopes, grant.api_base) == (
        "OLD",
        world.now + timedelta(seconds=60),
        ("a", "b"),
        None,
    )
    assert parse_grant(APP, {**GRANT, "expires_in": None}, now=world.now).expires_at == world.now + timedelta(hours=1)


@pytest.mark.parametrize(
    "body", [None, [], {}, {**GRANT, "refresh_token": None}, {**GRANT, "access_token": 5}, {**GRANT, "access_token": ""}]
)
async def test_a_grant_without_tokens_is_refused(world, body):
    with pytest.raises(Permanent) as refused:
        parse_grant(APP, body, now=world.now)
    assert refused.value.code is ErrorCode.PROVIDER_ANSWER_INVALID


async def test_nothing_that_is_shown_holds_a_secret(world):
    world.vendor.answers(TOKEN, (400, {"reason": "Invalid code C0DE", "error": "invalid_grant"}))
    with pytest.raises(Invalid) as refused:
        await world.zoom.exchange(code="C0DE", verifier="V3RIFIER")
    shown = repr(APP) + repr(parse_grant(APP, GRANT, now=world.now)) + repr(refused.value) + refused.value.detail
    assert [secret for secret in ("S3CRET", "C0DE", "V3RIFIER", "'AT'", "'RT'") if secret in shown] == []
