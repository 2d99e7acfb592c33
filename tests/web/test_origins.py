"""A rule of the house: another site's page sends none of our forms, whoever is signed in (docs/decisions/0013)."""

import re

import pytest

from momentum.web.door import SAFE_METHODS

pytestmark = pytest.mark.anyio

AN_ID = "0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10"
NO_BROWSERS: set[str] = set()
"""Paths outside of /api that others' servers post to, each with what proves who they are in place of a cookie."""


def forms_of(site):
    """(method, path) of every route outside of the API that changes something."""
    routers = [included.original_router for included in site.routes if hasattr(included, "original_router")]
    routes = [route for router in routers for route in router.routes if not route.path.startswith("/api/")]
    found = {(method, route.path) for route in routes for method in route.methods - SAFE_METHODS}
    return sorted((method, re.sub(r"{\w+}", AN_ID, path)) for method, path in found if path not in NO_BROWSERS)


async def test_every_form_asks_where_it_comes_from(world):
    forms = forms_of(world.site)
    assert {path.split("/")[1] for _, path in forms} >= {"leave", "enter", "language", "settings", "connect", "disconnect", "recordings"}
    browser = await world.browser()
    foreign = {"origin": "https://evil.example"}
    for method, path in forms:
        answer = await browser.request(method, path, headers=foreign)
        assert (answer.status_code, "origin_refused" in answer.text) == (403, True), (method, path, answer.text)
        # Without the header: sent as it is, since the test's browser would add one.
        answer = await browser.send(browser.build_request(method, path))
        assert (answer.status_code, "origin_refused" in answer.text) == (403, True), (method, path)
    for headers in ({"origin": "null"}, {"origin": world.base, "sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        assert (await browser.post("/leave", headers=headers)).status_code == 403
    assert (await browser.get("/api/me")).status_code == 200
