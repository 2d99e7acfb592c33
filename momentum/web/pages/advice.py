"""What somebody can do about a processing that stopped, by its error code; translated where it is shown."""

from __future__ import annotations

from momentum.errors import ErrorCode
from momentum.languages import N_

CONNECTION = frozenset({ErrorCode.NOT_CONNECTED, ErrorCode.RECONNECT_REQUIRED, ErrorCode.SCOPE_MISSING, ErrorCode.PROVIDER_FORBIDDEN})
"""Codes after which connecting again lets the processing go on by itself."""

_OPERATOR_MODEL = N_("The operator has to put the language model or its key right. Then try again.")
_BROKEN_FILE = N_("Download the file from the provider and see whether it plays. If it does, try again.")
_ADVICE = {
    ErrorCode.NOT_CONNECTED: N_("Connect your account. It goes on by itself then."),
    ErrorCode.RECONNECT_REQUIRED: N_("Connect your account again. It goes on by itself then."),
    ErrorCode.SCOPE_MISSING: N_("The operator adds what is missing to the app; then connect again. It goes on by itself then."),
    ErrorCode.PROVIDER_FORBIDDEN: N_("Somebody who runs that account has to allow it; then connect again. It goes on by itself then."),
    ErrorCode.CLIENT_INVALID: N_("The operator has to put the app's client id and secret right. Then connect again."),
    ErrorCode.PROVIDER_NOT_CONFIGURED: N_("The operator has to set up the provider again. Then try again."),
    ErrorCode.RECORDING_NOT_FOUND: N_("It was deleted at the provider. If it lies in the trash there, restore it and try again."),
    ErrorCode.RECORDING_NOT_READY: N_("Check at the provider whether the recording is there. When it is, try again."),
    ErrorCode.RECORDING_HAS_NO_AUDIO: N_("There is nothing in it that can be listened to."),
    ErrorCode.DOWNLOAD_REFUSED: N_("Let the recording be opened without a passcode and without signing in. Then try again."),
    ErrorCode.MEDIA_EMPTY: _BROKEN_FILE,
    ErrorCode.MEDIA_UNREADABLE: _BROKEN_FILE,
    ErrorCode.MEDIA_TRUNCATED: _BROKEN_FILE,
    ErrorCode.MEDIA_NO_AUDIO: N_("There is nothing in it that can be listened to."),
    ErrorCode.MEDIA_TOO_LARGE: N_("The operator can allow larger files (MAX_RECORDING_BYTES). Then try again."),
    ErrorCode.MEDIA_TOO_LONG: N_("The operator can allow longer recordings (MAX_RECORDING_HOURS). Then try again."),
    ErrorCode.DISK_FULL: N_("The operator has to make room on the disk. Then try again."),
    ErrorCode.MODEL_NOT_CONFIGURED: _OPERATOR_MODEL,
    ErrorCode.MODEL_NOT_FOUND: _OPERATOR_MODEL,
    ErrorCode.MODEL_KEY_INVALID: _OPERATOR_MODEL,
    ErrorCode.MODEL_QUOTA_EXHAUSTED: N_("The operator has to top up the account of the language model. Then try again."),
    ErrorCode.WEIGHTS_UNTRUSTED: N_("The operator has to install Momentum's models anew. Then try again."),
    ErrorCode.PROCESSING_CANCELLED: N_("Try again whenever you like. What was made so far is kept."),
    ErrorCode.INTERNAL: N_("Try again. If it breaks the same way, give the operator the number above."),
}
_USUALLY = N_("Try again. What was made so far is kept, and nothing of it is paid for twice.")


def advice(code: str | None) -> str:
    """A sentence for the code of a processing that stopped."""
    return _ADVICE.get(ErrorCode(code), _USUALLY) if code in set(ErrorCode) else _USUALLY
