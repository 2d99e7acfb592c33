"""`momentum doctor`: a setting that does not work is found before a person finds it."""

import asyncio
import base64
import json
import os
import sys
from datetime import UTC, datetime

import psycopg
import pytest
from aiohttp import web
from joserfc.jwk import ECKey, KeySet

from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, running_sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

KEK, OTHER_KEK = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
DEAD = "http://127.0.0.1:9/keys"


@pytest.fixture
async def zoom():
    async with running_sandbox(now=lambda: datetime.now(UTC)) as sandbox:
        yield sandbox


@pytest.fixture
def examine(owner_dsn, tmp_path):
    """Runs the doctor in an empty folder; gives its findings by name, and its exit code."""

    async def go(**environment):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        # Whoever transcribes is not the question here, and local weights would take their time.
        ours = {
            "MOMENTUM_HOME": str(tmp_path),
            "DATABASE_URL": owner_dsn,
            "MOMENTUM_KEK": KEK,
            "SPEECH_API_KEY": "k",
            "SPEECH_BASE_URL": DEAD,
        }
        command = [sys.executable, "-m", "momentum", "doctor", "--json"]
        running = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=kept | ours | environment, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await running.communicate()
        told = json.loads(out)
        return {f["what"]: f for f in told["findings"]} | {"allowances": told["allowances"], "exit": running.returncode}

    return go


def _zoom(sandbox, **changes):
    ours = {"ZOOM_CLIENT_ID": CLIENT_ID, "ZOOM_CLIENT_SECRET": CLIENT_SECRET}
    return ours | {"ZOOM_OAUTH_BASE": sandbox.oauth_base, "ZOOM_API_BASE": sandbox.api_base} | changes


async def test_a_right_pair_of_client_id_and_secret_is_told_from_a_wrong_one(zoom, examine):
    right = await examine(**_zoom(zoom))
    assert right["Zoom"]["ok"] is True
    assert "accepts the app" in right["Zoom"]["detail"]
    wrong = await examine(**_zoom(zoom, ZOOM_CLIENT_SECRET="of-another-app"))
    assert wrong["Zoom"]["ok"] is False
    assert "client id and secret" in wrong["Zoom"]["detail"]
    assert wrong["exit"] == 1


async def test_an_address_where_somebody_else_answers_or_nobody_is_found(zoom, examine):
    nobody = {"EMBEDDING_MODEL": "a-model", "EMBEDDING_BASE_URL": DEAD}
    found = await examine(**_zoom(zoom, ZOOM_API_BASE=f"{zoom.base}/nowhere"), **nobody)
    meaning = found["Finding by meaning"]
    assert (meaning["ok"], meaning["detail"]) == (False, "The embedding model's server cannot be reached.")
    assert found["Zoom"]["ok"] is False
    assert "ZOOM_API_BASE" in found["Zoom"]["detail"]


async def test_a_key_that_opens_nothing_here_is_found(examine):
    usual = await examine()
    assert usual["Database"]["ok"] is True
    assert usual["Finding by meaning"]["detail"] == "all-MiniLM-L6-v2-int8 answers, on this machine."
    other = await examine(MOMENTUM_KEK=OTHER_KEK)
    assert other["Database"]["ok"] is False
    assert "MOMENTUM_KEK is not the key" in other["Database"]["detail"]
    broken = await examine(MOMENTUM_KEK="too-short")
    assert broken["Database"]["ok"] is False
    assert "MOMENTUM_KEK" in broken["Database"]["detail"]


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


@pytest.mark.acceptance
async def test_keys_that_cannot_be_had_are_found(keys_server, examine):
    async def asked(url):
        return (await examine(JWT_JWKS_URL=url, JWT_ISSUER="https://id.example.com"))["Who may come in"]

    good = await asked(f"{keys_server}/good")
    assert good["ok"] is True
    assert "1 key" in good["detail"]
    for url in (DEAD, f"{keys_server}/empty"):
        found = await asked(url)
        assert found["ok"] is False
        assert "JWT_JWKS_URL" in found["detail"]


@pytest.mark.acceptance
async def test_an_identity_provider_that_cannot_be_asked_is_found(keys_server, examine):
    async def asked(issuer):
        return (await examine(OIDC_ISSUER=issuer, OIDC_CLIENT_ID="momentum", OIDC_CLIENT_SECRET="s"))["Sign-in"]

    good = await asked(keys_server)
    assert (good["ok"], "with 1 key. To be registered there: http://localhost:8000/sign-in/oidc/back" in good["detail"]) == (True, True)
    for issuer, why in ((f"{keys_server}/", f"names itself {keys_server}."), (DEAD, "could not be reached")):
        found = await asked(issuer)
        assert (found["ok"], why in found["detail"]) == (False, True), found
    assert (await examine())["Sign-in"]["ok"] is None


async def test_what_was_used_today_of_each_allowance_is_told(owner_dsn, examine):
    with psycopg.connect(owner_dsn) as connection:
        for account, used, day in (("acc-1", 41, "now()"), ("acc-2", 7, "now()"), ("acc-3", 9, "now() - interval '3 days'")):
            connection.execute(
                "insert into rate_limits (key, interval_us, day, used_today, daily_budget)"
                f" values (%s, 50000, (({day}) at time zone 'UTC')::date, %s, 1000)",
                (f"zoom:{account}:medium", used),
            )
    told = (await examine())["allowances"]
    assert [(a["account"], a["allowance"], a["used_today"], a["daily_budget"]) for a in told] == [
        ("acc-1", "medium", 41, 1000),
        ("acc-2", "medium", 7, 1000),
    ]
