"""`momentum keys rotate`: seal everything under a new key, while everything runs."""

from __future__ import annotations

from momentum.cli import stopping
from momentum.cli.audit import noted
from momentum.cli.start import start
from momentum.database import open_database
from momentum.store import keys


def rotate(*, drop: bool) -> int:
    """Exit code 1 when something could not be opened with the keys at hand."""
    return stopping.run(_rotate(drop=drop))


async def _rotate(*, drop: bool) -> int:
    settings = start()
    async with open_database(settings) as (database, _):
        vault = await keys.open_vault(database, settings)
        done = await keys.rotate(database, vault, drop=drop)
        await noted(database, "keys.rotate")
    print(f"Sealed {done.resealed} values under key {done.new_key}.")
    if done.dropped:
        print(f"Forgot the former keys: {', '.join(str(key) for key in done.dropped)}.")
    if done.unreadable:
        print(f"{done.unreadable} values could not be opened with any key and were left as they are.")
    return 1 if done.unreadable else 0
