"""`momentum doctor`: a setting that does not work is found before a person finds it."""

import base64
from datetime import UTC, datetime

import psycopg
import pytest
from aiohttp import web
from joserfc.jwk import ECKey, KeySet

from momentum.cli import doctor
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, running_sandbox
from momentum.settings import load_settings

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

KEK, OTHER_KEK = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
DEAD = "http://127.0.0.1:9/keys"


@pytest.fixture
async def zoom():
    async with running_sandbox(now=lambda: datetime.now(UTC)) as sandbox:
        yield sandbox


@pytest.fixture
def examine(owner_dsn, tmp_path):
    """Runs the doctor with these settings; gives its findings by name, and the allowances."""

    async def go(**settings):
        # Whoever transcribes or finds is not the question here, and local weights would take their time.
        ours = {
            "momentum_home": tmp_path,
            "database_url": owner_dsn,
            "momentum_kek": KEK,
            "speech_api_key": "k",
            "speech_base_url": DEAD,
            "estimate_speakers": False,
            "semantic_search": False,
        }
        used = []
        wanted = ours | {name.lower(): value for name, value in settings.items()}
        findings = await doctor.examine(load_settings(_env_file=None, **wanted), used)
        return {finding.what: finding for finding in findings} | {"allowances": used}

    return go


def _zoom(sandbox, **changes):
    ours = {"ZOOM_CLIENT_ID": CLIENT_ID, "ZOOM_CLIENT_SECRET": CLIENT_SECRET}
    return ours | {"ZOOM_OAUTH_BASE": sandbox.oauth_base, "ZOOM_API_BASE": sandbox.api_base} | changes


async def test_a_right_pair_of_client_id_and_secret_is_told_from_a_wrong_one(zoom, examine):
    right = await examine(**_zoom(zoom))
    assert right["Zoom"].ok is True
    assert "accepts the app" in right["Zoom"].detail
    wrong = await examine(**_zoom(zoom, ZOOM_CLIENT_SECRET="of-another-app"))
    assert wrong["Zoom"].ok is False
    assert "client id and secret" in wrong["Zoom"].detail


async def test_an_address_where_somebody_else_answers_or_nobody_is_found(zoom, examine):
    nobody = {"SEMANTIC_SEARCH": True, "EMBEDDING_MODEL": "a-model", "EMBEDDING_BASE_URL": DEAD}
    found = await examine(**_zoom(zoom, ZOOM_API_BASE=f"{zoom.base}/nowhere"), **nobody)
    meaning = found["Finding by meaning"]
    assert (meaning.ok, meaning.detail) == (False, "The embedding model's server cannot be reached.")
    assert found["Zoom"].ok is False
    assert "ZOOM_API_BASE" in found["Zoom"].detail


async def test_a_key_that_opens_nothing_here_is_found(examine):
    usual = await examine(SEMANTIC_SEARCH=True)
    assert usual["Database"].ok is True
    assert usual["Finding by meaning"].detail == "all-MiniLM-L6-v2-int8 answers, on this machine."
    other = await examine(MOMENTUM_KEK=OTHER_KEK)
    assert other["Database"].ok is False
    assert "MOMENTUM_KEK is not the key" in other["Database"].detail
    broken = await examine(MOMENTUM_KEK="too-short")
    assert broken["Database"].ok is False
    assert "MOMENTUM_KEK" in broken["Database"].detail


@pytest.fixture
async def keys_server():
    """Base of a server with a set of keys, a set without any, and something else."""

    async def answer(request):
        documents = {"good": KeySet([ECKey.generate_key("P-256")]).as_dict(private=False), "empty": {"keys": []}, "other": {"hello": 1}}
        return web.json_response(documents[request.match_info["name"]])

    async def configuration(request):
        base = f"http://{request.host}"
        told = {"issuer": base, "jwks_uri": f"{base}/good", "token_endpoint": base, "authorization_endpoint": f"{base}/in"}
        return web.json_response(told)

    application = web.Application()
    application.router.add_get("/{name}", answer)
    application.router.add_get("/.well-known/openid-configuration", configuration)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_keys_that_cannot_be_had_are_found(keys_server, examine):
    async def asked(url):
        return (await examine(JWT_JWKS_URL=url, JWT_ISSUER="https://id.example.com"))["Who may come in"]

    good = await asked(f"{keys_server}/good")
    assert good.ok is True
    assert "1 key" in good.detail
    for url in (DEAD, f"{keys_server}/empty"):
        found = await asked(url)
        assert found.ok is False
        assert "JWT_JWKS_URL" in found.detail


async def test_an_identity_provider_that_cannot_be_asked_is_found(keys_server, examine):
    async def asked(issuer):
        return (await examine(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="momentum", OIDC_CLIENT_SECRET="s"))["Sign-in"]

    good = await asked(keys_server)
    assert (good.ok, "with 1 key. To be registered there: http://localhost:8000/sign-in/oidc/back" in good.detail) == (True, True)
    for issuer, why in ((f"{keys_server}/", f"names itself {keys_server}."), (DEAD, "could not be reached")):
        found = await asked(issuer)
        assert (found.ok, why in found.detail) == (False, True), found
    assert (await examine())["Sign-in"].ok is None


async def test_what_was_used_today_of_each_allowance_is_told(owner_dsn, examine):
    with psycopg.connect(owner_dsn) as connection:
        for account, used, day in (("acc-1", 41, "now()"), ("acc-2", 7, "now()"), ("acc-3", 9, "now() - interval '3 days'")):
            connection.execute(
                "insert into rate_limits (key, interval_us, day, used_today, daily_budget)"
                f" values (%s, 50000, (({day}) at time zone 'UTC')::date, %s, 1000)",
                (f"zoom:{account}:medium", used),
            )
    told = (await examine())["allowances"]
    assert [(a.account, a.allowance, a.used_today, a.daily_budget) for a in told] == [
        ("acc-1", "medium", 41, 1000),
        ("acc-2", "medium", 7, 1000),
    ]
