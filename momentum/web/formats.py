"""Dates, numbers, sizes and lengths, as a reader of some place writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_skeleton, format_time, format_timedelta, get_timezone_gmt, get_timezone_name
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

_SIZES = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


@lru_cache(maxsize=256)
def zone_of(name: str | None) -> ZoneInfo | None:
    """The IANA time zone of that name; None for one that is not known here. Kept for the names of a few: whoever asks may write any."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Formats:
    """What the templates write figures with. `zone`: the reader's, None where nobody knows it; `now` is what `ago` counts from."""

    locale: Locale
    zone: tzinfo | None
    now: datetime

    def moment(self, at: datetime, zone: str | None = None) -> str:
        """Date and time in the reader's zone; where that is not known in `zone` (an IANA name), named beside it, else in UTC."""
        theirs = self.zone or zone_of(zone) or UTC
        local = at.astimezone(theirs)
        told = f"{self.day(local.date())}, {format_time(local, 'short', tzinfo=theirs, locale=self.locale)}"
        return told if self.zone else f"{told} {_zone_name(local, self.locale)}"

    def day(self, day: date) -> str:
        """A date with the month's name."""
        return format_skeleton("yMMMd", datetime.combine(day, time()), locale=self.locale)

    def number(self, value: float) -> str:
        """With the reader's separators."""
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        """A share of 1 in whole percent."""
        return format_percent(share, format=None, locale=self.locale)

    def money(self, usd: float) -> str:
        """US dollars; small sums to the hundredth of a cent."""
        if usd == 0 or usd >= 0.1:
            return format_currency(usd, "USD", locale=self.locale)
        return format_currency(round(usd, 4), "USD", locale=self.locale, decimal_quantization=False)

    def minutes(self, seconds: float) -> str:
        """A length: "54 sec", "12 min", "1 hr 5 min"."""
        if round(seconds) < 60:
            return self._unit(round(seconds), "second")
        hours, minutes = divmod(round(seconds / 60), 60)
        parts = ([self._unit(hours, "hour")] if hours else []) + ([self._unit(minutes, "minute")] if minutes or not hours else [])
        return " ".join(parts)

    def size(self, count: int) -> str:
        """Bytes in the unit that keeps the number small."""
        for unit, each in _SIZES:
            if count >= each:
                return f"{self.number(round(count / each, 1 if count < 10 * each else 0))}\N{NO-BREAK SPACE}{unit}"
        return format_unit(count, "digital-byte", length="long", locale=self.locale)

    def ago(self, at: datetime) -> str:
        """How long ago, or in how long: "3 minutes ago"."""
        # Nothing at all is taken for the future.
        return format_timedelta(at - self.now or timedelta(seconds=-1), add_direction=True, locale=self.locale)

    def _unit(self, value: float, unit: str) -> str:
        return format_unit(int(value) if value == int(value) else value, f"duration-{unit}", length="short", locale=self.locale)


def _zone_name(local: datetime, locale: Locale) -> str:
    if local.tzinfo is UTC:
        return "UTC"
    name = get_timezone_name(local, width="short", locale=locale)
    return name if name[:1].isalpha() else get_timezone_gmt(local, width="long", locale=locale)
