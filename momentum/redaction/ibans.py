"""International bank account numbers: their length by country, and their checksum (ISO 13616, ISO 7064 mod 97-10).

The lengths are those of SWIFT's registry: https://www.swift.com/standards/data-standards/iban-international-bank-account-number
"""

from __future__ import annotations

import re
import unicodedata

_LENGTHS = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18
    FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27
    MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27
    SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
LENGTHS = {item[:2]: int(item[2:]) for item in _LENGTHS.split()}
"""Characters of an IBAN by its country's code."""

_BETWEEN = r"[\s\u200b._–—/-]{0,3}"  # noqa: RUF001 - dashes as people and engines write them
_START = re.compile(rf"(?<![^\W_])(?=([A-Za-z]){_BETWEEN}([A-Za-z]){_BETWEEN}\d{_BETWEEN}\d)")
_SKIPPED = re.compile(_BETWEEN)


def find(text: str) -> list[tuple[int, int, str]]:
    """(start, end, IBAN without blanks) of every one in `text`, however it is spaced."""
    found: list[tuple[int, int, str]] = []
    for match in _START.finditer(text):
        length = LENGTHS.get((match[1] + match[2]).upper())
        taken = _taken(text, match.start(), length) if length else None
        if taken is not None and is_valid(taken[1]) and not (found and match.start() < found[-1][1]):
            found.append((match.start(), *taken))
    return found


def _taken(text: str, start: int, length: int) -> tuple[int, str] | None:
    """Where `length` letters and digits from `start` on end, and what they are; None where something else comes between."""
    at, characters = start, ""
    while at < len(text) and text[at].isalnum():
        characters += _plain(text[at])
        at += 1
        if len(characters) == length:
            return at, characters
        skipped = _SKIPPED.match(text, at)
        at = skipped.end() if skipped else at
    return None


def _plain(character: str) -> str:
    digit = unicodedata.digit(character, None)
    return character.upper() if digit is None else str(digit)


def is_valid(iban: str) -> bool:
    """Whether the check digits fit."""
    if not (iban.isascii() and iban.isalnum() and iban[2:4].isdigit()):
        return False
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1
