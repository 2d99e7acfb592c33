"""What others say about who spoke when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from momentum.model import Segment
from momentum.transcribers.captions import Turn

NOBODY = ""
"""Stands for a speaker without a name."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """All that is known of who spoke when, in seconds of the meeting; any of it may be missing."""

    captions: tuple[Segment, ...] = ()
    """The provider's own text, with names where it has them."""
    turns: tuple[Turn, ...] = ()
    """Its timeline: who was active; right to about a second."""
    tracks: tuple[Turn, ...] = ()
    """Where a voice is heard in a participant's own audio."""
    tracked: tuple[str, ...] = ()
    """Whose own audio was heard: silence of theirs is evidence too."""
    roster: tuple[str, ...] = ()
    """Names of who took part."""

    @property
    def name_anybody(self) -> bool:
        return bool(self.turns or self.tracks or any(caption.speaker for caption in self.captions))

    def with_one_spelling(self) -> Witnesses:
        """The same, each person under one name: the roster's, else the one that comes first."""
        spellings: dict[str, str] = {}
        for name in self._names():
            spellings.setdefault(_key(name), " ".join(name.split()))

        def turns(given: Iterable[Turn]) -> tuple[Turn, ...]:
            return tuple(replace(t, speakers=tuple(spellings[_key(name)] for name in t.speakers)) for t in given)

        captions = tuple(replace(c, speaker=spellings[_key(c.speaker)] if c.speaker else None) for c in self.captions)
        tracked = tuple(spellings[_key(name)] for name in self.tracked)
        return replace(self, captions=captions, turns=turns(self.turns), tracks=turns(self.tracks), tracked=tracked)

    def _names(self) -> Iterator[str]:
        yield from self.roster
        yield from (caption.speaker for caption in self.captions if caption.speaker)
        yield from (name for turn in (*self.turns, *self.tracks) for name in turn.speakers)
        yield from self.tracked


def _key(name: str) -> str:
    return " ".join(name.casefold().split())
