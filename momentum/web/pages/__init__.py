"""Pages for people: what is connected, what was recorded, what is in the works, what was written."""

from __future__ import annotations

from momentum.web.pages import analysis, corrections, home, meeting, own_documents, processings, recordings, rulings, search, settings

ROUTERS = (
    home.router,
    recordings.router,
    processings.router,
    meeting.router,
    rulings.router,
    corrections.router,
    analysis.router,
    settings.router,
    own_documents.router,
    search.router,
)
