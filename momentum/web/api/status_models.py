"""The shapes of the operator's figures. They name nobody, but for accounts at a provider, whose allowances they tell."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from momentum.web.api.models import Allowance
from momentum.web.api.shapes import MOMENT, Shape, shown


class WaitingItem(Shape):
    """How much stands in one state."""

    state: str = Field(description="`due` (waits for a worker), `waiting` (for its time), `running`, `action_required` (for its person).")
    depth: int
    seconds: float = Field(description="How long the one that has been there longest could have gone on.")


class WorkerItem(Shape):
    """One worker."""

    executor_id: str
    started_at: AwareDatetime
    seen_at: AwareDatetime
    alive: bool = Field(description="Whether it gave a sign of life in the last 30 seconds.")


class AccountAllowance(Allowance):
    """What of a provider's allowance one account has used."""

    provider: str
    account: str


class OutcomeItem(Shape):
    """How often processings came to this."""

    state: str = Field(description="`done`, `failed`, `action_required`, or `waiting` (goes on by itself).")
    error_code: str = Field(description='"" where there is no reason to name.')
    last_hour: int
    last_day: int


class TableItem(Shape):
    """One table of the database."""

    name: str
    rows: int = Field(description="An estimate.")
    bytes: int


class StorageItem(Shape):
    """The database; media is never kept."""

    bytes: int
    tables: list[TableItem]


class Spent(Shape):
    """What one model did on one UTC day."""

    day: date
    model: str
    calls: int = Field(description="Of a language model; of an engine that listens, pieces of sound.")
    input_tokens: int
    output_tokens: int
    seconds: float = Field(description="Of sound.")
    usd: float | None = Field(description="By the vendor's list; none where no price is known, or it ran on this machine.")


class StatusItem(Shape):
    """How this Momentum does."""

    model_config = shown(
        at=MOMENT,
        version="0.1.0",
        queue=[{"state": "due", "depth": 2, "seconds": 4.5}],
        workers=[{"executor_id": "w-1", "started_at": MOMENT, "seen_at": MOMENT, "alive": True}],
        allowances=[
            {"allowance": "medium", "per_second": 12.4, "used_today": 318, "daily_budget": None, "paused_seconds": 0.0}
            | {"provider": "zoom", "account": "AbCdEf"}
        ],
        outcomes=[{"state": "done", "error_code": "", "last_hour": 3, "last_day": 41}],
        storage={"bytes": 91_000_000, "tables": [{"name": "transcripts", "rows": 1200, "bytes": 64_000_000}]},
        spending=[
            {"day": "2026-11-22", "model": "gpt-6-luna", "calls": 40, "input_tokens": 210_000, "output_tokens": 9_000}
            | {"seconds": 0.0, "usd": 0.0255}
        ],
    )

    at: AwareDatetime
    version: str
    queue: list[WaitingItem]
    workers: list[WorkerItem]
    allowances: list[AccountAllowance]
    outcomes: list[OutcomeItem] = Field(description="Of the last 24 hours.")
    storage: StorageItem
    spending: list[Spent] = Field(description="Of the last 30 days, of what is still there.")
