"""The page of browsers and keys."""

import re
from datetime import timedelta

import pytest

pytestmark = pytest.mark.anyio
HERE = "/settings/access"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def actions(page, what):
    return re.findall(rf'<form method="post" action="({HERE}/{what}/[^"]+)"', page.text)


async def test_a_key_is_shown_once_and_revoked_by_its_button(world):
    browser = await world.browser()
    made = await browser.post(HERE, data={"name": "<b>Report</b>", "scopes": ["write"], "lasts": "30"})
    key = re.search(r"mm_\w{8}_\w{43}", made.text)[0]
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    program = world.program(None)
    program.headers["authorization"] = f"Bearer {key}"
    (listed,) = (await program.get("/api/me/keys")).json()["keys"]
    assert (listed["name"], listed["scopes"]) == ("<b>Report</b>", ["read", "write"])
    assert listed["expires_at"] == (world.clock() + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    page = await browser.get(HERE)
    assert ("&lt;b&gt;Report" in page.text, "<b>Report" in page.text, key in page.text) == (True, False, False)
    (revoke,) = actions(page, "keys")
    assert (await browser.post(revoke)).status_code == 303
    assert (await program.get("/api/me")).status_code == 401
    assert actions(await browser.get(HERE), "keys") == []


async def test_browsers_are_named_and_signed_out(world):
    laptop, phone = await world.browser(signed_in=False), await world.browser()
    laptop.headers["user-agent"] = LINUX
    laptop.cookies.update((await world.browser()).cookies)
    page = await phone.get(HERE)
    assert page.text.count("<strong>this one</strong>") == 1
    for action in actions(page, "sessions"):
        assert (await phone.post(action)).headers["location"] == HERE
    assert (await laptop.get(HERE)).status_code == 401
    assert (await phone.get(HERE)).status_code == 200
    everywhere = await phone.post(f"{HERE}/sign-out")
    assert (everywhere.status_code, everywhere.headers["location"]) == (303, "/sign-in")
    assert (await phone.get(HERE)).status_code == 401


async def test_what_does_not_fit_the_form_makes_no_key(world):
    browser = await world.browser()
    for data in ({"name": "  "}, {"name": "x", "scopes": "everything"}, {"name": "x", "lasts": "7"}, {}):
        answer = await browser.post(HERE, data=data)
        assert (answer.status_code, "invalid_request" in answer.text) == (422, True)
    assert (await browser.get("/api/me/keys")).json() == {"keys": []}


async def test_somebody_elses_keys_and_browsers_are_not_there(world):
    theirs = (await world.program("bob").post("/api/me/keys", json={"name": "x"})).json()
    browser = await world.browser()
    assert (await browser.post(f"{HERE}/keys/{theirs['id']}/revoke")).status_code == 404
    assert "mm_" not in (await browser.get(HERE)).text


async def test_the_page_asks_the_same_of_the_database_for_few_keys_and_for_many(world, queries):
    counts, browser = [], await world.browser()
    for more in (1, 20):
        for _ in range(more):
            assert (await browser.post("/api/me/keys", json={"name": "x"})).status_code == 201
        with queries() as told:
            assert (await browser.get(HERE)).text.count("/revoke") >= more
        counts.append(len(told))
    assert counts[0] == counts[1]
