"""What somebody looks for in the list of recordings: the fields of its form, which stand in the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query

from momentum.errors import ErrorCode, Invalid
from momentum.languages import N_
from momentum.store.listing import Has, Status, Wanted
from momentum.web.api.listing import day, days_between

Choice = TypeVar("Choice", Status, Has)
Text = Annotated[str, Query(max_length=200)]

STATUSES = {
    Status.NEW: N_("Not processed"),
    Status.WORKING: N_("In the works"),
    Status.NEEDS_YOU: N_("Needs you"),
    Status.FAILED: N_("Failed"),
    Status.DONE: N_("Done"),
}
TRANSCRIPTS = {
    Has.ANY: N_("With a transcript"),
    Has.OURS: N_("Momentum's own"),
    Has.PROVIDERS: N_("The provider's"),
    Has.NONE: N_("Without a transcript"),
}


@dataclass(frozen=True, slots=True)
class RecordingsForm:
    """As they were sent; "" is a field that was left empty."""

    words: str = ""
    since: str = ""
    until: str = ""
    status: str = ""
    who: str = ""
    has: str = ""

    @property
    def any(self) -> bool:
        """Whether something is looked for."""
        return any(self.values().values())

    @property
    def narrow(self) -> bool:
        """Whether one of the fields is filled that stand behind the first two."""
        return any(value for name, value in self.values().items() if name not in {"words", "status"})

    def values(self) -> dict[str, str]:
        """By the fields' names."""
        return {name: getattr(self, name) for name in ("words", "since", "until", "status", "who", "has")}

    def address(self, path: str = "/recordings", **more: str) -> str:
        """The page with these fields filled, and with `more`."""
        query = urlencode({name: value for name, value in (self.values() | more).items() if value})
        return f"{path}?{query}" if query else path

    def wanted(self, zone: tzinfo | None) -> Wanted:
        """For the store; days are those of the reader's zone. Raises Invalid."""
        since, until = days_between(day("since", self.since or None), day("until", self.until or None), zone or UTC)
        status, has = _one_of(Status, "status", self.status), _one_of(Has, "has", self.has)
        return Wanted(self.words, since, until, status, self.who, has)


async def _looked(
    words: Text = "", since: Text = "", until: Text = "", status: Text = "", who: Text = "", has: Text = ""
) -> RecordingsForm:
    """A page's dependency. Async, as the framework would call anything else in another thread."""
    return RecordingsForm(words.strip(), since, until, status, who.strip(), has)


Looked = Annotated[RecordingsForm, Depends(_looked)]


def _one_of(choices: type[Choice], name: str, value: str) -> Choice | None:
    try:
        return choices(value) if value else None
    except ValueError:
        raise Invalid(ErrorCode.INVALID_REQUEST, f"`{name}` is none of: {', '.join(choices)}.") from None
