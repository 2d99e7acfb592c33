"""`momentum link`: a new one-time sign-in link, also while Momentum runs."""

from __future__ import annotations

import asyncio
import sys

from momentum.app import open_app
from momentum.cli.start import start
from momentum.settings import Settings
from momentum.web.links import sign_in_link


def run() -> int:
    """Print one link. Exit code 1 where people sign in with tokens of their own."""
    settings = start()
    if settings.has_jwt:
        print("People sign in with their own tokens here (JWT_SECRET or JWT_JWKS_URL is set).", file=sys.stderr)
        return 1
    print(asyncio.run(_link(settings)))
    return 0


async def _link(settings: Settings) -> str:
    async with open_app(settings) as app:
        return await sign_in_link(app)
