"""OAuth as Zoom does it: consent, PKCE, single use, rotation, and every way it says no."""

import re

import httpx2
import pytest

from momentum.sandbox import running_sandbox
from momentum.sandbox.grants import challenge_of

pytestmark = pytest.mark.anyio

# The example of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def asked(zoom, walk, **more):
    return {"response_type": "code", "client_id": zoom.client_id, "redirect_uri": walk.redirect, **more}


async def exchange(zoom, http, walk, code, **more):
    return await walk.token(zoom, http, grant_type="authorization_code", code=code, redirect_uri=walk.redirect, **more)


def test_the_challenge_is_that_of_the_rfc():
    assert challenge_of(VERIFIER, "S256") == CHALLENGE
    assert challenge_of(VERIFIER, "plain") == VERIFIER


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_the_consent_page_is_a_form_whose_answer_goes_back_with_the_state(zoom, http, walk, decision):
    shown = await http.get(f"{zoom.oauth_base}/oauth/authorize", params=asked(zoom, walk, state='a"b&c'))
    assert shown.status_code == 200
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', shown.text))
    assert fields["state"] == "a&quot;b&amp;c"
    form = asked(zoom, walk, state='a"b&c', decision=decision, user="tom.reed@momentum.example")
    answer = await http.post(f"{zoom.oauth_base}/oauth/authorize", data=form)
    back = httpx2.URL(answer.headers["location"])
    assert (answer.status_code, back.params["state"]) == (302, 'a"b&c')
    assert ("code" in back.params) == (decision == "allow")
    assert back.params.get("error") == (None if decision == "allow" else "access_denied")


@pytest.mark.parametrize(
    ("change", "number"),
    [({"redirect_uri": "http://localhost:9/x"}, "4,709"), ({"client_id": "who"}, "4,702"), ({"scope": "phone:read"}, "4,700")],
)
async def test_a_wrong_request_gets_a_page_and_no_redirect(zoom, http, walk, change, number):
    answer = await http.get(f"{zoom.oauth_base}/oauth/authorize", params=asked(zoom, walk) | change)
    assert (answer.status_code, number in answer.text) == (400, True)


async def test_the_token_answer_has_zooms_fields(zoom, maya):
    assert {key: maya.tokens[key] for key in ("token_type", "expires_in", "api_url")} == {
        "token_type": "bearer",
        "expires_in": 3599,
        "api_url": zoom.base,
    }
    assert "cloud_recording:read:list_user_recordings" in maya.tokens["scope"].split()
    assert len(maya.tokens["access_token"]) > 300


@pytest.mark.parametrize(("verifier", "status"), [(VERIFIER, 200), ("wrong" * 10, 400), ("", 400)])
async def test_s256_wants_the_right_verifier(zoom, http, walk, verifier, status):
    code = await walk.code(zoom, http, code_challenge=CHALLENGE, code_challenge_method="S256")
    answer = await exchange(zoom, http, walk, code, code_verifier=verifier)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"] == "invalid_grant"


async def test_pkce_is_plain_unless_said_otherwise(zoom, http, walk):
    code = await walk.code(zoom, http, code_challenge=VERIFIER)
    assert (await exchange(zoom, http, walk, code, code_verifier=VERIFIER)).status_code == 200


async def test_a_code_works_once(zoom, http, walk):
    code = await walk.code(zoom, http)
    assert (await exchange(zoom, http, walk, code)).status_code == 200
    again = await exchange(zoom, http, walk, code)
    assert (again.status_code, again.json()) == (400, {"reason": "Invalid authorization code", "error": "invalid_grant"})


async def test_a_code_lives_five_minutes(zoom, http, walk):
    code = await walk.code(zoom, http)
    zoom.advance(301)
    assert (await exchange(zoom, http, walk, code)).json()["error"] == "invalid_grant"


async def test_the_redirect_of_the_exchange_must_be_that_of_the_consent(zoom, http, walk):
    code = await walk.code(zoom, http)
    answer = await walk.token(zoom, http, grant_type="authorization_code", code=code, redirect_uri="http://127.0.0.1:8000/api/zoom/auth")
    assert answer.json() == {"reason": "Redirect URI mismatch.", "error": "invalid_request"}


async def test_credentials_count_in_the_basic_header_alone(zoom, http):
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": zoom.client_id, "client_secret": zoom.client_secret}
    answers = [
        await http.post(f"{zoom.oauth_base}/oauth/token", data=form),
        await http.post(f"{zoom.oauth_base}/oauth/token", data=form, auth=(zoom.client_id, "wrong")),
    ]
    assert [answer.json()["error"] for answer in answers] == ["invalid_client"] * 2


async def test_parameters_may_stand_in_the_query(zoom, http, maya):
    query = {"grant_type": "refresh_token", "refresh_token": maya.tokens["refresh_token"]}
    answer = await http.post(f"{zoom.oauth_base}/oauth/token", params=query, auth=(zoom.client_id, zoom.client_secret))
    assert answer.status_code == 200


async def test_an_unknown_grant_type_is_refused(zoom, http, walk):
    assert (await walk.token(zoom, http, grant_type="password")).json()["error"] == "unsupported_grant_type"


async def test_only_the_newest_refresh_token_works(maya):
    first = await maya.refresh()
    assert first.status_code == 200
    second = await maya.refresh()
    assert (second.status_code, second.json()) == (400, {"reason": "Invalid Token!", "error": "invalid_grant"})
    maya.tokens = first.json()
    assert (await maya.refresh()).status_code == 200


async def test_a_second_authorization_kills_the_first_set(zoom, http, maya, walk):
    again = await walk.connect(zoom, http)
    assert (await maya.get("/users/me")).json() == {"code": 124, "message": "Invalid access token."}
    assert (await maya.refresh()).json()["reason"] == "Invalid Token!"
    assert (await again.get("/users/me")).status_code == 200


async def test_another_persons_authorization_kills_nothing(zoom, http, maya, walk):
    tom = await walk.connect(zoom, http, user="tom.reed@momentum.example")
    assert [(await person.get("/users/me")).json()["first_name"] for person in (maya, tom)] == ["Maya", "Tom"]


async def test_a_lost_answer_has_rotated_all_the_same(zoom, maya):
    zoom.faults.set("lost_refresh_response", count=1)
    with pytest.raises(httpx2.TransportError):
        await maya.refresh()
    assert (await maya.refresh()).json()["reason"] == "Invalid Token!"


async def test_revoking_ends_both_tokens(zoom, http, maya):
    query = {"token": maya.tokens["access_token"]}
    answer = await http.post(f"{zoom.oauth_base}/oauth/revoke", params=query, auth=(zoom.client_id, zoom.client_secret))
    assert (answer.status_code, answer.json()) == (200, {"status": "success"})
    assert (await maya.get("/users/me")).status_code == 401
    assert (await maya.refresh()).status_code == 400


async def test_an_access_token_lives_an_hour(zoom, maya):
    zoom.advance(3598)
    assert (await maya.get("/users/me")).status_code == 200
    zoom.advance(2)
    late = await maya.get("/users/me")
    assert (late.status_code, late.json()) == (401, {"code": 124, "message": "Access token is expired."})


@pytest.mark.parametrize("fault", ["admin_disabled", "user_removed", "invalid_client"])
async def test_faults_of_the_refresh(zoom, maya, fault):
    zoom.faults.set(fault, count=1)
    assert (await maya.refresh()).status_code == 400
    assert (await maya.refresh()).status_code == 200


async def test_token_answers_can_be_short_of_life_and_scope(zoom, http, walk):
    zoom.faults.apply({"short_lived_token": {"seconds": 7}, "scope_absent": True})
    person = await walk.connect(zoom, http)
    assert (person.tokens["expires_in"], "scope" in person.tokens) == (7, False)


REFUSED_CODES = [
    ({"code_used": True}, "Invalid authorization code {}", "invalid_grant"),
    ({"code_expired": {"error": "invalid_request"}}, "Invalid authorization code {}", "invalid_request"),
    ({"redirect_mismatch": True}, "Redirect URI mismatch.", "invalid_request"),
    ({"grant_type_refused": True}, "unsupported grant type", "unsupported_grant_type"),
    ({"pkce_plain": True}, "Invalid code verifier", "invalid_grant"),
]


@pytest.mark.parametrize(("switch", "reason", "error"), REFUSED_CODES)
async def test_exchanges_that_are_refused(zoom, http, walk, switch, reason, error):
    zoom.faults.apply(switch)
    code = await walk.code(zoom, http, code_challenge=CHALLENGE, code_challenge_method="S256")
    answer = await exchange(zoom, http, walk, code, code_verifier=VERIFIER)
    assert (answer.status_code, answer.json()) == (400, {"reason": reason.format(code), "error": error})


async def test_the_answer_to_an_exchange_may_be_lost(zoom, http, walk):
    zoom.faults.set("lost_exchange_response", count=1)
    code = await walk.code(zoom, http)
    with pytest.raises(httpx2.TransportError):
        await exchange(zoom, http, walk, code)
    assert (await exchange(zoom, http, walk, code)).json()["error"] == "invalid_grant"


async def test_the_state_may_come_back_as_another(zoom, http, walk):
    zoom.faults.set("state_changed")
    answer = await http.get(f"{zoom.oauth_base}/oauth/authorize", params=asked(zoom, walk, auto_approve="1", state="mine"))
    assert httpx2.URL(answer.headers["location"]).params["state"] != "mine"


@pytest.mark.parametrize(
    ("switch", "field", "value"),
    [
        ({"expires_in": True}, "expires_in", 3600),
        ({"expires_in": {"seconds": "soon"}}, "expires_in", "soon"),
        ({"api_url": True}, "api_url", "https://api-eu.zoom.us"),
        ({"api_url": {"url": "none"}}, "api_url", None),
    ],
)
async def test_what_a_token_answer_may_say(zoom, http, walk, switch, field, value):
    zoom.faults.apply(switch)
    assert (await walk.connect(zoom, http)).tokens.get(field) == value


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request"])
async def test_a_refresh_may_be_refused_in_the_words_of_then_and_now(zoom, maya, error):
    zoom.faults.set("refresh_refused", count=1, error=error)
    assert (await maya.refresh()).json() == {"reason": "Invalid Token!", "error": error}
    assert (await maya.refresh()).status_code == 200


async def test_denied_consent_and_a_disabled_app(zoom, http, walk):
    zoom.faults.set("consent_denied")
    answer = await http.get(f"{zoom.oauth_base}/oauth/authorize", params=asked(zoom, walk, auto_approve="1", state="s"))
    assert httpx2.URL(answer.headers["location"]).params["error"] == "access_denied"
    zoom.faults.set("admin_disabled")
    assert "4,738" in (await http.get(f"{zoom.oauth_base}/oauth/authorize", params=asked(zoom, walk))).text


async def test_classic_scopes_and_auto_approve_are_settings(http, walk):
    async with running_sandbox(now=lambda: walk.now, classic_scopes=True, auto_approve=True) as zoom:
        answer = await http.get(f"{zoom.oauth_base}/oauth/authorize", params=asked(zoom, walk, scope="recording:read user:read"))
        code = httpx2.URL(answer.headers["location"]).params["code"]
        assert (await exchange(zoom, http, walk, code)).json()["scope"] == "recording:read user:read"
