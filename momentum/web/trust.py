"""Whose tokens are trusted: the operator's setting, or in the local default a secret made at first start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from momentum.settings import Settings
from momentum.web.tokens import TokenRules

LOCAL_ISSUER = "momentum"
LOCAL_SUBJECT = "local"
"""The one person of a Momentum that only its own machine can reach."""


def rules_for(settings: Settings) -> TokenRules:
    """The rules in force. Without JWT settings (possible on loopback alone) a local secret signs tokens."""
    if not settings.has_jwt:
        return TokenRules(settings.jwt_audience, LOCAL_ISSUER, secret=local_secret(settings.home))
    return TokenRules(
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        secret=settings.jwt_secret.get_secret_value() if settings.jwt_secret else None,
        jwks_url=settings.jwt_jwks_url,
    )


def local_secret(home: Path) -> str:
    """The secret in `<home>/jwt`, readable by us alone; made when it is not there. Many processes may ask at once."""
    path = home / "jwt"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".jwt-{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        # A link fails where another process was first: then its secret counts.
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
