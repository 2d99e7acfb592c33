"""`momentum token`: a bearer token for the API."""

from __future__ import annotations

import sys
from datetime import timedelta

from momentum.cli import stopping
from momentum.cli.start import start
from momentum.clock import real_clock
from momentum.database import open_database
from momentum.settings import Settings
from momentum.web.links import local_person
from momentum.web.tokens import mint
from momentum.web.trust import our_issuer, rules_for


def run(*, subject: str | None, hours: float) -> int:
    """Print one token, by default for the person of `momentum link`. Exit code 1 where tokens are signed elsewhere."""
    settings = start()
    rules = rules_for(settings)
    if rules.secret is None:
        where = "Tokens come from JWT_JWKS_URL here" if settings.jwt_jwks_url else "Nothing signs tokens here; people make API keys"
        print(f"{where}; this command can only sign with JWT_SECRET.", file=sys.stderr)
        return 1
    subject = subject or stopping.run(_local_subject(settings))
    values = {"issuer": our_issuer(rules), "audience": rules.audience, "subject": subject}
    print(mint(rules.secret, **values, now=real_clock(), lifetime=timedelta(hours=hours)))
    return 0


async def _local_subject(settings: Settings) -> str:
    async with open_database(settings) as (database, _):
        return (await local_person(database, settings)).subject
