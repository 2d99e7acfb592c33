"""Which bearer tokens are let in."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from momentum.errors import ErrorCode, Unauthorized
from momentum.web.tokens import TokenRules, TokenVerifier, mint

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
SECRET = "a-secret-of-more-than-thirty-two-bytes!"
ISSUER = "https://id.example.com"
RSA = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
EC = ECKey.generate_key("P-256", {"kid": "two"}, auto_kid=False)


class Keys:
    def __init__(self, *keys):
        self.keys = keys
        self.fetched = 0

    async def __call__(self, _url: str):
        self.fetched += 1
        return KeySet(list(self.keys)).as_dict(private=False)


def claims(**changes):
    base = {"iss": ISSUER, "aud": "authenticated", "sub": "7", "exp": int(NOW.timestamp()) + 60}
    return {k: v for k, v in (base | changes).items() if v is not None}


def signed(key=None, algorithm="HS256", kid=None, **changes):
    header = {"alg": algorithm} | ({"kid": kid} if kid else {})
    return jwt.encode(header, claims(**changes), key or OctKey.import_key(SECRET), algorithms=[algorithm])


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def symmetric(clock=lambda: NOW):
    return TokenVerifier(TokenRules("authenticated", ISSUER, secret=SECRET), fetch_keys=Keys(), clock=clock)


def asymmetric(keys, clock=lambda: NOW):
    return TokenVerifier(TokenRules("authenticated", ISSUER, jwks_url="https://id.example.com/keys"), fetch_keys=keys, clock=clock)


async def refused(verifier, token):
    with pytest.raises(Unauthorized) as caught:
        await verifier.verify(token)
    return caught.value.code


async def test_a_good_token_names_the_person():
    identity = await symmetric().verify(signed(email="a@example.com", user_metadata={"full_name": "Ada"}))
    assert (identity.issuer, identity.subject, identity.email, identity.name) == (ISSUER, "7", "a@example.com", "Ada")


async def test_a_minted_token_is_good():
    token = mint(SECRET, issuer=ISSUER, audience="authenticated", subject="me", now=NOW, lifetime=timedelta(hours=1))
    assert (await symmetric().verify(token)).subject == "me"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": None},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "a\0b"},
        {"sub": "a\nb"},
        {"sub": "s" * 256},
        {"sub": ["7"]},
        {"exp": "x"},
        {"exp": float("inf")},
        {"exp": 10**300},
        {"aud": [["authenticated"]]},
        {"aud": {}},
        {"iat": "x"},
        {"iat": []},
    ],
)
async def test_a_claim_that_is_wrong_or_missing_is_refused(changes):
    assert await refused(symmetric(), signed(**changes)) == ErrorCode.TOKEN_INVALID


async def test_clocks_may_differ_by_thirty_seconds_and_no_more():
    token = signed(exp=int(NOW.timestamp()))
    assert (await symmetric(lambda: NOW + timedelta(seconds=29)).verify(token)).subject == "7"
    assert await refused(symmetric(lambda: NOW + timedelta(seconds=31)), token) == ErrorCode.TOKEN_EXPIRED


async def test_a_token_that_was_verified_once_still_expires():
    moment = [NOW]
    verifier = symmetric(lambda: moment[0])
    token = signed()
    await verifier.verify(token)
    moment[0] = NOW + timedelta(seconds=91)
    assert await refused(verifier, token) == ErrorCode.TOKEN_EXPIRED


async def test_a_token_for_almost_ever_is_good_each_time():
    verifier = symmetric()
    token = signed(exp=int(datetime.max.replace(tzinfo=UTC).timestamp()) - 1)
    assert await verifier.verify(token) == await verifier.verify(token)


async def test_an_odd_issuer_is_nobody():
    verifier = TokenVerifier(TokenRules("authenticated", None, secret=SECRET), fetch_keys=Keys(), clock=lambda: NOW)
    for issuer in ("i" * 256, "a\0b", "", 7):
        assert await refused(verifier, signed(iss=issuer)) == ErrorCode.TOKEN_INVALID


async def test_half_a_character_is_no_name():
    named = claims(sub="a\ud800b")
    words = f"{part({'alg': 'HS256'})}.{part(named)}"  # our library would not sign it
    digest = hmac.digest(SECRET.encode(), words.encode(), "sha256")
    token = f"{words}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    assert await refused(symmetric(), token) == ErrorCode.TOKEN_INVALID


async def test_another_secrets_token_is_refused():
    assert await refused(symmetric(), signed(OctKey.import_key("x" * 40))) == ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("garbage", ["", "a", "a.b.c", "....", "é.é.é", "Bearer x"])
async def test_garbage_is_refused(garbage):
    assert await refused(symmetric(), garbage) == ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("kid", [[], {}, 1, True, ["one"]])
async def test_a_key_id_that_is_no_text_is_refused(kid):
    verifier = asymmetric(Keys(RSA))
    await verifier.verify(signed(RSA, "RS256", "one"))
    assert await refused(verifier, f"{part({'alg': 'RS256', 'kid': kid})}.{part(claims())}.AAAA") == ErrorCode.TOKEN_INVALID


async def test_a_bottomless_header_is_refused():
    bottomless = base64.urlsafe_b64encode(b"[" * 100_000).rstrip(b"=").decode()
    assert await refused(symmetric(), f"{bottomless}.e30.AAAA") == ErrorCode.TOKEN_INVALID


async def test_no_algorithm_is_no_signature():
    assert await refused(symmetric(), f"{part({'alg': 'none'})}.{part(claims())}.") == ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "one"), (EC, "ES256", "two")])
async def test_published_keys_are_used(key, algorithm, kid):
    assert (await asymmetric(Keys(RSA, EC)).verify(signed(key, algorithm, kid))).subject == "7"


async def test_a_public_key_is_no_shared_secret():
    public = RSA.as_pem(private=False).decode()
    head, body, _ = signed(kid="one").split(".")  # our library would refuse to sign with such a key: sign by hand
    digest = hmac.digest(public.encode(), f"{head}.{body}".encode(), "sha256")
    forged = f"{head}.{body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    assert await refused(asymmetric(Keys(RSA)), forged) == ErrorCode.TOKEN_INVALID


async def test_keys_are_of_no_use_where_only_a_secret_is_set():
    assert await refused(symmetric(), signed(RSA, "RS256", "one")) == ErrorCode.TOKEN_INVALID
