"""When OpenAI ends its language models, as data (https://developers.openai.com/api/docs/deprecations, November 2026).

Those of its models that listen stand in `transcribers/openai_models.py`, with the rest of what is known of them.
"""

from __future__ import annotations

from datetime import date

from momentum.outbound.openai_prices import named_in

SOURCE = "https://developers.openai.com/api/docs/deprecations"

_OCTOBER, _DECEMBER, _JANUARY = date(2026, 10, 23), date(2026, 12, 11), date(2027, 1, 14)
ENDS = {
    **dict.fromkeys(("gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "gpt-4.1-nano", "o4-mini"), _OCTOBER),
    **dict.fromkeys(("gpt-5", "gpt-5-mini", "gpt-5-nano", "o3"), _DECEMBER),
    **dict.fromkeys(("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"), _JANUARY),
}
"""Model -> the last day on which OpenAI answers for it."""


def end_of(model: str) -> date | None:
    """Of a model or of a dated snapshot of it; None for one of which no end is known."""
    name = named_in(ENDS, model)
    return ENDS[name] if name else None
