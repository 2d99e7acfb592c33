"""Pages for people: what is connected, what was recorded, what is in the works, what was written."""

from __future__ import annotations

from momentum.web.pages import documents, home, processings, recordings

ROUTERS = (home.router, recordings.router, processings.router, documents.router)
