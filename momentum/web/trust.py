"""Whose tokens are trusted: the operator's setting, or in the local default a secret made at first start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from momentum.embedded.places import make_home
from momentum.settings import Settings, SettingsInvalid
from momentum.web.tokens import TokenRules

LOCAL_ISSUER = "momentum"
LOCAL_SUBJECT = "local"
"""The one person of a Momentum that only its own machine can reach."""

_SHORTEST = 32  # characters; as for JWT_SECRET


def rules_for(settings: Settings) -> TokenRules:
    """The rules in force. Without JWT settings a local secret signs tokens where only this machine is served, else nothing does."""
    if not settings.has_jwt and settings.is_loopback:
        return TokenRules(settings.jwt_audience, LOCAL_ISSUER, secret=local_secret(settings.home))
    return TokenRules(
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        secret=settings.jwt_secret.get_secret_value() if settings.jwt_secret else None,
        jwks_url=settings.jwt_jwks_url,
    )


def our_issuer(rules: TokenRules) -> str:
    """The `iss` of what we sign ourselves; where we only verify, people of ours must not be taken for the provider's."""
    return (rules.issuer if rules.secret else None) or LOCAL_ISSUER


def local_secret(home: Path) -> str:
    """The secret in `<home>/jwt`, readable by us alone; made when it is not there. Many processes may ask at once.

    Raises SettingsInvalid where it can neither be read nor made.
    """
    path = home / "jwt"
    try:
        if not path.exists():
            make_home(home)
            _make(path)
        secret = path.read_text().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds no text"
        sentence = f"The file {path} signs tokens here and cannot be used: {reason}. Mend that, or set JWT_SECRET or MOMENTUM_HOME."
        raise SettingsInvalid(sentence) from None
    if len(secret) < _SHORTEST:
        raise SettingsInvalid(f"The file {path} should hold the secret that signs tokens, and does not. Delete it: a new one is made.")
    return secret


def _make(path: Path) -> None:
    fresh = path.with_name(f".jwt-{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(descriptor)
    # A link fails where another process was first: then its secret counts.
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
