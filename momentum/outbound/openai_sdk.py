"""The OpenAI SDK: its client, and its exceptions in our words; theirs hold the other side's text and go no further."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from momentum.errors import ErrorCode, MomentumError, Retry
from momentum.outbound import sent
from momentum.outbound.client import NETWORK_FAULTS, TIMEOUTS

if TYPE_CHECKING:
    from openai import APIError, AsyncOpenAI

CONNECT_SECONDS = 5.0
"""How long a connection may take."""
AFTER_SILENCE = 60.0
"""Seconds after which a server that did not answer in time is asked again."""
Fault = Callable[[int, Mapping[str, str], object], MomentumError]
"""What an answer of this status, with these headers and this body, means."""

# An error inside a stream has no HTTP status; this is the one the same error has outside.
_STATUSES = {"rate_limit_exceeded": 429, "insufficient_quota": 429, "slow_down": 429, "server_error": 500, "server_is_overloaded": 503}


def opened(api_key: str, base_url: str, hooks: sent.Hooks, *, silence: float) -> AsyncOpenAI:
    """A client that asks once and waits `silence` seconds for each piece of an answer; `hooks` from `sent.hooks`.

    The SDK is imported here, at the first question: `momentum --help` needs none.
    """
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

    timeout = Timeout(silence, connect=CONNECT_SECONDS)
    client = DefaultAsyncHttpxClient(timeout=timeout, event_hooks=hooks)
    return AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout, http_client=client)


@asynccontextmanager
async def translated(fault: Fault, what: str) -> AsyncIterator[None]:
    """Around one call; `what` answers, in words: "language model".

    Where an answer breaks off that should have been a stream, the SDK lets exceptions of its HTTP client through.
    """
    from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, OpenAIError

    try:
        yield
    except (APITimeoutError, *TIMEOUTS):
        # Asking again at once would only add to the load of a server that is too slow.
        raise Retry(ErrorCode.MODEL_UNAVAILABLE, f"The {what} took too long to answer.", after=AFTER_SILENCE) from None
    except (APIConnectionError, *NETWORK_FAULTS) as error:
        if (ours := sent.own(error)) is not None:
            raise ours from None
        raise Retry(ErrorCode.MODEL_UNAVAILABLE, f"The {what}'s server cannot be reached.") from None
    except APIStatusError as error:
        headers = {k.lower(): v for k, v in error.response.headers.items()}
        raise fault(error.status_code, headers, _envelope(error)) from None
    except APIError as error:
        raise fault(status_of(error.body), {}, _envelope(error)) from None
    except (OpenAIError, ValueError):
        raise Retry(ErrorCode.MODEL_UNAVAILABLE, f"The {what}'s server gave an answer that cannot be read.") from None


def status_of(error: object) -> int:
    """The HTTP status that an error inside a stream would have outside of it."""
    if not isinstance(error, dict):
        return 500
    return next((_STATUSES[str(error[k])] for k in ("code", "type") if str(error.get(k)) in _STATUSES), 400 if error.get("code") else 500)


def _envelope(error: APIError) -> object:
    """The SDK unwraps `{"error": ...}`; what reads errors wants it as it was on the wire."""
    return {"error": error.body} if isinstance(error.body, dict) else error.body
