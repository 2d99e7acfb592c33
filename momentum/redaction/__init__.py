"""What a language model need not read: found by code, and stood in for by placeholders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class SecretKind(StrEnum):
    """What can be masked."""

    EMAIL = "email"
    PHONE = "phone"
    """Phone numbers, and every other run of seven digits or more that is no amount and no date."""
    CARD = "card"
    IBAN = "iban"
    NAME = "name"


RECOGNISED = (SecretKind.EMAIL, SecretKind.PHONE, SecretKind.CARD, SecretKind.IBAN)
"""What code finds by itself; names are chosen by somebody."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is masked before a language model reads it: kinds that code recognises, and chosen names. Empty: nothing."""

    kinds: tuple[SecretKind, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, kinds: Iterable[str], names: Iterable[str]) -> Redaction:
        """From values of `SecretKind`. Raises ValueError for one there is not."""
        return cls(tuple(sorted({SecretKind(kind) for kind in kinds})), tuple(sorted({" ".join(n.split()) for n in names} - {""})))

    def __or__(self, other: Redaction) -> Redaction:
        """Both: whoever asks for less takes nothing away."""
        return Redaction.of((*self.kinds, *other.kinds), (*self.names, *other.names))

    def __bool__(self) -> bool:
        return bool(self.kinds or self.names)

    @property
    def masked(self) -> tuple[str, ...]:
        """The kinds in force, names among them."""
        return (*self.kinds, *((SecretKind.NAME,) if self.names else ()))


NOTHING = Redaction()
"""Everything goes out as it was said."""
