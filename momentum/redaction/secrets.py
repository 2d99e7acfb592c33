"""Secrets in the lines of a meeting, wherever they begin and end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from momentum.redaction import Redaction, SecretKind, digits, emails, ibans, names

_FINDERS = {
    SecretKind.IBAN: ibans.find,
    SecretKind.CARD: digits.cards,
    SecretKind.EMAIL: emails.find,
    SecretKind.PHONE: digits.phones,
}
"""In the order in which they are believed: an IBAN is no phone number."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Characters `start` to `end` of a text; `value` is the same for every way to write the same secret."""

    start: int
    end: int
    kind: SecretKind
    value: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What of a secret stands in one line."""

    line: int
    start: int
    end: int
    kind: SecretKind
    value: str


def find(text: str, wanted: Redaction) -> list[Secret]:
    """The secrets of one text, in order; none overlaps another."""
    taken, found = bytearray(len(text)), []
    for secret in _candidates(text, wanted):
        if not any(taken[secret.start : secret.end]):
            taken[secret.start : secret.end] = b"\1" * (secret.end - secret.start)
            found.append(secret)
    return sorted(found, key=lambda secret: secret.start)


def _candidates(text: str, wanted: Redaction) -> Iterator[Secret]:
    for kind, finder in _FINDERS.items():
        if kind in wanted.kinds:
            yield from (Secret(start, end, kind, value) for start, end, value in finder(text))
    yield from (Secret(start, end, SecretKind.NAME, name) for start, end, name in names.find(text, wanted.names))


def pieces(lines: Sequence[str], wanted: Redaction) -> list[Piece]:
    """The secrets of lines that follow one another, each cut where a line ends."""
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    return [piece for secret in find("\n".join(lines), wanted) for piece in _cut(secret, lines, starts)]


def _cut(secret: Secret, lines: Sequence[str], starts: Sequence[int]) -> Iterator[Piece]:
    for number in range(bisect_right(starts, secret.start) - 1, bisect_right(starts, secret.end - 1)):
        first, last = max(0, secret.start - starts[number]), min(len(lines[number]), secret.end - starts[number])
        text = lines[number][first:last]
        if stripped := text.strip(" .,;-–—\t"):  # noqa: RUF001 - dashes as they are written
            begin = first + text.index(stripped)
            yield Piece(number, begin, begin + len(stripped), secret.kind, secret.value)
