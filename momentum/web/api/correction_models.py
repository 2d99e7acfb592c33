"""The shapes of corrections: what a person puts right, and what that changes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from momentum import corrections
from momentum.store.corrections import Correction
from momentum.web.api.shapes import DELIVERABLE, MOMENT, RECORDING, TRANSCRIPT, Shape, shown

CORRECTION = UUID("4e0f7c1b-93a5-4d2e-8b6f-0a7d5c2e9f31")
LARGEST_ID = 2**31 - 1


_JOINERS = "\u200c\u200d"
"""Cannot be seen, but Persian and emoji are written with them."""


def _written(text: str) -> str:
    """One line without what cannot be stored or seen."""
    line = " ".join("".join(c for c in text if c.isprintable() or c.isspace() or c in _JOINERS).split())
    if not line:
        raise ValueError("must hold something that can be read")
    return line


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_written)]
Line = Annotated[str, Field(min_length=1, max_length=5_000), AfterValidator(_written)]
Number = Annotated[int, Field(ge=0, le=LARGEST_ID, strict=True)]


class Asked(BaseModel):
    """What every correction is asked with: no field that it does not have."""

    model_config = ConfigDict(extra="forbid")


class AskedRename(Asked):
    """Everything said by `speaker` was said by `name`."""

    kind: Literal["rename_speaker"]
    speaker: str = Field(min_length=1, max_length=1_000, description="The name as it stands in the transcript now.")
    name: Name


class AskedMerge(Asked):
    """All of `speakers` are one person, called `name`."""

    kind: Literal["merge_speakers"]
    speakers: list[Annotated[str, Field(min_length=1, max_length=1_000)]] = Field(min_length=1, max_length=100)
    name: Name


class AskedReassign(Asked):
    """`speaker` said these segments; null: nobody knows who did."""

    kind: Literal["reassign"]
    first: Number = Field(description="Id of the first segment.")
    last: Number = Field(description="Id of the last segment, included.")
    speaker: Name | None
    first_word: Number | None = Field(default=None, description="Counts from 0 in the first segment; null: from its beginning.")
    last_word: Number | None = Field(default=None, description="Counts from 0 in the last segment, included; null: to its end.")


class AskedTerm(Asked):
    """`term` is written `replacement`, wherever it stands as whole words. With a capital letter it is found only as written."""

    kind: Literal["fix_term"]
    term: Name
    replacement: Name


class AskedText(Asked):
    """The segment says `text`."""

    kind: Literal["edit_segment"]
    segment: Number
    text: Line


class AskedConfirmation(Asked):
    """The claim is right as it stands."""

    kind: Literal["confirm_claim"]
    claim: Number = Field(description="Its place in the deliverable's `claims`, from 0.")


class AskedClaim(Asked):
    """The claim reads like this from now on; what is left out is nothing."""

    kind: Literal["edit_claim"]
    claim: Number = Field(description="Its place in the deliverable's `claims`, from 0.")
    text: Line
    owner: Name | None = None
    due_words: Name | None = None
    due_date: date | None = None


class AskedRejection(Asked):
    """The claim does not belong here."""

    kind: Literal["reject_claim"]
    claim: Number = Field(description="Its place in the deliverable's `claims`, from 0.")


AskedOfTranscript = Annotated[AskedRename | AskedMerge | AskedReassign | AskedTerm | AskedText, Field(discriminator="kind")]
AskedOfDeliverable = Annotated[AskedConfirmation | AskedClaim | AskedRejection, Field(discriminator="kind")]

_ANY: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def layer_of(asked: Asked) -> corrections.Layer:
    """The layer that was asked for."""
    values = _ANY.dump_python(asked.model_dump(exclude_none=True), mode="json")
    return corrections.layer(values.pop("kind"), values)


class DifferenceItem(Shape):
    """One thing that reads differently."""

    deliverable_id: UUID | None = Field(description="In which document; null: in the transcript.")
    where: str = Field(description="`segment`, `claim`, `title`, `summary` or `details`.")
    id: int | None = Field(description="The segment's id, or the claim's place.")
    field: str
    before: str | None
    after: str | None
    start: float | None = Field(description="Second of the recording.")
    said: str | None = Field(description="The words whose speaker changes.")


class CorrectionItem(Shape):
    """A correction that was made. Its fields are those it was asked with, in `body`."""

    model_config = shown(
        id=CORRECTION,
        kind="rename_speaker",
        body={"speaker": "Speaker 1", "name": "Dana Lee"},
        recording_id=RECORDING,
        transcript_id=TRANSCRIPT,
        deliverable_id=None,
        made_at=MOMENT,
        withdrawn_at=None,
    )

    id: UUID
    kind: str
    body: dict[str, Any]
    recording_id: UUID
    transcript_id: UUID
    deliverable_id: UUID | None = Field(description="Of a correction of a claim.")
    made_at: AwareDatetime
    withdrawn_at: AwareDatetime | None = Field(description="Null: it is in force.")


_DIFFERENCE = {
    "deliverable_id": DELIVERABLE,
    "where": "summary",
    "id": None,
    "field": "summary",
    "before": "Speaker 1 ships on Friday.",
    "after": "Dana Lee ships on Friday.",
    "start": None,
    "said": None,
}


class Corrected(Shape):
    """What a correction changes; `correction` is null where it was only looked at."""

    model_config = shown(correction=None, differences=[_DIFFERENCE])

    correction: CorrectionItem | None
    differences: list[DifferenceItem]


class Corrections(Shape):
    """Corrections in the order in which they were made, withdrawn ones too."""

    corrections: list[CorrectionItem]


class OfferItem(Shape):
    """Another meeting in which the same correction would change something."""

    transcript_id: UUID
    recording_id: UUID
    topic: str
    recorded_at: AwareDatetime | None
    differences: list[DifferenceItem]


class Offers(Shape):
    """Other meetings, newest first."""

    offers: list[OfferItem]
    complete: bool = Field(description="False: there are more meetings that may hold it, or there was no time to look into all.")


class AskedElsewhere(Asked):
    """In which other meetings to make the same correction."""

    transcript_ids: list[UUID] = Field(min_length=1, max_length=50)


def correction_item(made: Correction) -> CorrectionItem:
    """As the API shows it."""
    names = ("id", "kind", "recording_id", "transcript_id", "deliverable_id", "made_at", "withdrawn_at")
    return CorrectionItem(body=corrections.body(made.layer), **{name: getattr(made, name) for name in names})
