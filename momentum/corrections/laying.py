"""A transcript while layers are laid over it: each touches only the segments that it can change, and names are written once, at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from momentum.corrections.cuts import machine_id, parts_of
from momentum.corrections.layers import EditSegment, FixTerm, Layer, MergeSpeakers, Reassign, RenameSpeaker, renaming
from momentum.corrections.terms import replaced
from momentum.corrections.timing import retimed, spans
from momentum.model import Segment, Transcript, Word


@dataclass(slots=True, eq=False)
class Piece:
    """A segment that is being corrected."""

    segment: Segment
    lowered: str
    """Its text in small letters, to look for terms in."""
    renamed: int
    """How many of the renamings its names have seen."""
    told: bool = False
    """Whether all its words are to be said by its speaker, because a person said so."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A layer that was laid, and what was there before: what a document needs to follow it."""

    layer: Layer
    said: str = ""
    """The text of a segment that was edited."""
    speakers: Mapping[int, str | None] = field(default_factory=dict)
    """Who said each part of the machine's segments that were reassigned, by its id."""


class Laying:
    """Layers are laid one after another; `transcript` is what they make of it so far.

    `rewritten`: how often a segment was given a new text, and its words their times; nothing else that layers do costs as much.
    """

    def __init__(self, transcript: Transcript) -> None:
        self._origin = transcript
        self._pieces = [Piece(segment, segment.text.lower(), 0) for segment in transcript.segments]
        self._parts: dict[int, list[Piece]] = {}
        for piece in self._pieces:
            self._parts.setdefault(machine_id(piece.segment.id), []).append(piece)
        self._speaking = Counter(segment.speaker for segment in transcript.segments)
        self._renamings: list[tuple[Sequence[str], str]] = []
        self._names: dict[tuple[int, str], str] = {}
        self._taken: Transcript | None = None
        self.rewritten = 0

    # --- what is there ----------------------------------------------------------------------------

    def transcript(self) -> Transcript:
        """The transcript under the layers that were laid; segments that none of them touched are the machine's own."""
        if self._taken is None:
            self._taken = self._written_out()
        return self._taken

    def _written_out(self) -> Transcript:
        for piece in self._pieces:
            self._settle(piece)
        segments, participants = tuple(piece.segment for piece in self._pieces), self._origin.participants
        if self._renamings and participants:
            participants = tuple(dict.fromkeys(self._name(0, one) for one in participants))
        return replace(self._origin, segments=segments, participants=participants)

    def speaks(self, name: str | None) -> bool:
        """Whether a segment is said by somebody of this name."""
        return bool(name) and self._speaking[name] > 0

    def text_of(self, ids: Collection[int]) -> str:
        """What these segments say, one after another."""
        return " ".join(piece.segment.text for piece in self._those(ids))

    def speakers_of(self, ids: Collection[int]) -> list[str | None]:
        """Who says these segments, in the order in which they first do."""
        return list(dict.fromkeys(map(self._speaker, self._those(ids))))

    def parts(self, origin: int) -> list[Segment]:
        """What became of a segment of the machine's. Their names may be former ones."""
        return [piece.segment for piece in self._parts.get(origin, ())]

    def objection(self, layer: Layer) -> str | None:
        """Why a layer cannot be laid, in a sentence; None where it can."""
        if isinstance(layer, RenameSpeaker | MergeSpeakers):
            missing = [name for name in renaming(layer)[0] if not self.speaks(name)]
            return f"Nobody called {missing[0]!r} speaks here." if missing else None
        if isinstance(layer, EditSegment):
            return None if self._piece(layer.segment) else f"There is no segment {layer.segment}."
        return self._misplaced(layer) if isinstance(layer, Reassign) else None

    def _misplaced(self, layer: Reassign) -> str | None:
        first, last = self._piece(layer.first), self._piece(layer.last)
        if first is None or last is None:
            return f"There is no segment {layer.first if first is None else layer.last}."
        if first is not last and self._pieces.index(first) > self._pieces.index(last):
            return "The first segment comes after the last."
        for segment, word in ((first.segment, layer.first_word), (last.segment, layer.last_word)):
            if word is not None and not spans(segment.words, segment.text):
                return f"Segment {segment.id} has no times for its words: name it whole."
            if word is not None and word >= len(segment.words):
                return f"Segment {segment.id} has {len(segment.words)} words."
        backwards = first is last and layer.last_word is not None and (layer.first_word or 0) > layer.last_word
        return "The first word comes after the last." if backwards else None

    # --- laying -----------------------------------------------------------------------------------

    def lay(self, layer: Layer) -> Laid:
        """Lay one more. One that finds nothing to change changes nothing."""
        self._taken = None
        if isinstance(layer, FixTerm):
            self._fix(layer)
        elif isinstance(layer, EditSegment):
            return self._edit(layer)
        elif isinstance(layer, Reassign):
            return self._reassign(layer)
        elif isinstance(layer, RenameSpeaker | MergeSpeakers):
            self._rename(*renaming(layer))
        return Laid(layer)

    def _fix(self, layer: FixTerm) -> None:
        first = layer.term.split()[:1]
        for piece in [piece for piece in self._pieces if first and first[0].lower() in piece.lowered]:
            self._say(piece, replaced(piece.segment.text, layer.term, layer.replacement))

    def _edit(self, layer: EditSegment) -> Laid:
        before = self.text_of((layer.segment,))
        for piece in self._those((layer.segment,)):
            self._say(piece, layer.text)
        return Laid(layer, said=before)

    def _say(self, piece: Piece, text: str) -> None:
        if text == piece.segment.text:
            return
        # Words that stay keep the name that they were told; new ones have none of their own.
        if piece.told:
            self._settle(piece)
        piece.segment = replace(piece.segment, text=text, words=retimed(piece.segment, text))
        piece.lowered = text.lower()
        self.rewritten += 1

    def _rename(self, former: Sequence[str], name: str) -> None:
        segments = sum(self._speaking.pop(one, 0) for one in dict.fromkeys(former))
        self._speaking[name] += segments
        self._renamings.append((former, name))
        self._names.clear()

    def _reassign(self, layer: Reassign) -> Laid:
        if self._misplaced(layer):
            return Laid(layer)
        begin = next(n for n, piece in enumerate(self._pieces) if piece.segment.id == layer.first)
        end = next(n for n, piece in enumerate(self._pieces) if piece.segment.id == layer.last)
        span = self._pieces[begin : end + 1]
        origins = dict.fromkeys(machine_id(piece.segment.id) for piece in span)
        before = {piece.segment.id: self._speaker(piece) for origin in origins for piece in self._parts[origin]}
        self._pieces[begin : end + 1] = [part for piece in span for part in self._cut(piece, layer)]
        return Laid(layer, speakers=before)

    def _cut(self, piece: Piece, layer: Reassign) -> list[Piece]:
        """The piece, or the parts it was cut into; the one inside the span is said by the new speaker."""
        self._speaking[self._speaker(piece)] -= 1
        parts = [(_part(piece, segment), inside) for segment, inside in parts_of(piece.segment, layer)]
        for part, inside in parts:
            if inside:
                self._tell(part, layer.speaker)
            self._speaking[self._speaker(part)] += 1
        siblings = self._parts[machine_id(piece.segment.id)]
        at = siblings.index(piece)
        siblings[at : at + 1] = [part for part, _ in parts]
        return siblings[at : at + len(parts)]

    def _tell(self, piece: Piece, speaker: str | None) -> None:
        """Somebody who knows says so: it is no estimate any more."""
        piece.segment = replace(piece.segment, speaker=speaker, estimated=False)
        piece.renamed, piece.told = len(self._renamings), True

    # --- names ------------------------------------------------------------------------------------

    def _settle(self, piece: Piece) -> None:
        """Write the names into it that it has by now."""
        if piece.renamed == len(self._renamings) and not piece.told:
            return
        segment, since = piece.segment, piece.renamed
        speaker = self._speaker(piece)
        if piece.told:
            words = tuple(Word(w.text, w.start, w.end, w.probability, speaker) for w in segment.words)
        else:
            words = self._with_names(segment.words, since)
        if speaker != segment.speaker or words is not segment.words:
            piece.segment = replace(segment, speaker=speaker, words=words)
        piece.renamed, piece.told = len(self._renamings), False

    def _with_names(self, words: tuple[Word, ...], since: int) -> tuple[Word, ...]:
        former = {word.speaker for word in words if word.speaker is not None}
        now = {name: self._name(since, name) for name in former}
        if all(name == other for name, other in now.items()):
            return words
        return tuple(
            Word(w.text, w.start, w.end, w.probability, now[w.speaker], w.certainty) if w.speaker is not None else w for w in words
        )

    def _speaker(self, piece: Piece) -> str | None:
        name = piece.segment.speaker
        return None if name is None else self._name(piece.renamed, name)

    def _name(self, since: int, name: str) -> str:
        """What somebody is called now who was called `name` when so many renamings had been made."""
        if since == len(self._renamings):
            return name
        if (since, name) not in self._names:
            self._names[since, name] = _followed(name, self._renamings[since:])
        return self._names[since, name]

    # --- finding ----------------------------------------------------------------------------------

    def _piece(self, segment_id: int) -> Piece | None:
        return next((piece for piece in self._parts.get(machine_id(segment_id), ()) if piece.segment.id == segment_id), None)

    def _those(self, ids: Collection[int]) -> Iterator[Piece]:
        """Pieces of these ids, in the order of the transcript."""
        if len(ids) == 1:
            (only,) = ids
            return (piece for piece in self._parts.get(machine_id(only), ()) if piece.segment.id == only)
        wanted = frozenset(ids)
        if not wanted:
            return iter(())
        return (piece for piece in self._pieces if piece.segment.id in wanted)


def _part(piece: Piece, segment: Segment) -> Piece:
    return replace(piece, segment=segment, lowered=segment.text.lower())


def _followed(name: str, renamings: Iterable[tuple[Sequence[str], str]]) -> str:
    for former, now in renamings:
        name = now if name in former else name
    return name
