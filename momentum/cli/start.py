"""How every command begins: settings read, logging set up."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from momentum import logs
from momentum.settings import Settings, load_settings


def start(*, quiet: bool = True) -> Settings:
    """The settings in force. `quiet`: a command for people logs warnings at most; standard output stays the command's own."""
    settings = load_settings()
    level: Literal["debug", "info", "warning", "error"] = settings.log_level
    if quiet and level == "info":
        level = "warning"
    for name in type(settings).model_fields:
        if isinstance(secret := getattr(settings, name), SecretStr):
            logs.protect(secret.get_secret_value())
    logs.configure(level, settings.log_format)
    return settings
