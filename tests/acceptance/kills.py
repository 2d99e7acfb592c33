"""A worker killed in the middle of a chunk, and what became of its work."""

import signal
from collections import Counter
from dataclasses import dataclass
from time import monotonic

from tests.acceptance.installation import PROGRAM, until

PARALLEL = 2
ANSWER_SECONDS = 0.7
LONGEST_TAKEOVER = 40.0
SETTINGS = {"speech_parallel": str(PARALLEL)}
"""Pieces are cut shorter than in real life (WORKER) and answered slowly, so that a kill falls into one of many."""
WORKER = f"""
from momentum.transcribers import openai
openai.TARGET_SECONDS, openai.MAX_SECONDS = 5.0, 8.0
{PROGRAM}
"""


@dataclass(frozen=True)
class Round:
    """Seconds until others had taken over, chunks in flight at the kill, chunks asked for again."""

    takeover: float
    in_flight: int
    again: int


async def round_with_a_kill(site, nonce):
    """All recordings processed by two workers of which one is killed, and another started. Raises AssertionError."""
    before = len(site.speech.calls)
    asked = await site.ask(nonce)
    victim = await somebody_in_a_chunk(site, before)
    victim.signal(signal.SIGKILL)
    killed = monotonic()
    victim.process.wait()
    await site.started()
    await until(lambda: site.unfinished_of(victim) == 0, LONGEST_TAKEOVER)
    takeover = monotonic() - killed
    await site.finished(asked)
    lost = site.speech.in_flight(victim.name, killed)
    return Round(round(takeover, 1), len(lost), check_paid_once(site.speech.calls[before:], lost))


async def somebody_in_a_chunk(site, before):
    """A worker with unfinished work, once it is well in the middle. `before`: calls of earlier rounds."""

    def found():
        busy = Counter(c.worker for c in site.speech.calls[before:] if c.answered is None)
        if len(site.speech.calls) - before < 6 or not busy:
            return None
        name = busy.most_common(1)[0][0]
        return next(w for w in site.programs if w.name == name)

    return await until(found, 60)


def check_paid_once(calls, lost):
    """How many chunks were asked for again, none beyond the `lost` ones that were in flight. Raises AssertionError."""
    times = Counter(call.digest for call in calls)
    allowed = Counter(lost)
    twice = {digest: n for digest, n in times.items() if n > 1 + allowed[digest]}
    assert not twice, f"paid for again: {twice}"
    assert len(times) > 15
    assert len(lost) <= PARALLEL * 3 * 2  # three processings, and the answers that were just being kept
    return sum(n - 1 for n in times.values())
