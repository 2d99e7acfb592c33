"""Times of day that name a day without saying so: "at nine", "before lunch", "in half an hour", "before I go home"."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from momentum.writers.numbers import CARDINALS

_NOON = time(12)
_WORKING_DAY = 8
"""Hours that certainly end on the same day where nobody knows when the meeting began."""
_LEAD = (
    r"(?:(?:at|by|before|until|till|around|about|from|after|over|during|just|right|straight|no later than|not later than|"
    r"at the latest by|latest by|done by)\s+)*"
)
_TAIL = r"(?:,?\s+(?:sharp|on the dot|at the latest|latest|or so|at the very latest|exactly|today))?"
_HOURS = [word for word, value in CARDINALS.items() if 1 <= value <= 12]
_HOUR = rf"(?P<hour>{'|'.join(sorted(_HOURS, key=len, reverse=True))}|[01]?\d|2[0-3])"
_MINUTES = r"(?:oh[ -]five|five|ten|fifteen|twenty(?:[ -]five)?|thirty(?:[ -]five)?|forty(?:[ -]five)?|fifty(?:[ -]five)?)"
_PAST = r"(?:(?:(?:a )?quarter|half|five|ten|twenty(?:[ -]five)?) (?:past|to)|half)"
_HALF = r"(?P<half>\s*(?:a\.?m\.?|p\.?m\.?)|\s+in the (?:morning|afternoon|evening)|\s+at night)"
_CLOCK = re.compile(
    rf"(?P<lead>{_LEAD})(?:(?P<past>{_PAST})\s+)?{_HOUR}(?P<minutes>[:.][0-5]\d|[ -]{_MINUTES})?(?P<oclock>\s+o'clock)?{_HALF}?{_TAIL}",
    re.IGNORECASE,
)
_WE = r"(?:(?:I|we|you)(?:'re| are|'ve| have| can| get)?|(?:this|the) (?:call|meeting|session) is)"
_DONE = r"(?:done|finished|through|over|out|off|out of here|off the phone|off this call|hang up|hung up|finish|leave|close)"
# What comes once a day, and the hour by which it is surely over.
_DAILY: list[tuple[str, time]] = [
    (r"breakfast", time(10)),
    (r"noon|mid-?day", time(12)),
    (r"(?:our |the |my )?(?:lunch(?:time| break| hour)?)|first thing", time(15)),
    (r"tea(?:time)?|dinner(?:time)?|supper|dusk|dark|sunset|sundown|nightfall|midnight", time(23)),
    (r"(?:the |our |my )?(?:(?:coffee|tea|next) )?break", time.max),
    (r"work|school|class|practice|closing(?: time)?|opening(?: time)?|close|bedtime|bed", time.max),
    (r"(?:I|we|you|they) (?:go|go home|leave|leave here|open|close|start|finish|lock up|hang up|go to bed|open the doors)", time.max),
    (rf"(?:as soon as|the (?:minute|moment|second)|right when|once) {_WE} {_DONE}(?: here)?", time.max),
    (r"(?:the )?end of (?:the|this|my|our) (?:meeting|call|shift|session|hour)|(?:the |my |our |this )?shift", time.max),
    (r"this(?: (?:meeting|call|session|one))?|our (?:meeting|call)|we're done(?: here)?", time.max),
    (r"on (?:my|the|our) way(?: home| back| there)?|(?:in )?(?:the |mid-?|late |early )?(?:afternoon|evening)", time.max),
    (r"(?:right )?now|right away|straight ?away|at once|immediately|in a (?:moment|second)", time.max),
    (r"this (?:minute|second|instant|hour|lunchtime)", time.max),
    (r"(?:within|inside) the hour|this very (?:minute|hour|day)", time.max),
]  # fmt: skip
_EVENTS = [(re.compile(rf"{_LEAD}(?:{words}){_TAIL}", re.IGNORECASE), over) for words, over in _DAILY]
_SPAN = re.compile(
    rf"(?:in|within)\s+(?:about\s+)?(?P<count>half an|a quarter of an|an?|a couple of|a few|\d+|{'|'.join(CARDINALS)})\s+"
    rf"(?P<unit>hour|minute|min)s?(?: time|')?{_TAIL}",
    re.IGNORECASE,
)
_COUNTS = {"half an": 0.5, "a quarter of an": 0.25, "a": 1, "an": 1, "a couple of": 2, "a few": 4}


def resolve(words: str, said_on: date, at: time | None = None) -> date | None:
    """The day of a time of day: that of the meeting, or the next where it was over when the meeting began (`at`); else None."""
    said = " ".join(words.replace("’", "'").split()).strip(" .,!?")  # noqa: RUF001 - the typographic apostrophe
    if span := _SPAN.fullmatch(said):
        return _after(span, said_on, at)
    if re.fullmatch(r"(?:first thing )?(?:in|by) (?:the )?morning", said, re.IGNORECASE):
        return said_on + timedelta(days=1) if at and at >= _NOON else None
    over = _latest(said)
    if over is None:
        return None
    return said_on + timedelta(days=int(at is not None and at > over))


def _after(span: re.Match[str], said_on: date, at: time | None) -> date | None:
    count = span["count"].casefold()
    hours = _COUNTS.get(count, CARDINALS.get(count)) if not count.isdigit() else int(count)
    hours = (hours or 0) / (1 if span["unit"].casefold() == "hour" else 60)
    if at is None:
        return said_on if hours <= _WORKING_DAY else None
    return (datetime.combine(said_on, at) + timedelta(hours=min(hours, 24 * 365))).date()


@lru_cache(maxsize=512)
def _latest(said: str) -> time | None:
    """The last time of day that the words may mean; None where they are none."""
    if (clock := _CLOCK.fullmatch(said)) and _is_clock(clock):
        return _hour(clock)
    return next((over for pattern, over in _EVENTS if pattern.fullmatch(said)), None)


def _is_clock(clock: re.Match[str]) -> bool:
    """Whether an hour is told: "by nine" and "half past nine" are, "nine" and "by 15" are not."""
    told = clock["past"] or clock["minutes"] or clock["oclock"] or clock["half"]
    leads = clock["lead"].casefold().split()
    return bool(told or (leads and (not clock["hour"].isdigit() or leads[-1] in {"at", "around", "about"})))


def _hour(clock: re.Match[str]) -> time:
    hour = CARDINALS.get(clock["hour"].casefold()) if not clock["hour"].isdigit() else int(clock["hour"])
    half = (clock["half"] or "").strip().casefold()
    if half.startswith("a") or "morning" in half:
        return time((hour or 0) % 24, 59)
    return time((hour or 0) % 12 + 12 if (hour or 0) <= 12 else (hour or 0), 59)
