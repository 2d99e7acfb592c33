"""`momentum link`: a new one-time sign-in link, also while Momentum runs."""

from __future__ import annotations

from momentum.app import open_app
from momentum.cli import stopping
from momentum.cli.audit import noted
from momentum.cli.start import start
from momentum.settings import Settings
from momentum.web.links import sign_in_link


def run() -> int:
    """Print one link for the person that `momentum token` speaks for."""
    print(stopping.run(_link(start())))
    return 0


async def _link(settings: Settings) -> str:
    async with open_app(settings) as app:
        link = await sign_in_link(app)
        await noted(app.database, "link.make")
        return link
