"""What an operator can set: read once, typed, and refused half-configured with a sentence that says what to do.

Every setting stands in docs/deployment/environment.md and `.env.example`; a test holds them to this file.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from momentum.errors import ErrorCode, MomentumError

# `gpt-4o`-class ids end on 2027-01-14; see https://developers.openai.com/api/docs/deprecations.
DEFAULT_LANGUAGE_MODEL = "gpt-6-luna"
# whisper-1 and gpt-4o-transcribe end on 2027-02-26 (same page).
DEFAULT_SPEECH_MODEL = "gpt-transcribe"

ZoomPlan = Literal["free", "pro", "business"]
_OTHER_PLANS = {"basic": "free", "education": "business", "enterprise": "business", "partner": "business"}


class SettingsInvalid(MomentumError):
    """The environment contradicts itself or lacks something; `detail` names the variable."""

    def __init__(self, detail: str) -> None:
        super().__init__(ErrorCode.SETTINGS_INVALID, detail)

    def __reduce__(self) -> tuple[object, ...]:
        return SettingsInvalid, (self.detail,)


class Settings(BaseSettings):
    """All settings. Field names are the environment variables in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", hide_input_in_errors=True)

    # where we keep things
    database_url: SecretStr | None = Field(None, description="PostgreSQL to use instead of the embedded one (postgresql://...).")
    momentum_home: Path = Field(Path("~/.local/share/momentum"), description="Folder of the embedded database and the local key file.")
    momentum_models: Path | None = Field(None, description="Folder where model weights are kept; default MOMENTUM_HOME/models.")
    momentum_kek: SecretStr | None = Field(None, description="32 bytes in base64 that wrap the keys which seal tokens.")

    # doors
    host: str = Field("127.0.0.1", description="Address the web server binds.")
    port: int = Field(8000, ge=0, le=65535, description="Port the web server binds; 0 = a free one.")
    public_url: str | None = Field(None, description="How browsers reach us, for links and the Origin check; default from host and port.")

    # who is asking
    jwt_secret: SecretStr | None = Field(None, description="Secret of HS256 tokens (Supabase style), at least 32 bytes.")
    jwt_jwks_url: str | None = Field(None, description="Where the keys of RS256 and ES256 tokens stand.")
    jwt_issuer: str | None = Field(None, description="Required `iss` of tokens.")
    jwt_audience: str = Field("authenticated", description="Required `aud` of tokens.")
    oidc_issuer: str | None = Field(None, description="Where people sign in: the issuer's address, exactly as the issuer spells it.")
    oidc_client_id: str | None = Field(None, description="Client id that the issuer gave Momentum.")
    oidc_client_secret: SecretStr | None = Field(None, description="Client secret that the issuer gave Momentum.")
    oidc_scopes: Annotated[tuple[str, ...], NoDecode] = Field(
        ("openid", "email", "profile"), description="Scopes to ask the issuer for, space separated; `openid` must be among them."
    )
    oidc_label: str | None = Field(None, description="What the sign-in button calls the issuer; default its host.")
    operators: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Subjects of those who may see /status, space separated; on a Momentum of this machine's own: everybody."
    )

    # Zoom
    zoom_client_id: str | None = Field(None, description="Client id of your Zoom app.")
    zoom_client_secret: SecretStr | None = Field(None, description="Client secret of your Zoom app.")
    zoom_redirect_uri: str = Field("http://localhost:8000/api/zoom/auth", description="Redirect URL registered with the Zoom app.")
    zoom_plan: ZoomPlan = Field("pro", description="Plan of the Zoom account: sets the rate allowance.")
    zoom_oauth_base: str = Field("https://zoom.us", description="Where authorization happens.")
    zoom_api_base: str = Field("https://api.zoom.us/v2", description="Where the API stands.")
    zoom_scopes: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Scopes to ask for, space separated; empty = all of the app's."
    )

    # models
    openai_api_key: SecretStr | None = Field(None, description="Key of OpenAI or of a compatible server.")
    openai_base_url: str = Field("https://api.openai.com/v1", description="Base URL of the language model's API.")
    language_model: str = Field(DEFAULT_LANGUAGE_MODEL, description="Model that writes minutes.")
    language_model_api: Literal["responses", "chat"] = Field("responses", description="Which of the two APIs the server speaks.")
    language_model_window: int = Field(120_000, ge=2_000, description="Tokens of input we send in one call at the most.")
    transcriber: Literal["auto", "openai", "local"] = Field(
        "auto", description="Who transcribes; auto = openai when a key is set, else local."
    )
    speech_base_url: str | None = Field(None, description="Base URL of the transcription API; default OPENAI_BASE_URL.")
    speech_api_key: SecretStr | None = Field(None, description="Key for SPEECH_BASE_URL; default OPENAI_API_KEY.")
    speech_model: str = Field(DEFAULT_SPEECH_MODEL, description="Transcription model of that API.")
    speech_parallel: int = Field(4, ge=1, le=32, description="Requests to that API at the same time, over all recordings of one process.")
    whisper_model: str | None = Field(
        None, description="Local Whisper: folder or hub id of a CTranslate2 model; default the packaged base model."
    )
    whisper_threads: int = Field(0, ge=0, description="Threads of local Whisper; 0 = all cores.")
    semantic_search: bool = Field(True, description="Find passages by what they mean too, not by their words alone.")
    embedding_model: str | None = Field(None, description="Model of an embeddings API; default the packaged one, for English.")
    embedding_base_url: str | None = Field(None, description="Base URL of that API; default OPENAI_BASE_URL.")
    embedding_api_key: SecretStr | None = Field(
        None, description="Key for EMBEDDING_BASE_URL; default OPENAI_API_KEY where that is not set."
    )
    estimate_speakers: bool = Field(
        True, description="Tell speakers apart by their voices where nobody names them; the sound and the vectors are not kept."
    )
    language: str | None = Field(None, description="Language of the meetings (ISO 639-1) when it is always the same.")

    # what a language model reads
    redact: Annotated[tuple[Literal["email", "phone", "card", "iban"], ...], NoDecode] = Field(
        (), description="Masked in every meeting before a language model reads it, space separated: email phone card iban."
    )
    redact_names: Annotated[tuple[str, ...], NoDecode] = Field((), description="Names masked in every meeting, separated by commas.")

    # what others may see
    sharing: Literal["off", "on"] = Field("off", description="Whether people may make links that show a document to whoever has them.")

    # work
    worker_concurrency: int = Field(4, ge=1, description="Processings one worker runs at the same time.")
    person_concurrency: int = Field(3, ge=1, description="Processings of one person that run at the same time, over all workers.")
    max_recording_bytes: int = Field(8 * 2**30, ge=1, description="Largest file we read.")
    max_recording_hours: float = Field(12, gt=0, description="Longest recording we transcribe.")

    # watching
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe log line written.")
    log_format: Literal["auto", "json", "text"] = Field("auto", description="auto = text on a terminal, else JSON.")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Port where Prometheus reads /metrics of this process; none by default."
    )
    metrics_host: str = Field("127.0.0.1", description="Address of that port.")
    metrics_token: SecretStr | None = Field(None, description="Bearer token that opens /metrics on the web server, at least 16 characters.")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses or networks of proxies in front of us, space separated; only theirs is X-Forwarded-For believed."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object, info: object) -> object:
        # `.env.example` lists every name with nothing behind it; that must mean "default".
        if value == "" and (field := cls.model_fields.get(getattr(info, "field_name", ""))) is not None:
            return field.get_default()
        return value

    @field_validator("zoom_plan", mode="before")
    @classmethod
    def _known_plan(cls, value: object) -> object:
        # Zoom sells more plans than it has allowances: https://developers.zoom.us/docs/api/rate-limits/
        plan = str(value).strip().lower()
        return plan if plan in get_args(ZoomPlan) else _OTHER_PLANS.get(plan, "pro")

    @field_validator("zoom_scopes", "oidc_scopes", "operators", "trusted_proxies", "redact", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("redact_names", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"{network} is no address and no network. Write 10.0.0.7 or 10.0.0.0/8") from None
        return value

    @model_validator(mode="after")
    def _nothing_half_configured(self) -> Self:
        for check in (self._check_zoom, self._check_jwt, self._check_oidc, self._check_doors, self._check_models):
            check()
        return self

    def _check_zoom(self) -> None:
        if bool(self.zoom_client_id) != bool(self.zoom_client_secret):
            missing = "ZOOM_CLIENT_SECRET" if self.zoom_client_id else "ZOOM_CLIENT_ID"
            raise ValueError(f"{missing} is not set, but its other half is. Copy both from your app's page at marketplace.zoom.us.")

    def _check_jwt(self) -> None:
        if self.jwt_secret and len(self.jwt_secret.get_secret_value().encode()) < 32:
            raise ValueError("JWT_SECRET is shorter than 32 bytes. Make one with: openssl rand -base64 48")
        if self.jwt_jwks_url and not self.jwt_issuer:
            raise ValueError("JWT_JWKS_URL is set, but JWT_ISSUER is not. Set it to the `iss` of your tokens.")
        if self.jwt_issuer and not self.has_jwt:
            raise ValueError("JWT_ISSUER is set, but nothing says how its tokens are signed. Set JWT_SECRET or JWT_JWKS_URL too.")

    def _check_oidc(self) -> None:
        given = {"OIDC_ISSUER": self.oidc_issuer, "OIDC_CLIENT_ID": self.oidc_client_id, "OIDC_CLIENT_SECRET": self.oidc_client_secret}
        if not any(given.values()):
            return
        if missing := [name for name, value in given.items() if not value]:
            lack = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, but the rest of the sign-in is."
            raise ValueError(f"{lack} Copy issuer, client id and secret from the client you registered with your identity provider.")
        parts = urlsplit(str(self.oidc_issuer))
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("OIDC_ISSUER is no address. It looks like https://id.example.com, without a question mark in it.")
        if "openid" not in self.oidc_scopes:
            raise ValueError("OIDC_SCOPES lacks `openid`, without which nobody says who signed in. Add it.")
        if not self.is_loopback and not self.public_url:
            raise ValueError("OIDC_ISSUER is set, but PUBLIC_URL is not: the issuer sends browsers back to it. Set it.")

    def _check_doors(self) -> None:
        if not self.is_loopback and not self.has_jwt and not self.has_oidc:
            raise ValueError(
                f"HOST={self.host} opens Momentum to others, but nothing says who may come in. "
                "Set OIDC_ISSUER, JWT_SECRET or JWT_JWKS_URL first."
            )
        if self.metrics_token and len(self.metrics_token.get_secret_value()) < 16:
            raise ValueError("METRICS_TOKEN is shorter than 16 characters. Make one with: openssl rand -base64 24")

    def _check_models(self) -> None:
        if self.transcriber == "openai" and not self.speech_key:
            raise ValueError("TRANSCRIBER=openai needs OPENAI_API_KEY or SPEECH_API_KEY.")
        if self.embedding_base_url and not self.embedding_model:
            raise ValueError("EMBEDDING_BASE_URL is set, but EMBEDDING_MODEL is not. Set it to the name of a model of that server.")

    @property
    def home(self) -> Path:
        return self.momentum_home.expanduser().absolute()

    @property
    def models(self) -> Path:
        """Folder where model weights are kept."""
        return self.momentum_models.expanduser().absolute() if self.momentum_models else self.home / "models"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the web server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_local(self) -> bool:
        """Whether this is the local default: one person at their own machine, and nobody else can reach it or sign in."""
        return self.is_loopback and not (self.has_jwt or self.has_oidc or self.public_url)

    @property
    def has_jwt(self) -> bool:
        return bool(self.jwt_secret or self.jwt_jwks_url)

    @property
    def has_oidc(self) -> bool:
        return bool(self.oidc_issuer and self.oidc_client_id and self.oidc_client_secret)

    @property
    def oidc_name(self) -> str:
        """What people call the issuer."""
        return self.oidc_label or urlsplit(self.oidc_issuer or "").hostname or ""

    @property
    def base_url(self) -> str:
        """How browsers reach us, without a slash at the end."""
        return (self.public_url or f"http://{'localhost' if self.is_loopback else self.host}:{self.port}").rstrip("/")

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us by https: then cookies are for that alone."""
        return self.base_url.startswith("https:")

    @property
    def zoom_configured(self) -> bool:
        return bool(self.zoom_client_id and self.zoom_client_secret)

    @property
    def speech_key(self) -> SecretStr | None:
        return self.speech_api_key or self.openai_api_key

    @property
    def engine(self) -> Literal["openai", "local"]:
        """Which transcriber is in force."""
        if self.transcriber != "auto":
            return self.transcriber
        return "openai" if self.speech_key else "local"


def load_settings(**overrides: object) -> Settings:
    """The settings in force: `overrides` before the environment before `.env` before the defaults.

    Raises SettingsInvalid with one sentence per problem, never with a value.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsInvalid(" ".join(_sentence(problem) for problem in error.errors(include_input=False, include_url=False))) from None


def source_of(name: str) -> Literal["environment", ".env", "default"]:
    """Where the value of a setting (a field name) comes from."""
    variable = name.upper()
    if any(key.upper() == variable and value for key, value in os.environ.items()):
        return "environment"
    stored = dotenv_values(".env")
    return ".env" if any(key.upper() == variable and value for key, value in stored.items()) else "default"


def _sentence(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0]).upper() if problem["loc"] else ""
    text = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {text}." if name else text
