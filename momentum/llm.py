"""The language model: messages in, checked JSON out, cost counted. Any server that speaks OpenAI's Responses or Chat API."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from momentum import metrics
from momentum.errors import ActionRequired, ErrorCode, MomentumError, Permanent, Retry, Unavailable
from momentum.languages import phrase
from momentum.model import Answer, Clock, Usage
from momentum.outbound import openai_prices, sent
from momentum.outbound.model_roles import LANGUAGE
from momentum.outbound.openai_errors import translate as explained
from momentum.outbound.openai_sdk import opened, status_of, translated
from momentum.outbound.patience import Patience
from momentum.writers.schema import violation

if TYPE_CHECKING:
    from openai import AsyncOpenAI

SILENCE_SECONDS, ANSWER_SECONDS = 600.0, 1800.0
"""How long a reasoning model may be silent, and how long an answer may take in all."""
COUNT_SECONDS = 20.0
"""How long counting may take: an estimate is at hand."""


Spent = Callable[[Usage], None]


class Writing(Protocol):
    """What writers need of a language model."""

    @property
    def model(self) -> str: ...

    @property
    def window(self) -> int:
        """Tokens of input that go into one call at the most."""
        ...

    def count_tokens(self, text: str) -> int: ...

    async def counted(self, messages: Sequence[dict[str, str]]) -> int | None:
        """Tokens by the server's own count; None where it does not count."""
        ...

    async def json(self, messages: Sequence[dict[str, str]], *, name: str, schema: dict[str, Any], spent: Spent | None = None) -> Answer:
        """The answer as data that fits `schema`; see `LanguageModel`."""
        ...


class LanguageModel:
    """One model behind one base URL. `window` is the number of input tokens we send in one call at the most."""

    def __init__(
        self,
        api_key: str | None,
        base_url: str,
        model: str,
        api: Literal["responses", "chat"],
        window: int,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.model = model
        self.window = window
        self._api = api
        self._api_key = api_key or "none"  # servers of one's own often want no key, the client always does
        self._base_url = base_url
        self._clock, self._patience = clock, Patience(sleep, chance)
        self._opened: AsyncOpenAI | None = None
        self._counts = True

    async def json(self, messages: Sequence[dict[str, str]], *, name: str, schema: dict[str, Any], spent: Spent | None = None) -> Answer:
        """The answer as data that fits `schema`; asked once more when it does not.

        `spent` is told of every call that went out, also of those that came to nothing, with the tokens that it cost.

        Raises Permanent MODEL_INPUT_TOO_LARGE (question or answer: ask for less), MODEL_REFUSED and
        MODEL_ANSWER_INVALID, Retry when the server is busy for longer than we wait here, ActionRequired
        when key, quota or model are at fault.
        """
        usage = Usage()
        for _ in range(2):
            with metrics.outcome_of(metrics.MODEL_CALLS, self.model):
                said = await self._patience.ask(lambda: self._said(messages, name, schema, spent))
            usage += said.usage
            data = _parsed(said.text)
            if isinstance(data, dict) and violation(data, schema) is None:
                return Answer(data, usage, said.model or self.model)
        raise Permanent(ErrorCode.MODEL_ANSWER_INVALID, _OUT_OF_FORM + (_TRY_CHAT if self._api == "responses" else ""))

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`, estimated upwards: tokenisers are downloaded at run time, and a server of one's own has another."""
        return 1 + int(sum(_WEIGHTS[_script(c)] for c in text))

    async def counted(self, messages: Sequence[dict[str, str]]) -> int | None:
        """Tokens of `messages` by the server's own count; None where it does not count, or not now. Raises nothing of `errors`."""
        if not self._counts:
            return None
        try:
            async with self._translated(), asyncio.timeout(COUNT_SECONDS):
                found: Any = await self._client.responses.input_tokens.count(model=self.model, input=list(messages))  # type: ignore[arg-type]
            tokens = _object_of(found).get("input_tokens")
        except (Retry, Unavailable):
            return None
        except MomentumError:  # most servers of one's own have no such path
            tokens = None
        self._counts = isinstance(tokens, int) and tokens > 0
        return tokens if self._counts else None

    async def end_date(self) -> date | None:
        """The day on which the server says it will retire the model; None where it names none. Raises as `json` does."""
        try:
            found = await self._described()
        except ActionRequired as error:
            if error.code is not ErrorCode.MODEL_NOT_CONFIGURED:
                raise
            found = await self._listed()  # llama.cpp's server and vLLM have no path for one model
        return _day(found.get("shutdown_date"))

    async def _described(self) -> dict[str, Any]:
        async with self._translated():
            model: Any = await self._client.models.retrieve(self.model)
        return _object_of(model)

    async def _listed(self) -> dict[str, Any]:
        async with self._translated():
            models: Any = await self._client.models.list()
        found = next((m for m in _objects(_object_of(models).get("data")) if m.get("id") == self.model), None)
        if found is None:
            raise self._fault(404, {}, {"code": "model_not_found"})
        return found

    async def aclose(self) -> None:
        if self._opened:
            await self._opened.close()

    @property
    def _client(self) -> AsyncOpenAI:
        if self._opened is None:
            hooks = sent.hooks("text", self.model, self._clock)
            self._opened = opened(self._api_key, self._base_url, hooks, silence=SILENCE_SECONDS)
        return self._opened

    async def _said(self, messages: Sequence[dict[str, str]], name: str, schema: dict[str, Any], spent: Spent | None) -> Said:
        usage = Usage(calls=1)
        try:
            body = await (self._responses if self._api == "responses" else self._chat)(messages, name, schema)
            usage = _usage(body, *(_RESPONSE_USAGE if self._api == "responses" else _COMPLETION_USAGE))
            _counted(self.model, usage)
            return read_response(body) if self._api == "responses" else read_completion(body)
        finally:
            if spent:
                spent(usage)

    async def _responses(self, messages: Sequence[dict[str, str]], name: str, schema: dict[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.model,
            "input": list(messages),
            "text": {"format": {"type": "json_schema", "name": name, "strict": True, "schema": schema}},
        }
        async with self._translated():
            async with asyncio.timeout(ANSWER_SECONDS):  # a server may keep a stream alive and never end it
                stream: Any = await self._client.responses.create(**request, store=False, stream=True)
                event = await _last_event(stream)
        return self._of_response(event)

    def _of_response(self, event: dict[str, Any] | None) -> dict[str, Any]:
        if event is None:
            raise Retry(ErrorCode.MODEL_UNAVAILABLE, "The language model broke off before its answer was complete.")
        body = _fields(event.get("response"))
        if event["type"] == "error" or body.get("status") == "failed":
            error = body.get("error") or event
            raise self._fault(status_of(error), {}, {"error": error})
        return body

    async def _chat(self, messages: Sequence[dict[str, str]], name: str, schema: dict[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.model,
            "messages": list(messages),
            "response_format": {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}},
        }
        async with self._translated():
            completion: Any = await self._client.chat.completions.create(**request, store=False)
        return _object_of(completion)

    def _fault(self, status: int, headers: Mapping[str, str], body: object) -> MomentumError:
        return LANGUAGE.explain(explained(status, headers, body, now=self._clock()), self.model)

    def _translated(self) -> AbstractAsyncContextManager[None]:
        return translated(self._fault, phrase("language model"))


async def _last_event(stream: Any) -> dict[str, Any] | None:
    """The event that ends a Responses stream; None where the stream just ends. Some servers send one JSON body instead."""
    kind = stream.response.headers.get("content-type", "")
    if kind.startswith("application/json"):
        body = json.loads(await stream.response.aread())
        return {"type": "response.completed", "response": body} if isinstance(body, dict) else None
    if not kind.startswith("text/event-stream"):
        raise _not_a_model()
    events = [event.to_dict(mode="json", warnings=False) async for event in stream if event.type in _LAST_EVENTS]
    return events[-1] if events else None


def _object_of(answer: Any) -> dict[str, Any]:
    """What the SDK made of an answer, as a dict; it gives what it got where that was no JSON object."""
    if not hasattr(answer, "to_dict"):
        raise _not_a_model()
    made: dict[str, Any] = answer.to_dict(mode="json", warnings=False)
    return made


def _not_a_model() -> ActionRequired:
    return ActionRequired(ErrorCode.MODEL_NOT_CONFIGURED, "What answers at OPENAI_BASE_URL is no language model's API. Check the address.")


# --- reading what a server answered: a dict in, nothing touched -----------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """The text of one complete answer."""

    text: str
    usage: Usage
    model: str
    """Empty where the server did not say."""


_RESPONSE_USAGE, _COMPLETION_USAGE = ("input_tokens", "output_tokens"), ("prompt_tokens", "completion_tokens")
_LAST_EVENTS = {"response.completed", "response.incomplete", "response.failed", "error"}
_TOO_LONG = "The language model's answer did not fit into its limit."
_OUT_OF_FORM = "The language model twice gave an answer that is not in the form we asked for."
# llama.cpp's server, for one, holds an answer to a schema in Chat and not in Responses.
_TRY_CHAT = " If the server is your own, LANGUAGE_MODEL_API=chat may help."
_REFUSED = "The language model refused to write about this part of the meeting."
_BROKEN = "The language model's server gave an answer that cannot be read."


def read_response(body: dict[str, Any]) -> Said:
    """The text of a Responses body. Raises when it is cut short or a refusal."""
    if body.get("status") == "incomplete":
        raise _cut_short(_fields(body.get("incomplete_details")).get("reason") == "content_filter")
    contents = [c for item in _objects(body.get("output")) if item.get("type") == "message" for c in _objects(item.get("content"))]
    if any(c.get("type") == "refusal" for c in contents):
        raise Permanent(ErrorCode.MODEL_REFUSED, _REFUSED)
    text = "".join(_text(c.get("text")) for c in contents if c.get("type") == "output_text")
    return Said(text, _usage(body, *_RESPONSE_USAGE), _text(body.get("model")))


def read_completion(body: dict[str, Any]) -> Said:
    """The text of a Chat body. Raises when it is cut short or a refusal."""
    choice = next(iter(_objects(body.get("choices"))), None)
    if choice is None:
        raise Retry(ErrorCode.MODEL_UNAVAILABLE, _BROKEN)
    message = _fields(choice.get("message"))
    if choice.get("finish_reason") in {"length", "content_filter"}:
        raise _cut_short(choice["finish_reason"] == "content_filter")
    if message.get("refusal"):
        raise Permanent(ErrorCode.MODEL_REFUSED, _REFUSED)
    return Said(_text(message.get("content")), _usage(body, *_COMPLETION_USAGE), _text(body.get("model")))


# Servers that imitate the API put almost anything in its places: what is not what we look for is not there.


def _fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Text, or the text of a list of parts."""
    return value if isinstance(value, str) else "".join(_text(part.get("text")) for part in _objects(value))


def _usage(body: dict[str, Any], sent: str, said: str) -> Usage:
    spent = _fields(body.get("usage"))
    read, written = (count if isinstance(count := spent.get(name), int) and count > 0 else 0 for name in (sent, said))
    return Usage(read, written, 1)


def _counted(model: str, usage: Usage) -> None:
    """Into the figures of what was spent: also for an answer that is cut short or a refusal, which costs the same."""
    metrics.MODEL_TOKENS.labels(model, "in").inc(usage.input_tokens)
    metrics.MODEL_TOKENS.labels(model, "out").inc(usage.output_tokens)
    metrics.spent(model, openai_prices.usd(model, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens))


def _cut_short(filtered: bool) -> Permanent:  # noqa: FBT001 - one of two sentences
    if filtered:
        return Permanent(ErrorCode.MODEL_REFUSED, _REFUSED)
    return Permanent(ErrorCode.MODEL_INPUT_TOO_LARGE, _TOO_LONG)


def _parsed(text: str) -> Any:
    try:
        # Half a character, as "\ud83d" is when an answer is cut, can be written into no file: it becomes U+FFFD.
        whole = json.dumps(json.loads(text), ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return json.loads(whole)
    except (ValueError, RecursionError):
        return None


def _day(value: object) -> date | None:
    """A day written as ISO text or as seconds since 1970; None for anything else."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value[:10])
        return datetime.fromtimestamp(value, UTC).date() if isinstance(value, int | float) and value > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


# Tokens per character, above what o200k_base and the common open tokenisers need.
_WEIGHTS = {"ascii": 0.3, "mark": 0.6, "latin": 0.6, "letter": 0.8, "dense": 1.4, "other": 2.0}


def _script(character: str) -> str:
    point = ord(character)
    if point < 0x80:
        return "ascii" if character.isalnum() or character.isspace() else "mark"
    if point < 0x250:
        return "latin"
    if 0x2E80 <= point <= 0xD7FF or 0xF900 <= point <= 0xFAFF or point >= 0x20000:
        return "dense"
    return "letter" if character.isalpha() and point < 0x1F00 else "other"
