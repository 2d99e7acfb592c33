"""`momentum doctor`: what is set, from where, what is missing for which feature; tries each connection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import SecretStr

from momentum.cli import stopping
from momentum.cli.start import start
from momentum.clock import real_clock
from momentum.database import open_database
from momentum.errors import MomentumError
from momentum.model import SAMPLE_RATE, Chunk
from momentum.outbound.client import ApiClient
from momentum.providers import private_hosts
from momentum.settings import Settings, source_of
from momentum.tools import open_tools


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `ok` None says that a feature is not set up, which is nobody's fault."""

    what: str
    ok: bool | None
    detail: str


def run(*, as_json: bool) -> int:
    """Exit code 1 when something that is set does not work."""
    settings = start()
    findings = stopping.run(_examine(settings))
    shown = [_setting(name, settings) for name in type(settings).model_fields]
    if as_json:
        print(json.dumps({"settings": shown, "findings": [asdict(f) for f in findings]}, ensure_ascii=False))
    else:
        _tell(shown, findings)
    return 1 if any(f.ok is False for f in findings) else 0


def _setting(name: str, settings: Settings) -> dict[str, Any]:
    value = getattr(settings, name)
    text = "(set, not shown)" if isinstance(value, SecretStr) else "" if value in {None, ()} else str(value)
    return {"name": name.upper(), "value": text, "from": source_of(name)}


async def _examine(settings: Settings) -> list[Finding]:
    checks: list[tuple[str, Callable[[Settings], Awaitable[str | None]]]] = [
        ("Database", _database),
        ("Zoom", _zoom),
        ("Transcription", _transcription),
        ("Language model", _language_model),
        ("Who may come in", _tokens),
    ]
    return [await _attempt(what, check, settings) for what, check in checks]


async def _attempt(what: str, check: Callable[[Settings], Awaitable[str | None]], settings: Settings) -> Finding:
    try:
        detail = await check(settings)
    except MomentumError as error:
        return Finding(what, ok=False, detail=error.detail)
    missing = {
        "Zoom": "Not set up: set ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET to connect accounts.",
        "Language model": "Not set up: without OPENAI_API_KEY you get highlights made by rules, not minutes.",
    }
    return Finding(what, ok=True, detail=detail) if detail else Finding(what, ok=None, detail=missing[what])


async def _database(settings: Settings) -> str:
    async with open_database(settings) as (database, _):
        await database.ping()
    return "The given PostgreSQL answers." if settings.database_url else "The embedded PostgreSQL starts and answers."


async def _zoom(settings: Settings) -> str | None:
    if not settings.zoom_configured:
        return None
    async with ApiClient(private_hosts=private_hosts(settings)) as client:
        answer = await client.request("GET", f"{settings.zoom_api_base}/users/me")
    reached = f"Zoom's API answers (HTTP {answer.status} without a token, as it should)"
    return f"{reached}. The redirect URL to register is {settings.zoom_redirect_uri}"


async def _transcription(settings: Settings) -> str:
    """Has the engine listen to a second of silence: the whole way to it, and its key, for next to no money."""
    pcm = bytes(2 * SAMPLE_RATE)
    silence = Chunk(0, 0.0, pcm, ((0.0, 1.0),), hashlib.sha256(pcm).hexdigest())
    async with open_tools(settings, real_clock) as tools:
        model = tools.transcriber.parameters(settings.language).get("model", "")
        await tools.transcriber.transcribe(silence, language=settings.language)
    where = "on this machine" if settings.engine == "local" else f"at {settings.speech_base_url or settings.openai_base_url}"
    return f"{model} answers, {where}."


async def _language_model(settings: Settings) -> str | None:
    async with open_tools(settings, real_clock) as tools:
        if tools.llm is None:
            return None
        end = await tools.llm.end_date()
    if end is None:
        return f"{settings.language_model} answers."
    days = (end - real_clock().date()).days
    return f"{settings.language_model} answers. Its vendor ends it on {end} (in {days} days): choose another LANGUAGE_MODEL before."


async def _tokens(settings: Settings) -> str:
    if not settings.has_jwt:
        return "Only this machine: sign-in links and `momentum token`, signed with a local secret."
    ways = [name for name, is_set in (("JWT_SECRET", settings.jwt_secret), ("JWT_JWKS_URL", settings.jwt_jwks_url)) if is_set]
    return f"Bearer tokens by {' and '.join(ways)}, audience {settings.jwt_audience!r}, issuer {settings.jwt_issuer or 'any'}."


def _tell(shown: list[dict[str, Any]], findings: list[Finding]) -> None:
    print("Settings that differ from their default:")
    for setting in shown:
        if setting["from"] != "default":
            print(f"  {setting['name']} = {setting['value']}  ({setting['from']})")
    print("What works:")
    for finding in findings:
        mark = {True: "ok", False: "FAILS", None: "-"}[finding.ok]
        print(f"  {mark:<6} {finding.what}: {finding.detail}")
