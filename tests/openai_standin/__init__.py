"""A stand-in for OpenAI's API and for servers that imitate it, which shows all that `behaviours` lists.

async with running() as standin:          # a server on loopback, and its switches
    standin.faults.append(quota_spent())  # the next request gets this
    ... standin.base_url, KEY ...
    assert standin.log[0].status == 429
"""

from openai_standin.answers import (
    OVERFLOWS,
    USAGE,
    bare_error,
    breaks_off,
    cut_short,
    fails,
    overflows,
    plain_json,
    refuses,
    says,
    text_of,
)
from openai_standin.behaviours import BEHAVIOURS
from openai_standin.errors import NEVER_FITS, PASSING, SPENT, error
from openai_standin.faults import (
    answers,
    breaks_in_body,
    breaks_in_head,
    breaks_in_stream,
    hangs_up,
    later,
    never_ends,
    quota_spent,
    rate_limited,
    status,
    stays_silent,
)
from openai_standin.models import SNAPSHOT, SpeechFacts
from openai_standin.server import AUDIO_PATH, CHAT_PATH, KEY, RESPONSES_PATH, StandIn, running

__all__ = [
    "AUDIO_PATH",
    "BEHAVIOURS",
    "CHAT_PATH",
    "KEY",
    "NEVER_FITS",
    "OVERFLOWS",
    "PASSING",
    "RESPONSES_PATH",
    "SNAPSHOT",
    "SPENT",
    "USAGE",
    "SpeechFacts",
    "StandIn",
    "answers",
    "bare_error",
    "breaks_in_body",
    "breaks_in_head",
    "breaks_in_stream",
    "breaks_off",
    "cut_short",
    "error",
    "fails",
    "hangs_up",
    "later",
    "never_ends",
    "overflows",
    "plain_json",
    "quota_spent",
    "rate_limited",
    "refuses",
    "running",
    "says",
    "status",
    "stays_silent",
    "text_of",
]
