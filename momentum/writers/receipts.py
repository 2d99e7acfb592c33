"""Receipts: what of a meeting has left the machine for one deliverable, as data and in a sentence.

As data: `sent` names each host, what it got (`audio` or `text`), the model, bytes, requests, first and last moment, whether it
`stayed` on this machine and whether an `earlier` processing sent it; `unrecorded` names what must have been sent before anybody wrote
that down; `masked` counts secrets by kind, `redaction` names the kinds that were looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from momentum.languages import N_, NN_
from momentum.languages.translator import ENGLISH, Translator
from momentum.model import Deliverable

KINDS = {
    "email": NN_("%(num)s e-mail address", "%(num)s e-mail addresses"),
    "phone": NN_("%(num)s phone or other long number", "%(num)s phone or other long numbers"),
    "card": NN_("%(num)s card number", "%(num)s card numbers"),
    "iban": NN_("%(num)s IBAN", "%(num)s IBANs"),
    "name": NN_("%(num)s chosen name", "%(num)s chosen names"),
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


def in_words(receipt: Mapping[str, Any], t: Translator = ENGLISH) -> str:
    """As in "api.openai.com got 12.3 MB of audio (gpt-transcribe, 24 requests, 22 November 2026). Masked: 3 e-mail addresses."."""
    rows: Sequence[Mapping[str, Any]] = receipt["sent"]
    left, stayed = [r for r in rows if not r["stayed"]], [r for r in rows if r["stayed"]]
    unrecorded: Sequence[str] = receipt.get("unrecorded", ())
    told = [t._("%(host)s got %(what)s.", host=row["host"], what=_what(row, t)) for row in left]
    if not left and not unrecorded:
        told.append(t._("Nothing left this machine."))
    told += [t._("%(host)s, on this machine, got %(what)s.", host=row["host"], what=_what(row, t)) for row in stayed]
    told += [_before(receipt[_ASKED[what]], what, t) for what in unrecorded]
    if receipt["redaction"] and ("audio" in unrecorded or any(row["what"] == "audio" for row in left)):
        told.append(t._("Sound cannot be masked."))
    return " ".join([*told, *_masked(receipt, t)])


_THINGS = {"audio": N_("audio"), "text": N_("transcript text with its prompt")}
_ASKED = {"audio": "engine", "text": "model"}
"""Which field names who was sent it."""


def _before(host: str, what: str, t: Translator) -> str:
    return t._("%(host)s got %(what)s, before receipts were kept.", host=host, what=t._(_THINGS[what]))


def _what(row: Mapping[str, Any], t: Translator) -> str:
    thing = t._("%(size)s of %(what)s", size=size(row["bytes"], t), what=t._(_THINGS[row["what"]]))
    facts = [row["model"], t.counted("%(num)s request", "%(num)s requests", row["requests"]), _days(row, t)]
    if row["earlier"]:
        facts.append(t._("by an earlier processing of this recording"))
    return f"{thing} ({', '.join(facts)})"


def _days(row: Mapping[str, Any], t: Translator) -> str:
    first, last = (datetime.fromisoformat(row[name]).date() for name in ("first_at", "last_at"))
    return t.date(first) if first == last else t._("%(start)s to %(end)s", start=t.date(first), end=t.date(last))


def _masked(receipt: Mapping[str, Any], t: Translator) -> list[str]:
    if not receipt["redaction"] or not receipt["model"]:
        return []
    found: Mapping[str, int] = receipt["masked"]
    counts = [t.counted(*forms, found[kind]) for kind, forms in KINDS.items() if kind in found]
    return [t._("Masked: %(what)s.", what=", ".join(counts) or t._("nothing was found to mask"))]


def size(count: int, t: Translator = ENGLISH) -> str:
    """Bytes as people read them: "812 bytes", "12.3 kB", "4.0 MB"."""
    if count < 1000:
        return t._("%(count)s bytes", count=count)
    number, unit = (count / 1000, "kB") if count < 1_000_000 else (count / 1_000_000, "MB")
    return f"{t.number(number, '0.0')} {unit}"
