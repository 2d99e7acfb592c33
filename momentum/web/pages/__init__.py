"""Pages for people: what is connected, what was recorded, what is in the works, what was written."""

from __future__ import annotations

from momentum.web.pages import (
    access,
    analysis,
    batch,
    corrections,
    home,
    meeting,
    own_data,
    own_documents,
    processings,
    recordings,
    rulings,
    search,
    settings,
    shares,
    sign_in,
    start,
    status,
)

ROUTERS = (
    sign_in.router,
    home.router,
    recordings.router,
    batch.router,
    processings.router,
    meeting.router,
    rulings.router,
    corrections.router,
    analysis.router,
    settings.router,
    access.router,
    own_documents.router,
    own_data.router,
    status.router,
    shares.router,
    start.router,
    search.router,
)
