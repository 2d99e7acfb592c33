"""Receipts: what of a meeting has left the machine for one deliverable, as data and in a sentence.

As data: `sent` names each host, what it got (`audio` or `text`), the model, bytes, requests, first and last moment, whether it
`stayed` on this machine and whether an `earlier` processing sent it; `unrecorded` names what must have been sent before anybody wrote
that down; `masked` counts secrets by kind, `redaction` names the kinds that were looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from momentum.model import Deliverable
from momentum.writers import dates

KINDS = {
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("phone or other long number", "phone or other long numbers"),
    "card": ("card number", "card numbers"),
    "iban": ("IBAN", "IBANs"),
    "name": ("chosen name", "chosen names"),
}


class Sent(Protocol):
    """One request with something of a meeting in it: `outbound.sent.Sending`."""

    @property
    def at(self) -> datetime: ...
    @property
    def host(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def earlier(self) -> bool: ...
    @property
    def stayed(self) -> bool: ...


def receipt(
    sendings: Sequence[Sent], written: Deliverable, engine: str, redaction: Sequence[str], *, heard_here: bool = True
) -> dict[str, Any]:
    """JSON-ready. `engine` is who listened, `redaction` the kinds that were to be masked; `heard_here`: no sound had to be sent."""
    together: dict[tuple[Any, ...], list[Sent]] = {}
    for sending in sendings:
        together.setdefault((sending.host, sending.what, sending.model, sending.earlier), []).append(sending)
    rows = [_row(group) for group in together.values()]
    needed = {"audio": not heard_here, "text": written.model is not None}
    unrecorded = [what for what, sent in needed.items() if sent and not any(row["what"] == what for row in rows)]
    return {
        "nothing_left": not unrecorded and all(row["stayed"] for row in rows),
        "sent": rows,
        "unrecorded": unrecorded,
        "engine": engine,
        "model": written.model,
        "redaction": [str(kind) for kind in redaction],
        "masked": written.extra.get("masked") or {},
    }


def _row(group: Sequence[Sent]) -> dict[str, Any]:
    first, last = min(s.at for s in group), max(s.at for s in group)
    return {
        "host": group[0].host,
        "what": group[0].what,
        "model": group[0].model,
        "bytes": sum(s.size for s in group),
        "requests": len(group),
        "first_at": first.isoformat(),
        "last_at": last.isoformat(),
        "stayed": group[0].stayed,
        "earlier": group[0].earlier,
    }


def in_words(receipt: Mapping[str, Any]) -> str:
    """As in "api.openai.com got 12.3 MB of audio (gpt-transcribe, 24 requests, 22 November 2026). Masked: 3 e-mail addresses."."""
    rows: Sequence[Mapping[str, Any]] = receipt["sent"]
    left, stayed = [r for r in rows if not r["stayed"]], [r for r in rows if r["stayed"]]
    unrecorded: Sequence[str] = receipt.get("unrecorded", ())
    told = [f"{row['host']} got {_what(row)}." for row in left] or ([] if unrecorded else ["Nothing left this machine."])
    told += [f"{row['host']}, on this machine, got {_what(row)}." for row in stayed]
    told += [f"{receipt[_ASKED[what]]} got {_THINGS[what]}, before receipts were kept." for what in unrecorded]
    if receipt["redaction"] and ("audio" in unrecorded or any(row["what"] == "audio" for row in left)):
        told.append("Sound cannot be masked.")
    return " ".join([*told, *_masked(receipt)])


_THINGS = {"audio": "audio", "text": "transcript text with its prompt"}
_ASKED = {"audio": "engine", "text": "model"}
"""Which field names who was sent it."""


def _what(row: Mapping[str, Any]) -> str:
    thing = _THINGS[row["what"]]
    count = f"{row['requests']} request{'s' if row['requests'] > 1 else ''}"
    by = ", by an earlier processing of this recording" if row["earlier"] else ""
    return f"{size(row['bytes'])} of {thing} ({row['model']}, {count}, {_days(row)}{by})"


def _days(row: Mapping[str, Any]) -> str:
    first, last = (datetime.fromisoformat(row[name]).date() for name in ("first_at", "last_at"))
    day = dates.day_in_words(first).partition(" ")[2]
    return day if first == last else f"{day} to {dates.day_in_words(last).partition(' ')[2]}"


def _masked(receipt: Mapping[str, Any]) -> list[str]:
    if not receipt["redaction"]:
        return []
    found: Mapping[str, int] = receipt["masked"]
    counts = [f"{found[kind]} {words[found[kind] != 1]}" for kind, words in KINDS.items() if kind in found]
    return [f"Masked: {', '.join(counts) or 'nothing was found to mask'}."] if receipt["model"] else []


def size(count: int) -> str:
    """Bytes as people read them: "812 bytes", "12.3 kB", "4.0 MB"."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
