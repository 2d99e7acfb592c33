"""`momentum link`: a new one-time sign-in link, also while Momentum runs."""

from __future__ import annotations

from pathlib import Path

from momentum import logs
from momentum.app import open_app
from momentum.cli import stopping
from momentum.cli.audit import noted
from momentum.cli.start import start
from momentum.cli.throwaway import is_home, own_world
from momentum.errors import ErrorCode, NotFound
from momentum.settings import Settings
from momentum.web.links import sign_in_link


def run(*, home: str | None, port: int) -> int:
    """Print one link for the person that `momentum token` speaks for; with `home`, for the person of the demo that runs there."""
    settings = start() if home is None else _of_demo(Path(home), port)
    print(stopping.run(_link(settings)))
    return 0


def _of_demo(home: Path, port: int) -> Settings:
    if not is_home(home):
        raise NotFound(ErrorCode.NOT_FOUND, f"No demo runs in {home}.")
    logs.configure("warning", "auto")
    return own_world(home, port)


async def _link(settings: Settings) -> str:
    async with open_app(settings) as app:
        link = await sign_in_link(app)
        await noted(app.database, "link.make")
        return link
