"""Tokens signed with keys that a provider publishes: when it is asked, and what holds while it does not answer."""

import asyncio

import pytest
import structlog.testing
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from momentum.errors import ErrorCode, Retry, Unauthorized
from momentum.web.published_keys import PublishedKeys
from momentum.web.tokens import TokenRules, TokenVerifier

pytestmark = pytest.mark.anyio
ISSUER = "https://id.example.com"
RSA = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
EC = ECKey.generate_key("P-256", {"kid": "two"}, auto_kid=False)


class Provider:
    """Publishes keys; may be away, or hang until it is told to answer."""

    def __init__(self, *keys):
        self.document = KeySet(list(keys)).as_dict(private=False)
        self.asked = 0
        self.away = False
        self.answering = asyncio.Event()
        self.answering.set()

    def publish(self, *keys):
        self.document = KeySet(list(keys)).as_dict(private=False)

    async def __call__(self, _url):
        self.asked += 1
        await self.answering.wait()
        if self.away:
            raise Retry(ErrorCode.PROVIDER_UNAVAILABLE, "It could not be reached.")
        return self.document


@pytest.fixture
async def provider():
    return Provider(RSA)


@pytest.fixture
def verifier(provider, clock):
    rules = TokenRules("authenticated", ISSUER, jwks_url="https://id.example.com/keys")
    return TokenVerifier(rules, fetch_keys=provider, clock=clock)


@pytest.fixture
def signed(clock):
    def sign(key=RSA, kid="one", sub="7"):
        algorithm = "ES256" if key is EC else "RS256"
        claims = {"iss": ISSUER, "aud": "authenticated", "sub": sub, "exp": int(clock().timestamp()) + 86_400}
        return jwt.encode({"alg": algorithm} | ({"kid": kid} if kid else {}), claims, key, algorithms=[algorithm])

    return sign


async def refused(verifier, token):
    with pytest.raises((Unauthorized, Retry)) as caught:
        await verifier.verify(token)
    return caught.value.code


async def quiet():
    """Let what was begun in the background end."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_unknown_kid_means_one_look_for_new_keys(provider, verifier, signed, clock):
    await verifier.verify(signed())
    provider.publish(RSA, EC)
    clock.advance(minutes=2)
    assert (await verifier.verify(signed(EC, "two"))).subject == "7"
    for _ in range(3):
        assert await refused(verifier, signed(EC, "made-up")) == ErrorCode.TOKEN_INVALID
    assert provider.asked == 2
    clock.advance(minutes=2)
    await refused(verifier, signed(EC, "made-up"))
    assert provider.asked == 3


async def test_an_only_key_need_not_be_named(provider, verifier, signed, clock):
    for _ in range(3):
        clock.advance(minutes=2)
        assert (await verifier.verify(signed(kid=None, sub=str(clock())))).subject == str(clock())
    assert provider.asked == 1


async def test_many_at_once_cause_one_request(provider, verifier, signed):
    provider.answering.clear()
    asking = [asyncio.create_task(verifier.verify(signed(sub=str(n)))) for n in range(5)]
    await quiet()
    asking[0].cancel()  # who leaves does not take the answer from the others
    await quiet()
    provider.answering.set()
    identities = await asyncio.gather(*asking[1:])
    assert [identity.subject for identity in identities] == ["1", "2", "3", "4"]
    assert provider.asked == 1


async def test_nobody_with_a_known_key_waits_for_the_provider(provider, verifier, signed, clock):
    await verifier.verify(signed())
    clock.advance(minutes=20)
    provider.answering.clear()
    unknown = asyncio.create_task(refused(verifier, signed(EC, "two")))
    await quiet()
    assert (await verifier.verify(signed(sub="8"))).subject == "8"
    assert not unknown.done()
    provider.answering.set()
    assert await unknown == ErrorCode.TOKEN_INVALID


async def test_a_provider_that_hangs_is_not_waited_for(provider, signed, clock):
    provider.answering.clear()
    keys = PublishedKeys("https://id.example.com/keys", fetch=provider, clock=clock, changed=lambda: None, seconds=0.01)
    with pytest.raises(Retry):
        await keys.with_kid("one")


async def test_while_the_provider_is_away_it_is_not_asked_for_each_token(provider, verifier, signed, clock, logged):
    provider.away = True
    for n in range(5):
        assert await refused(verifier, signed(sub=str(n))) == ErrorCode.PROVIDER_UNAVAILABLE
    assert provider.asked == 1
    assert [line["log_level"] for line in logged if line["event"] == "signing_keys_unread"] == ["warning"]
    provider.away = False
    clock.advance(seconds=10)
    assert (await verifier.verify(signed())).subject == "7"


async def test_an_unknown_key_is_not_called_invalid_while_the_provider_is_away(provider, verifier, signed, clock):
    await verifier.verify(signed())
    clock.advance(minutes=2)
    provider.away = True
    for _ in range(2):
        assert await refused(verifier, signed(EC, "two")) == ErrorCode.PROVIDER_UNAVAILABLE
    assert provider.asked == 2


async def test_a_withdrawn_key_is_trusted_for_a_quarter_of_an_hour_at_the_most(provider, verifier, signed, clock):
    token = signed()
    await verifier.verify(token)
    provider.publish(EC)
    clock.advance(minutes=15)
    await verifier.verify(token)  # from memory; the keys are read again meanwhile
    await quiet()
    assert await refused(verifier, token) == ErrorCode.TOKEN_INVALID
    assert (await verifier.verify(signed(EC, "two"))).subject == "7"


async def test_keys_outlive_a_provider_that_is_away_for_an_hour_and_no_longer(provider, verifier, signed, clock):
    token = signed()
    await verifier.verify(token)
    provider.away = True
    clock.advance(minutes=59)
    assert await verifier.verify(token)
    await quiet()
    clock.advance(minutes=1)
    assert await refused(verifier, token) == ErrorCode.PROVIDER_UNAVAILABLE
    provider.away = False
    clock.advance(seconds=10)
    assert await verifier.verify(token)


UNUSABLE = [
    {},
    "text",
    {"kty": "RSA", "kid": "bad"},
    {"kty": "RSA", "kid": "bad", "n": "!!", "e": 7},
    {"kty": ["RSA"], "kid": "bad"},
    {"kty": "EC", "kid": "bad", "crv": "P-999", "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": "bad", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "oct", "kid": "bad", "k": "AAAA"},
    {"kty": "ML-DSA", "kid": "bad"},
]


@pytest.mark.parametrize("bad", UNUSABLE)
async def test_a_key_that_cannot_be_used_leaves_the_others(provider, verifier, signed, bad):
    provider.document["keys"].insert(0, bad)
    assert (await verifier.verify(signed())).subject == "7"
    assert await refused(verifier, signed(kid="bad")) == ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("document", [[], {}, "keys", {"keys": {}}])
async def test_what_is_no_list_of_keys_is_the_providers_fault(provider, verifier, signed, document):
    provider.document = document
    with structlog.testing.capture_logs():
        assert await refused(verifier, signed()) == ErrorCode.PROVIDER_UNAVAILABLE
