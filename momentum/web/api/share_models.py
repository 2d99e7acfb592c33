"""The shapes of links that show a document to others."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from momentum.pipeline.share import DAYS, MOST_DAYS
from momentum.web.api.shapes import DELIVERABLE, MOMENT, SHARE, Shape, shown

_LATER = "2026-11-29T09:00:00Z"
_LINK = {"id": str(SHARE), "deliverable_id": str(DELIVERABLE), "created_at": MOMENT, "expires_at": _LATER}
_OPENED = {"revoked_at": None, "opened_count": 2, "last_opened_at": MOMENT}


class ShareRequest(BaseModel):
    """How long a link is to be good."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"days": DAYS}})

    days: int = Field(DAYS, ge=1, le=MOST_DAYS)


class ShareItem(Shape):
    """A link, without its token: that is shown once."""

    model_config = shown(**_LINK, **_OPENED)

    id: UUID
    deliverable_id: UUID
    created_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None = Field(description="When you ended it.")
    opened_count: int
    last_opened_at: AwareDatetime | None


class MadeShare(ShareItem):
    """A new link."""

    model_config = shown(**_LINK, **(_OPENED | {"opened_count": 0, "last_opened_at": None}), url="https://momentum.example/shared/Zx3…")

    url: str = Field(description="Shown now and never again; whoever has it can read the document.")


class Shares(Shape):
    """The links to a document: those that are good, then those that ended last."""

    model_config = shown(shares=[_LINK | _OPENED])

    shares: list[ShareItem]
