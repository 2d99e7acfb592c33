"""How a person names a meeting, undone to the provider's own spelling."""

from __future__ import annotations

import re
from urllib.parse import unquote

from momentum.errors import ErrorCode, NotFound

_NUMBER = re.compile(r"\d{3,20}")
_INSTANCE = re.compile(r"[A-Za-z0-9+/=_-]{4,128}")


def normalise_meeting_id(text: str) -> str:
    """The meeting number or instance id in `text`: percent-encoding undone once or twice, spaces within a number dropped.

    An id holds no percent sign, so undoing stops by itself. A space in an instance id is a `+` that a
    form decoder took. Raises NotFound when no meeting can be called that.
    """
    for _ in range(3):
        if "%" not in text:
            break
        text = unquote(text)
    number = re.sub(r"[ \u00a0-]", "", text.strip())
    if _NUMBER.fullmatch(number):
        return number
    instance = text.strip().replace(" ", "+")
    if not _INSTANCE.fullmatch(instance):
        raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "There is no meeting with this number or id.")
    return instance


def is_meeting_number(meeting_id: str) -> bool:
    """Whether it names a meeting by number, and so means its latest instance."""
    return bool(_NUMBER.fullmatch(meeting_id))
