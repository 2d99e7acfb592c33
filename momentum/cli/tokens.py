"""`momentum token`: a bearer token for the API."""

from __future__ import annotations

import sys
from datetime import timedelta

from momentum.cli.start import start
from momentum.clock import real_clock
from momentum.web.tokens import mint
from momentum.web.trust import rules_for


def run(*, subject: str, hours: float) -> int:
    """Print one token. Exit code 1 where tokens are signed elsewhere."""
    settings = start()
    rules = rules_for(settings)
    if rules.secret is None:
        print("Tokens come from JWT_JWKS_URL here; this command can only sign with JWT_SECRET.", file=sys.stderr)
        return 1
    issuer = rules.issuer or "momentum"
    print(mint(rules.secret, issuer=issuer, audience=rules.audience, subject=subject, now=real_clock(), lifetime=timedelta(hours=hours)))
    return 0
