"""The words for failure.

A step that cannot go on raises one of four *decisions*; whoever runs the step acts on the class
alone, never on an HTTP status or a vendor's text:

    MomentumError
    ├── NotReady          nothing is wrong, it is not there yet: same step later, attempt not counted
    ├── Retry             network, 429, 5xx, a busy model: again after a while; after the last, Permanent
    ├── ActionRequired    a person must act (token revoked, scope missing, quota): no more calls until then
    ├── Permanent         it will never work (deleted, unsupported): stop, keep everything made so far
    └── Refusal           what a door answers to a request it will not carry out
        ├── Invalid (422)  Unauthorized (401)  Forbidden (403)  NotFound (404)
        └── Conflict (409)  TooMany (429)  TooLarge (413)  Unavailable (503)

Anything else that is raised is a bug and is shown as one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """Every `error_code` the API, the command line and a processing may show; each is explained in docs/reference/errors.md."""

    # the request
    INVALID_REQUEST = "invalid_request"
    INVALID_DATE_RANGE = "invalid_date_range"
    INVALID_PAGE_TOKEN = "invalid_page_token"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TOO_LARGE = "request_too_large"
    CONFLICT = "conflict"
    TOO_MANY_REQUESTS = "too_many_requests"
    # who is asking
    NOT_AUTHENTICATED = "not_authenticated"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    KEY_SCOPE_MISSING = "key_scope_missing"
    ID_TOKEN_INVALID = "id_token_invalid"
    CLOCKS_DIFFER = "clocks_differ"
    ORIGIN_REFUSED = "origin_refused"
    PERSON_DELETED = "person_deleted"
    FORBIDDEN = "forbidden"
    # a connection to a provider
    PROVIDER_NOT_CONFIGURED = "provider_not_configured"
    NOT_CONNECTED = "not_connected"
    STATE_INVALID = "oauth_state_invalid"
    ACCESS_DENIED = "oauth_access_denied"
    CODE_INVALID = "oauth_code_invalid"
    CLIENT_INVALID = "oauth_client_invalid"
    RECONNECT_REQUIRED = "reconnect_required"
    SCOPE_MISSING = "scope_missing"
    ACCOUNT_TAKEN = "account_already_connected"
    PROVIDER_FORBIDDEN = "provider_forbidden"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_RATE_LIMITED = "provider_rate_limited"
    PROVIDER_DAILY_LIMIT = "provider_daily_limit"
    PROVIDER_ANSWER_INVALID = "provider_answer_invalid"
    # a recording
    RECORDING_NOT_FOUND = "recording_not_found"
    RECORDING_NOT_READY = "recording_not_ready"
    RECORDING_HAS_NO_AUDIO = "recording_has_no_audio"
    RECORDING_HAS_NO_TRANSCRIPT = "recording_has_no_transcript"
    DOWNLOAD_FAILED = "download_failed"
    DOWNLOAD_REFUSED = "download_refused"
    DOWNLOAD_TRUNCATED = "download_truncated"
    ADDRESS_REFUSED = "address_refused"
    # media
    MEDIA_EMPTY = "media_empty"
    MEDIA_UNREADABLE = "media_unreadable"
    MEDIA_TRUNCATED = "media_truncated"
    MEDIA_NO_AUDIO = "media_no_audio"
    MEDIA_TOO_LARGE = "media_too_large"
    MEDIA_TOO_LONG = "media_too_long"
    DISK_FULL = "disk_full"
    # speech and language models
    MODEL_NOT_CONFIGURED = "model_not_configured"
    MODEL_NOT_FOUND = "model_not_found"
    MODEL_KEY_INVALID = "model_key_invalid"
    MODEL_QUOTA_EXHAUSTED = "model_quota_exhausted"
    MODEL_RATE_LIMITED = "model_rate_limited"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_INPUT_TOO_LARGE = "model_input_too_large"
    MODEL_REFUSED = "model_refused"
    MODEL_ANSWER_INVALID = "model_answer_invalid"
    MODEL_REQUEST_INVALID = "model_request_invalid"
    WEIGHTS_UNTRUSTED = "weights_untrusted"
    # a processing
    PROCESSING_CANCELLED = "processing_cancelled"
    PROCESSING_FINISHED = "processing_finished"
    # ourselves
    SETTINGS_INVALID = "settings_invalid"
    KEY_MISSING = "key_missing"
    SEALED_VALUE_UNREADABLE = "sealed_value_unreadable"
    DATABASE_UNAVAILABLE = "database_unavailable"
    DATABASE_PRIVILEGE_MISSING = "database_privilege_missing"
    INTERNAL = "internal_error"


class MomentumError(Exception):
    """A failure we foresaw: a sentence for people, a code for programs.

    `detail` may be shown to the person it concerns; it never holds a token, a URL with a
    signature, or a foreign exception's text.
    """

    status: ClassVar[int] = 500

    def __init__(self, code: ErrorCode, detail: str, *, after: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.after = after
        """Seconds after which trying again makes sense; None where it is not known."""

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process boundaries (decoder child, durable steps) without losing the code.
        return _rebuild, (type(self), self.code, self.detail, self.after)


def _rebuild(kind: type[MomentumError], code: ErrorCode, detail: str, after: float | None) -> MomentumError:
    return kind(code, detail, after=after)


class NotReady(MomentumError):
    """Nothing is wrong; what we need is not there yet."""

    status = 409


class Retry(MomentumError):
    """A passing fault outside; `after` is the other side's own wish, when it named one."""

    status = 503


class ActionRequired(MomentumError):
    """A person has to do something before any further call makes sense."""

    status = 409


class Permanent(MomentumError):
    """Trying again cannot help."""

    status = 422


class Refusal(MomentumError):
    """A request that will not be carried out."""


class Invalid(Refusal):
    """The request does not make sense."""

    status = 422


class Unauthorized(Refusal):
    """We do not know who is asking."""

    status = 401


class Forbidden(Refusal):
    """We know who is asking, and they may not."""

    status = 403


class NotFound(Refusal):
    """There is no such thing, or it belongs to somebody else."""

    status = 404


class Conflict(Refusal):
    """The request contradicts what is already so."""

    status = 409


class TooLarge(Refusal):
    """The request's body is larger than we read."""

    status = 413


class TooMany(Refusal):
    """Too many requests of one person in too short a time."""

    status = 429


class Unavailable(Refusal):
    """We cannot answer right now; asking again later makes sense."""

    status = 503
