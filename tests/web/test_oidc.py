"""What of an identity provider's answers is believed; a real one is in test_sign_in.py, here are those that nobody should run."""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from momentum.errors import ErrorCode, MomentumError, Retry
from momentum.outbound.client import Answer
from momentum.settings import load_settings
from momentum.web.oidc import Flow, IdentityProvider, Returned

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ISSUER = "https://id.example.com/realm"
RSA = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
EC = ECKey.generate_key("P-256", {"kid": "two"}, auto_kid=False)
FACTS = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://id.example.com/authorize?tenant=7",
    "token_endpoint": "https://id.example.com/token",
    "jwks_uri": "https://id.example.com/keys",
    "userinfo_endpoint": "https://id.example.com/me",
}


class Server:
    """Answers as it is told; `sent` is what it was asked."""

    def __init__(self, **facts) -> None:
        self.facts = FACTS | facts
        self.keys, self.tokens, self.person, self.sent = [RSA, EC], {}, {}, []
        self.status = 200

    async def request(self, method, url, **sent):
        self.sent.append((method, url, sent))
        parts = {
            f"{ISSUER}/.well-known/openid-configuration": self.facts,
            FACTS["token_endpoint"]: self.tokens,
            FACTS["jwks_uri"]: KeySet(self.keys).as_dict(private=False),
            FACTS["userinfo_endpoint"]: self.person,
        }
        return Answer(self.status, {}, json.dumps(parts[url]).encode())

    def asked(self, url):
        return [sent for _, address, sent in self.sent if address == url]


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def provider(clock):
    def made(server, **otherwise):
        theirs = {"oidc_issuer": ISSUER, "oidc_client_id": "momentum", "oidc_client_secret": "a b%+/"}
        return IdentityProvider(load_settings(_env_file=None, **theirs | otherwise), server, clock)

    return made


FLOW = Flow.begin("/recordings", NOW)


def token(algorithm="RS256", key=RSA, **changes):
    seconds = int(NOW.timestamp())
    claims = {"iss": ISSUER, "aud": "momentum", "sub": "7", "iat": seconds, "exp": seconds + 300, "nonce": FLOW.nonce, "name": "Ada"}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def back(**changes):
    return Returned(**{"state": FLOW.state, "code": "a-code"} | changes)


async def refused(provider, answer=None):
    with pytest.raises(MomentumError) as caught:
        await provider.identity(FLOW, answer or back())
    return caught.value.code


# --- tokens ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", RSA), ("PS256", RSA), ("RS512", RSA), ("ES256", EC)])
async def test_tokens_by_the_providers_keys_are_believed(provider, algorithm, key):
    server = Server()
    server.tokens = {"id_token": token(algorithm, key, email="ada@example.org")}
    found = await provider(server).identity(FLOW, back())
    assert (found.issuer, found.subject, found.name, found.email) == (ISSUER, "7", "Ada", "ada@example.org")
    (sent,) = server.asked(FACTS["token_endpoint"])
    assert sent["data"]["code_verifier"] == FLOW.verifier
    # RFC 6749, 2.3.1: each half form-encoded, then joined.
    assert base64.b64decode(sent["headers"]["authorization"].removeprefix("Basic ")) == b"momentum:a+b%25%2B%2F"


@pytest.mark.parametrize(
    "made",
    [
        lambda: None,
        lambda: 7,
        lambda: "no token",
        lambda: token("HS256", OctKey.import_key("a b%+/" * 8, {"kid": "one"})),
        lambda: f"{part({'alg': 'none'})}.{part({'sub': '7'})}.",
        lambda: token("RS256", RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)),
        lambda: token(nonce=None),
        lambda: token(nonce=FLOW.state),
        lambda: token(aud="another"),
        lambda: token(aud=["momentum", "another"]),
        lambda: token(azp="another"),
        lambda: token(iss="https://id.example.com/realm/"),
        lambda: token(iss=None),
        lambda: token(sub=None),
        lambda: token(sub=""),
        lambda: token(sub="a\u0000b"),
        lambda: token(exp=None),
        lambda: token(iat="now"),
        lambda: token(at_hash="AAAA"),
    ],
)  # fmt: skip
async def test_others_are_not(provider, made):
    server = Server()
    server.tokens = {"id_token": made(), "access_token": "x"}
    assert await refused(provider(server)) is ErrorCode.ID_TOKEN_INVALID


async def test_a_token_for_several_is_ours_where_it_says_so(provider):
    server = Server()
    server.tokens = {"id_token": token(aud=["momentum", "another"], azp="momentum")}
    assert (await provider(server).identity(FLOW, back())).subject == "7"


@pytest.mark.parametrize(("iat", "exp", "good"), [(29, 300, True), (31, 300, False), (-300, -29, True), (-300, -31, False)])
async def test_clocks_may_differ_by_half_a_minute(provider, iat, exp, good):
    server, seconds = Server(), int(NOW.timestamp())
    server.tokens = {"id_token": token(iat=seconds + iat, exp=seconds + exp)}
    if good:
        assert (await provider(server).identity(FLOW, back())).subject == "7"
    else:
        assert await refused(provider(server)) is ErrorCode.CLOCKS_DIFFER


async def test_keys_that_changed_are_read_at_once(provider):
    server = Server()
    ours, server.keys = provider(server), [EC]
    server.tokens = {"id_token": token("ES256", EC)}
    await ours.identity(FLOW, back())
    server.keys, server.tokens = [RSA], {"id_token": token()}
    assert (await ours.identity(FLOW, back())).subject == "7"


async def test_a_name_that_the_token_lacks_is_asked_for_and_believed_of_that_person_alone(provider):
    server = Server()
    server.tokens = {"id_token": token(name=None), "access_token": "opens-userinfo"}
    server.person = {"sub": "7", "name": "Ada", "email": "ada@example.org", "iss": "x"}
    assert (await provider(server).identity(FLOW, back())).name == "Ada"
    assert server.asked(FACTS["userinfo_endpoint"])[0]["headers"] == {"authorization": "Bearer opens-userinfo"}
    server.person["sub"] = "8"
    assert (await provider(server).identity(FLOW, back())).name is None


# --- the provider ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {"issuer": ISSUER + "/"},
        {"issuer": None},
        {"jwks_uri": None},
        {"token_endpoint": 7},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://id.example.com/authorize"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
async def test_a_configuration_that_does_not_fit_is_refused(provider, facts):
    with pytest.raises(Retry) as caught:
        await provider(Server(**facts)).authorize_url(FLOW)
    assert caught.value.code is ErrorCode.PROVIDER_ANSWER_INVALID


async def test_a_browser_is_sent_with_what_the_flow_needs(provider):
    url = await provider(Server(), oidc_scopes="openid groups").authorize_url(FLOW)
    sent = parse_qs(urlsplit(url).query)
    assert {name: sent[name] for name in ("tenant", "scope", "client_id", "response_type")} == {
        "tenant": ["7"], "scope": ["openid groups"], "client_id": ["momentum"], "response_type": ["code"],
    }  # fmt: skip
    assert sent["redirect_uri"] == ["http://localhost:8000/sign-in/oidc/back"]
    assert len({FLOW.secret, sent["state"][0], sent["nonce"][0], sent["code_challenge"][0], FLOW.verifier}) == 5


async def test_the_configuration_is_read_once_an_hour_and_outlives_a_failure(provider, clock):
    server = Server()
    ours, address = provider(server), f"{ISSUER}/.well-known/openid-configuration"
    for _ in range(3):
        await ours.authorize_url(FLOW)
    assert len(server.asked(address)) == 1
    clock.now += timedelta(hours=1)
    server.status = 503
    for _ in range(3):
        assert (await ours.authorize_url(FLOW)).startswith(FACTS["authorization_endpoint"])
    assert len(server.asked(address)) == 2
    with pytest.raises(Retry):
        await provider(server).authorize_url(FLOW)


async def test_the_secret_goes_into_the_form_where_nothing_else_is_taken(provider):
    server = Server(token_endpoint_auth_methods_supported=["client_secret_post", "private_key_jwt"])
    server.tokens = {"id_token": token()}
    await provider(server).identity(FLOW, back())
    (sent,) = server.asked(FACTS["token_endpoint"])
    assert (sent["data"]["client_secret"], sent["headers"]) == ("a b%+/", {})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"issuer": "https://evil.example"}, ErrorCode.STATE_INVALID),
        ({"state": FLOW.nonce}, ErrorCode.STATE_INVALID),
        ({"state": "\ud800"}, ErrorCode.STATE_INVALID),
        ({"code": None, "error": "access_denied"}, ErrorCode.ACCESS_DENIED),
        ({"error": "login_required"}, ErrorCode.ACCESS_DENIED),
        ({"error": "temporarily_unavailable"}, ErrorCode.PROVIDER_UNAVAILABLE),
        ({"error": "invalid_scope"}, ErrorCode.CLIENT_INVALID),
        ({"code": ""}, ErrorCode.ACCESS_DENIED),
    ],
)
async def test_what_comes_back_without_a_code(provider, answer, code):
    server = Server()
    assert await refused(provider(server), back(**answer)) is code
    assert server.asked(FACTS["token_endpoint"]) == []


async def test_a_provider_that_names_itself_in_each_answer_must_do_so(provider):
    server = Server(authorization_response_iss_parameter_supported=True)
    server.tokens = {"id_token": token()}
    assert await refused(provider(server)) is ErrorCode.STATE_INVALID
    assert (await provider(server).identity(FLOW, back(issuer=ISSUER))).subject == "7"


# --- the flow -------------------------------------------------------------------------------------------


def test_a_flow_is_read_from_its_cookie_for_ten_minutes():
    flow = Flow.begin("/recordings?q=a b&c=ä", NOW)
    read = Flow.read(flow.cookie, NOW + timedelta(minutes=9))
    assert (read.state, read.nonce, read.verifier, read.next_path) == (flow.state, flow.nonce, flow.verifier, "/recordings?q=a b&c=ä")
    assert Flow.read(flow.cookie, NOW + timedelta(minutes=10)) is None
    assert flow.secret not in repr(flow)


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        "a.b.c",
        f"{'a' * 43}.x.y",
        f"{'a' * 43}.1",
        f"{'a' * 43}.{'9' * 30}.%2F",
        f"{'a' * 43}.{'9' * 12}./",
        f"{'a' * 43}.{int(NOW.timestamp()) + 60}./",
        f"{'a' * 43}.².",
    ],
)
def test_what_is_no_flow_is_none(cookie):
    assert Flow.read(cookie, NOW) is None
