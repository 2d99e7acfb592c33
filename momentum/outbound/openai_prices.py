"""What language models cost by OpenAI's list (https://developers.openai.com/api/docs/pricing, November 2026), as data.

An estimate from above: tokens that were read from a cache are counted at the full price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LONG_INPUT = 272_000
"""Tokens of input of one call from which on it costs more."""
_LONG_READING, _LONG_WRITING = 2.0, 1.5


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    reading: float
    writing: float


PRICES = {"gpt-6-luna": Price(0.10, 0.50), "gpt-6-sol": Price(2.0, 10.0), "gpt-6.1-sol": Price(2.0, 10.0)}


def usd(model: str, *, input_tokens: int, output_tokens: int, long: bool | None = None) -> float | None:
    """What one call cost; None for a model whose price is not known, such as one of a server of your own.

    For a sum of calls, `long` says whether each of them was longer than LONG_INPUT.
    """
    price = _price_of(model)
    if price is None:
        return None
    long = input_tokens > LONG_INPUT if long is None else long
    reading = price.reading * (_LONG_READING if long else 1)
    writing = price.writing * (_LONG_WRITING if long else 1)
    return (input_tokens * reading + output_tokens * writing) / 1_000_000


def named_in(known: Iterable[str], model: str) -> str | None:
    """Which of `known` a model is, or a dated snapshot of it (gpt-6-luna-2026-09-01)."""
    return next((name for name in known if model == name or _is_snapshot(model, name)), None)


def _is_snapshot(model: str, name: str) -> bool:
    return model.startswith(f"{name}-") and model[len(name) + 1 :].replace("-", "").isdigit()


def _price_of(model: str) -> Price | None:
    name = named_in(PRICES, model)
    return PRICES[name] if name else None
